"""The steps of a month in words, and how far a run has come with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from scrubjay.web.pages.words import number, size, span

Result = Mapping[str, Any]
Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StepView:
    """One step.

    Attributes:
        state: `done`, `now`, `failed`, `waiting` or `left out`.
        spoken: the state in words.
        took: how long, in words; "" where it is not known.
        said: what came of it.
    """

    name: str
    label: str
    state: str
    spoken: str
    took: str
    said: str


def _scanned(result: Result) -> str:
    parts = [(result.get("added"), "new"), (result.get("changed"), "changed")]
    parts.append((result.get("gone"), "gone"))
    return ", ".join(f"{number(count)} {word}" for count, word in parts if count is not None)


def _validated(result: Result) -> str:
    bad = result.get("bad")
    return f"{number(bad)} set aside" if bad else "nothing wrong" if bad == 0 else ""


def _taken(result: Result) -> str:
    if result.get("to_learn") is None:
        return ""
    return (
        f"{number(result['to_learn'])} to learn from, {number(result.get('to_judge', 0))} to judge "
        f"with"
    )


def _learned(result: Result) -> str:
    if result.get("learned_new") is None:
        return ""
    return (
        f"{number(result['learned_new'])} new and {number(result.get('learned_old', 0))} earlier "
        f"items"
    )


def _weighed(result: Result) -> str:
    return size(int(result["bytes"])) if result.get("bytes") else ""


def _compared(result: Result) -> str:
    return f"{number(result['queries'])} questions" if result.get("queries") is not None else ""


def _decided(result: Result) -> str:
    if "promoted" not in result:
        return ""
    return "the new model may answer" if result["promoted"] else "what answers now stays"


def _named(result: Result) -> str:
    return str(result.get("version") or "")


def _bridged(result: Result) -> str:
    return "" if result.get("ready") else str(result.get("why") or "")


def _embedded(result: Result) -> str:
    return f"{number(result['items'])} items" if result.get("items") is not None else ""


def _nothing(_: Result) -> str:
    return ""


STEPS: Final[Mapping[str, tuple[str, Callable[[Result], str]]]] = {
    "scan": ("Look at what is new", _scanned),
    "validate": ("Check it", _validated),
    "snapshot": ("Take it in", _taken),
    "fit": ("Learn from it", _learned),
    "export": ("Make the new model ready to answer", _weighed),
    "evaluate": ("Ask both models the same questions", _compared),
    "gate": ("Decide which one answers", _decided),
    "package": ("Pack the new version", _weighed),
    "register": ("Register it", _named),
    "bridge": ("Carry the index over", _bridged),
    "publish": ("Let it answer", _nothing),
    "embed": ("Embed everything anew", _embedded),
    "complete": ("Finish the index", _nothing),
    "notify": ("Tell what came of it", _nothing),
}
"""The pipeline's steps in their order: what each is called, and what its result says."""

LEARNING: Final = frozenset(("fit", "export", "evaluate", "gate"))
SERVING: Final = frozenset(("package", "register", "bridge", "publish", "embed", "complete"))
_SPOKEN: Final = {
    "done": "done",
    "now": "under way",
    "failed": "failed",
    "waiting": "not yet",
    "left out": "not needed",
}


def views(
    ledger: Mapping[str, Mapping[str, Any]],
    events: Sequence[Event],
    *,
    status: str,
    now: datetime,
) -> tuple[StepView, ...]:
    """Every step of a run.

    Args:
        ledger: step -> event of what is done.
        events: what the run said.
        status: `running`, or how it ended.
        now: what the current step's time is counted to.
    """
    left_out = _left_out(ledger, status)
    current = next((name for name in STEPS if name not in ledger and name not in left_out), None)
    return tuple(
        _view(name, ledger.get(name), events, _state(name, ledger, left_out, current, status), now)
        for name in STEPS
    )


def _left_out(ledger: Mapping[str, Mapping[str, Any]], status: str) -> frozenset[str]:
    if status not in {"running", "failed", "interrupted"}:
        return frozenset(STEPS)
    results = {name: event["result"] for name, event in ledger.items()}
    if results.get("snapshot", {}).get("ends") is not None:
        return LEARNING | SERVING
    return SERVING if results.get("gate", {}).get("promoted") is False else frozenset()


def _state(
    name: str,
    ledger: Mapping[str, Any],
    left_out: frozenset[str],
    current: str | None,
    status: str,
) -> str:
    if name in ledger:
        return "done"
    if name in left_out:
        return "left out"
    if name != current:
        return "waiting"
    return "now" if status == "running" else "failed"


def _view(
    name: str,
    done: Mapping[str, Any] | None,
    events: Sequence[Event],
    state: str,
    now: datetime,
) -> StepView:
    label, told = STEPS[name]
    took = ""
    if done is not None:
        took = span(float(done["took_s"]))
    elif state == "now":
        begun = [one["at"] for one in events if one.get("step") == name]
        if begun:
            took = f"for {span((now - datetime.fromisoformat(begun[0])).total_seconds())}"
    said = told(done["result"]) if done is not None else ""
    return StepView(name, label, state, _SPOKEN[state], took, said)

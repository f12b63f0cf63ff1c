"""A month's run as a page shows it: read from its folder, whether it has ended or goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from scrubjay.core.errors import Damaged, UnknownName
from scrubjay.retrain.ledger import LEDGER, read_ledger
from scrubjay.retrain.month_run import ASKED, RESULT
from scrubjay.retrain.telling.events import shown
from scrubjay.store.home import Home
from scrubjay.store.lease import Tenure, read_tenure
from scrubjay.web.pages.run_steps import StepView, views
from scrubjay.web.pages.words import moment, month_name, number, plainly, span

LOG: Final = "log.jsonl"
REPORT: Final = "report.html"
TAIL: Final = 64 * 1024
"""Bytes of a log that are looked at."""
EVENTS: Final = 60
"""Lines of it that are shown."""

ENDED: Final[Mapping[str, tuple[str, str]]] = {
    "promoted": ("promoted", "good"),
    "refused": ("refused", "warning"),
    "stopped": ("stopped", "warning"),
    "no-change": ("no change", ""),
    "abandoned": ("left for another", ""),
    "running": ("running", "active"),
    "failed": ("failed", "bad"),
    "interrupted": ("interrupted", "bad"),
}
"""Status -> as it is said, and its tone."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Both models on one set of held-out questions."""

    name: str
    part: str
    queries: int
    champion: float | None
    challenger: float | None


@dataclass(frozen=True, slots=True)
class RunView:
    """Everything the pages say about one run.

    Attributes:
        going: whether it is under way.
        told: when it began and how long it took, in words.
        said: what a screen reader is told when it changes.
        done: steps that need not be waited for any more.
        events: what it said last, a line each.
    """

    id: str
    href: str
    month: str
    status: str
    tone: str
    going: bool
    told: str
    said: str
    took: str
    steps: tuple[StepView, ...]
    done: int
    problem: str | None
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    report: str | None
    events: tuple[str, ...]
    figures: tuple[Figures, ...]
    found_among: int | None
    data: tuple[tuple[str, str], ...]
    set_aside: tuple[Mapping[str, str], ...]

    @property
    def ended(self) -> bool:
        """Whether nobody will go on with it."""
        return self.status not in {ENDED[one][0] for one in ("running", "failed", "interrupted")}

    @property
    def heading(self) -> str:
        """What it is called among others."""
        return f"{month_name(self.month)}: under way" if self.going else month_name(self.month)

    @property
    def why(self) -> str:
        """The first reason."""
        return self.problem or next(iter(self.reasons), "")


def runs(home: Home, *, now: datetime | None = None) -> list[RunView]:
    """Every month's run, the newest first."""
    tenure = read_tenure(home.lease)
    folders = sorted((one.parent for one in home.runs.glob(f"month-*/{ASKED}")), reverse=True)
    return [_view(folder, tenure, folder == folders[0], now) for folder in folders]


def run(home: Home, run_id: str, *, now: datetime | None = None) -> RunView:
    """One run.

    Raises:
        UnknownName: there is none of this name.
    """
    known = sorted(one.parent.name for one in home.runs.glob(f"month-*/{ASKED}"))
    if run_id not in known:
        raise UnknownName("run", run_id, known)
    return _view(home.runs / run_id, read_tenure(home.lease), run_id == known[-1], now)


def report_path(home: Home, run_id: str) -> Path:
    """The file of a run's report.

    Raises:
        UnknownName: no such run, or it wrote none.
    """
    known = sorted(one.parent.name for one in home.runs.glob(f"month-*/{REPORT}"))
    if run_id not in known:
        raise UnknownName("run with a report", run_id, known)
    return home.runs / run_id / REPORT


def _view(folder: Path, tenure: Tenure | None, newest: bool, now: datetime | None) -> RunView:
    ledger = read_ledger(folder / LEDGER)
    result = _json(folder / RESULT)
    events = _events(folder / LOG)
    live = tenure is not None and tenure.is_live()
    status = _status(result, events, live=live and newest)
    began = _began(folder, events)
    steps = views(ledger, events, status=status, now=now or datetime.now(UTC))
    took_s = sum((result or {}).get("took_s", {}).values()) or sum(
        float(one["took_s"]) for one in ledger.values()
    )
    words, tone = ENDED.get(status, (status, ""))
    told = result or {}
    current = next((one.label for one in steps if one.state == "now"), None)
    return RunView(
        id=folder.name,
        href=f"/runs/{folder.name}",
        month=str((_json(folder / ASKED) or {}).get("month", "")),
        status=words,
        tone=tone,
        going=status == "running",
        told=_told(began, took_s, result is not None),
        said=current or f"The run was {words}.",
        took=span(took_s) if took_s else "-",
        steps=steps,
        done=sum(one.state in {"done", "left out"} for one in steps),
        problem=_problem(status, told, events),
        reasons=tuple(told.get("reasons") or ()),
        warnings=tuple(told.get("warnings") or ()),
        notes=tuple(told.get("notes") or ()),
        report=f"/runs/{folder.name}/report" if (folder / REPORT).exists() else None,
        events=tuple(shown(one) for one in events[-EVENTS:]),
        figures=_figures(told.get("figures") or {}),
        found_among=told.get("found_among"),
        data=_data(told.get("data") or {}),
        set_aside=tuple(told.get("quarantined") or ()),
    )


def _status(
    result: Mapping[str, Any] | None, events: Sequence[Mapping[str, Any]], *, live: bool
) -> str:
    if result is not None:
        return str(result.get("status", ""))
    if events and events[-1]["event"] in {"run failed", "not told"}:
        return "failed"
    return "running" if live else "interrupted"


def _problem(
    status: str, result: Mapping[str, Any], events: Sequence[Mapping[str, Any]]
) -> str | None:
    if status == "failed":
        errors = [str(one["error"]) for one in events if "error" in one]
        return f"{errors[-1] if errors else 'It failed.'} The next run goes on with it."
    if status == "interrupted":
        return "It was interrupted. `scrubjay retrain` goes on where it stopped."
    return result.get("error")


def _began(folder: Path, events: Sequence[Mapping[str, Any]]) -> datetime | None:
    """The time its folder is named after."""
    try:
        stamp = "-".join(folder.name.split("-")[1:3])
        return datetime.strptime(stamp, "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromisoformat(events[0]["at"]) if events else None


def _told(began: datetime | None, took_s: float, ended: bool) -> str:
    since = f"Began {moment(began)}" if began else "Began"
    return f"{since}, took {span(took_s)}." if ended else f"{since}."


def _figures(sets: Mapping[str, Mapping[str, Any]]) -> tuple[Figures, ...]:
    return tuple(
        Figures(
            name, str(one["part"]), int(one["queries"]), one.get("champion"), one.get("challenger")
        )
        for name, one in sets.items()
    )


_DATA: Final = {
    "new": "New items",
    "changed": "Changed",
    "gone": "Gone",
    "items": "Items in all",
    "to_learn": "To learn from",
    "to_judge": "To judge with",
    "quarantined": "Set aside",
    "held": "Held back",
}


def _data(told: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (label, number(told[name]) if isinstance(told[name], int) else plainly(told[name]))
        for name, label in _DATA.items()
        if told.get(name) is not None
    )


def _json(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise Damaged(f"{path} cannot be read ({error}); restore it from a backup") from error
    return found


def _events(path: Path) -> list[dict[str, Any]]:
    """The log's last lines; one that is being written, or was cut, is passed over."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - TAIL))
            lines = log.read().splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        event = _parsed(line)
        if event is not None:
            found.append(event)
    return found


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    whole = isinstance(event, dict) and {"at", "level", "event"} <= event.keys()
    return event if whole else None

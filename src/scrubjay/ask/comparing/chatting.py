"""Chat models on the owner's prompts: replies, what rules say of them, what a judge says."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from scrubjay import __version__
from scrubjay.ask.comparing.chat_model import chat_model
from scrubjay.ask.comparing.chat_prompts import ChatPrompt
from scrubjay.ask.comparing.chat_rules import ASPECTS, Checked, checks, score
from scrubjay.ask.comparing.cost import Prices, cost_per_1000
from scrubjay.ask.comparing.judging import (
    Agreement,
    Judged,
    JudgeTask,
    agreement,
    bouts,
    judged,
    won,
)
from scrubjay.ask.comparing.points import Point
from scrubjay.ask.comparing.running import Job, Measuring, Outcome, measure
from scrubjay.ask.comparing.said import Said, failure_of
from scrubjay.ask.models import ASIDE
from scrubjay.ask.telling import is_told
from scrubjay.core.errors import WrongUse
from scrubjay.core.protocols import Progress, VisionLanguage, silent
from scrubjay.evaluate.bootstrap import Estimate
from scrubjay.evaluate.wilson import estimated

JUDGE = "judge"


@dataclass(frozen=True, slots=True)
class ChatTask:
    """All prompts, for one model."""

    point: Point
    prompts: tuple[ChatPrompt, ...]

    def open(self) -> _Chatting:
        """Load it.

        Raises:
            WrongUse: it follows no instructions.
        """
        model = chat_model(self.point)
        if not model.spec.instructed:
            raise WrongUse(
                f"{model.spec.family} {model.spec.name} follows no instructions, so there is no "
                f"chatting with it"
            )
        return _Chatting(self, model)


class _Chatting:
    """A chat model that is loaded."""

    def __init__(self, task: ChatTask, model: VisionLanguage) -> None:
        self._task, self._model = task, model

    @property
    def about(self) -> Mapping[str, Any]:
        """Which model it is."""
        return self._model.spec.to_json()

    def do(self, index: int) -> Mapping[str, Any]:
        """Ask one prompt."""
        began = time.perf_counter()
        reply = self._model.reply(
            self._task.prompts[index].messages, self._task.point.settings.sampling
        )
        took = time.perf_counter() - began
        said = Said(
            reply.text,
            is_told(reply),
            seconds=took,
            model_s=took,
            confidence=reply.confidence,
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
        )
        return {**said.to_json(), "finished": reply.finished}


@dataclass(frozen=True)
class ChatResult:
    """One row: a chat model, and what rules say of its replies.

    Attributes:
        checked: for each prompt.
        seconds: every time that was taken, of all rounds.
        cost: of a thousand replies; None: not known.
    """

    point: Point
    outcome: Outcome
    prompts: tuple[ChatPrompt, ...]
    said: tuple[Said, ...]
    checked: tuple[tuple[Checked, ...], ...]
    seconds: tuple[float, ...]
    cost: float | None

    @property
    def name(self) -> str:
        """The point's."""
        return self.point.name

    @property
    def failure(self) -> str | None:
        """Why it has no figures; None: it has."""
        return failure_of(self.outcome.failure, self.said)

    @cached_property
    def scores(self) -> dict[str, Estimate | None]:
        """Aspect -> mean share of its rules that hold; None: no rule of it applied."""
        made: dict[str, Estimate | None] = {}
        for aspect in ASPECTS:
            known = [
                (value, prompt.name)
                for prompt, checked in zip(self.prompts, self.checked, strict=True)
                if (value := score(checked, aspect)) is not None
            ]
            values, names = [one[0] for one in known], [one[1] for one in known]
            made[aspect] = estimated(values, names) if known else None
        return made

    def percentile(self, share: float) -> float | None:
        """Seconds within which so many percent of the replies came."""
        return float(np.percentile(self.seconds, share)) if self.seconds else None

    @property
    def tokens_per_s(self) -> float | None:
        """Tokens written a second; None: it counts none."""
        counted = [(one.tokens_out, one.seconds) for one in self.said if one.tokens_out is not None]
        took = sum(seconds for _, seconds in counted)
        return sum(n for n, _ in counted) / took if took else None

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        made: dict[str, Any] = {
            "name": self.name,
            "model": {key: self.outcome.about.get(key) for key in ("family", "name")},
            "quantize": self.point.quantize,
            "failure": self.failure,
            "begun": self.outcome.when,
        }
        if self.failure is not None:
            return made
        return {
            **made,
            "rules": {
                aspect: None if one is None else one.to_json()
                for aspect, one in self.scores.items()
            },
            "broken": [
                {"prompt": prompt.name, "aspect": one.aspect, "rule": one.rule}
                for prompt, checked in zip(self.prompts, self.checked, strict=True)
                for one in checked
                if not one.passed
            ],
            "latency": {"p50_s": self.percentile(50), "p95_s": self.percentile(95)},
            "load_s": self.outcome.largest("load_s"),
            "tokens_per_s": self.tokens_per_s,
            "peak_memory_bytes": self.outcome.largest("peak_bytes"),
            "device_peak_memory_bytes": self.outcome.largest("device_peak_bytes"),
            "cost_per_1000": self.cost,
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judge says.

    Attributes:
        failure: why it said nothing, or not all; None: it did.
    """

    model: Mapping[str, Any]
    found: tuple[Judged, ...]
    agreement: Agreement
    failure: str | None

    def share(self, name: str, aspect: str) -> float | None:
        """Share of its pairs that a point has won, ties counting half; None: it has none."""
        wins, tied, lost = won(self.found, name, aspect)
        n = wins + tied + lost
        return (wins + tied / 2) / n if n else None

    def to_json(self, names: Sequence[str]) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "model": {key: self.model.get(key) for key in ("family", "name")},
            "failure": self.failure,
            "agreement": self.agreement.to_json(),
            "points": {
                name: {
                    aspect: dict(
                        zip(("won", "tied", "lost"), won(self.found, name, aspect), strict=True)
                    )
                    for aspect in ASPECTS
                }
                for name in names
            },
        }


def chat_points(
    points: Sequence[Point],
    prompts: tuple[ChatPrompt, ...],
    folder: Path,
    *,
    measuring: Measuring,
    prices: Prices,
    progress: Progress = silent,
) -> list[ChatResult]:
    """Every model asked every prompt, each in a process of its own."""
    jobs = [
        Job(one.name, ChatTask(one, prompts), folder / f"{_key(one)[:24]}.jsonl", len(prompts))
        for one in points
    ]
    outcomes = measure(jobs, measuring, progress=progress)
    return [_result(one, outcomes[one.name], prompts, prices) for one in points]


def judge_replies(
    rows: Sequence[ChatResult],
    judge: Point,
    folder: Path,
    *,
    measuring: Measuring,
    progress: Progress = silent,
) -> Judgement:
    """Every two models' replies to every prompt compared by the judge, in both orders."""
    answered = [row for row in rows if row.failure is None]
    prompts = answered[0].prompts if answered else ()
    replies = {row.name: tuple(one.text for one in row.said) for row in answered}
    fought = bouts(list(replies), len(prompts))
    task = JudgeTask(judge, prompts, replies, fought)
    told = json.dumps([sorted(replies.items()), [asdict(one) for one in prompts]])
    key = hashlib.sha256(f"{_key(judge)}{told}".encode()).hexdigest()
    job = Job(JUDGE, task, folder / f"judge-{key[:24]}.jsonl", len(fought))
    outcome = measure([job], measuring, progress=progress)[JUDGE]
    done = outcome.results[0] if outcome.results else {}
    found = judged(fought, done, replies)
    rules = {
        (row.name, at, aspect): score(checked, aspect)
        for row in answered
        for at, checked in enumerate(row.checked)
        for aspect in ASPECTS
    }
    errors = [one["error"] for one in done.values() if "error" in one]
    failure = outcome.failure or (str(errors[0]) if errors else None)
    return Judgement(outcome.about, tuple(found), agreement(found, rules), failure)


def _result(
    point: Point, outcome: Outcome, prompts: tuple[ChatPrompt, ...], prices: Prices
) -> ChatResult:
    rounds = outcome.results or [{}]
    first = [rounds[0].get(at, {}) for at in range(len(prompts))]
    every = [Said.from_json(one) for results in rounds for one in results.values()]
    answered = [one for one in every if one.error is None]
    said = tuple(map(Said.from_json, first))
    names = [point.name, str(outcome.about.get("name", "")), point.family]
    price = prices.of(names, elsewhere=point.family in ASIDE)
    return ChatResult(
        point=point,
        outcome=outcome,
        prompts=prompts,
        said=said,
        checked=tuple(
            checks(prompt, one.text, finished=bool(told.get("finished")))
            for prompt, one, told in zip(prompts, said, first, strict=True)
        ),
        seconds=tuple(one.seconds for one in answered),
        cost=cost_per_1000(price, answered),
    )


def _key(point: Point) -> str:
    told = ["chat", __version__, asdict(point.settings.sampling), point.key(())]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

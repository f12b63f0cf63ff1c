"""The figures of every point, from what it said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from scrubjay.ask.comparing.calibration import Calibration, calibration
from scrubjay.ask.comparing.cost import Prices, cost_per_1000
from scrubjay.ask.comparing.points import Point
from scrubjay.ask.comparing.questions import Posed
from scrubjay.ask.comparing.running import Outcome
from scrubjay.ask.comparing.said import Said, failure_of
from scrubjay.ask.comparing.scores import MEASURES, Scored, scored
from scrubjay.ask.comparing.significance import Versus, compared
from scrubjay.ask.models import ASIDE
from scrubjay.evaluate.bootstrap import Estimate
from scrubjay.evaluate.wilson import estimated

HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class Refusals:
    """How often it says that it cannot tell, and whether that is so.

    Attributes:
        n: answers that say so.
        rate: of all answers.
        right: of questions labelled unanswerable.
        wrong: of questions labelled answerable, or that have an answer and no such label.
        noticed: share of the questions labelled unanswerable where it says so; None: there are
            none.
    """

    n: int
    rate: float
    right: int
    wrong: int
    noticed: float | None

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "n": self.n,
            "rate": round(self.rate, 4),
            "right": self.right,
            "wrong": self.wrong,
            "unanswerable_noticed": None if self.noticed is None else round(self.noticed, 4),
        }


@dataclass(frozen=True)
class Result:
    """One row: a point and what it did.

    Attributes:
        said: its answers of the first round, one a question.
        seconds: every time that was taken, of all rounds.
        cost: of a thousand answers; None: not known.
    """

    point: Point
    outcome: Outcome
    questions: tuple[Posed, ...]
    said: tuple[Said, ...]
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
    def scores(self) -> tuple[Scored, ...]:
        """One a question."""
        return tuple(map(scored, self.questions, self.said))

    @cached_property
    def accuracy(self) -> dict[str, Estimate]:
        """Measure -> mean over all questions, with an interval."""
        groups = [one.group for one in self.questions]
        return {
            measure: estimated([getattr(one, measure) for one in self.scores], groups)
            for measure in MEASURES
        }

    def right(self, measure: str) -> list[bool]:
        """For each question whether it counts as right by a measure."""
        return [getattr(one, measure) >= HALF for one in self.scores]

    @cached_property
    def refusals(self) -> Refusals:
        """Where it says that it cannot tell; a question that failed is no answer."""
        answered = [
            (posed, said)
            for posed, said in zip(self.questions, self.said, strict=True)
            if said.error is None
        ]
        refused = [posed for posed, said in answered if not said.told]
        unanswerable = [pair for pair in answered if pair[0].unanswerable]
        right = sum(posed.unanswerable is True for posed in refused)
        return Refusals(
            n=len(refused),
            rate=len(refused) / len(answered) if answered else 0.0,
            right=right,
            wrong=len(refused) - right,
            noticed=right / len(unanswerable) if unanswerable else None,
        )

    @cached_property
    def calibration(self) -> Calibration | None:
        """Of answers with a confidence, by the normalised measure."""
        sure = [
            (said.confidence, score.normalised)
            for said, score in zip(self.said, self.scores, strict=True)
            if said.told and said.confidence is not None
        ]
        return calibration([one[0] for one in sure], [one[1] for one in sure])

    def percentile(self, share: float) -> float | None:
        """Seconds within which so many percent of the answers came; None: none came."""
        return float(np.percentile(self.seconds, share)) if self.seconds else None

    @property
    def tokens_per_s(self) -> float | None:
        """Tokens written a second of the model that answers; None: it counts none."""
        counted = [
            (one.tokens_out, one.model_s)
            for one in self.said
            if one.tokens_out is not None and one.model_s
        ]
        seconds = sum(took for _, took in counted)
        return sum(n for n, _ in counted) / seconds if seconds else None

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        made: dict[str, Any] = {
            "name": self.name,
            "by": self.point.by.value,
            "model": _model(self.outcome.about),
            "prompt": self.point.settings.prompt if self.point.prompted else None,
            "quantize": self.point.quantize,
            "choice": list(self.point.words),
            "failure": self.failure,
            "begun": self.outcome.when,
            "kept_answers": self.outcome.reused,
        }
        return made if self.failure is not None else {**made, **self._figures()}

    def _figures(self) -> dict[str, Any]:
        sure = self.calibration
        return {
            "questions": len(self.questions),
            "errors": [one.error for one in self.said if one.error is not None],
            "accuracy": {name: one.to_json() for name, one in self.accuracy.items()},
            "calibration": None if sure is None else sure.to_json(),
            "refusals": self.refusals.to_json(),
            "latency": {
                "p50_s": self.percentile(50),
                "p95_s": self.percentile(95),
                "n": len(self.seconds),
            },
            "load_s": self.outcome.largest("load_s"),
            "tokens_per_s": self.tokens_per_s,
            "tokens_in": _total(one.tokens_in for one in self.said),
            "tokens_out": _total(one.tokens_out for one in self.said),
            "peak_memory_bytes": self.outcome.largest("peak_bytes"),
            "device_peak_memory_bytes": self.outcome.largest("device_peak_bytes"),
            "cost_per_1000": self.cost,
        }


def results(
    points: Sequence[Point],
    outcomes: Mapping[str, Outcome],
    questions: tuple[Posed, ...],
    prices: Prices,
) -> list[Result]:
    """A row for every point that was asked, in their order."""
    return [
        _result(one, outcomes[one.name], questions, prices)
        for one in points
        if one.name in outcomes
    ]


def versus(rows: Sequence[Result], measure: str) -> tuple[Versus, ...]:
    """Every two rows that have figures, tested on the same questions."""
    return compared({row.name: row.right(measure) for row in rows if row.failure is None})


def _result(point: Point, outcome: Outcome, questions: tuple[Posed, ...], prices: Prices) -> Result:
    rounds = [
        [Said.from_json(results.get(at, {})) for at in range(len(questions))]
        for results in outcome.results
    ] or [[Said.from_json({}) for _ in questions]]
    every = [one for said in rounds for one in said if one.error is None]
    names = [point.name, str(outcome.about.get("name", "")), point.family]
    elsewhere = point.family in ASIDE
    price = prices.of([name for name in names if name], elsewhere=elsewhere)
    return Result(
        point=point,
        outcome=outcome,
        questions=questions,
        said=tuple(rounds[0]),
        seconds=tuple(one.seconds for one in every),
        cost=cost_per_1000(price, every),
    )


def _model(about: Mapping[str, Any]) -> dict[str, Any]:
    return {key: about[key] for key in ("family", "name", "fingerprint") if key in about}


def _total(counts: Any) -> int | None:  # noqa: ANN401 - an iterable of optional numbers
    known = [one for one in counts if one is not None]
    return sum(known) if known else None

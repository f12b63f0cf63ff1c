"""From what was read to values: the likeliest candidate of each entity, if it is likely enough."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scrubjay.ask.extracting.candidates import DIMENSION, Candidate, candidates, fitting, ranges
from scrubjay.ask.extracting.entities import Entity
from scrubjay.ask.extracting.features import NAMES, features
from scrubjay.ask.extracting.fusing import FUSED, Judgement, judged
from scrubjay.ask.extracting.page import Page, page_of
from scrubjay.ask.extracting.scoring import Coefficients, chances, score, shipped
from scrubjay.ask.extracting.units import written
from scrubjay.core.reading import Reading

Box = tuple[float, float, float, float]

MOST_THEIRS: Final = 0.98
"""Chance that a number is another entity's, at most, as it counts against this one."""


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a picture says of an entity.

    Attributes:
        value: in `unit`; None: it is not told, or not sure enough.
        unit: one of the entity's.
        confidence: chance that the value is right; without one, that none is told.
        box: (x0, y0, x1, y1) of the number, as fractions of width and height.
        text: the line it stands in.
        count: pieces it is the sum of.
        note: why there is no value, where that can be said.
    """

    entity: Entity
    value: float | None
    unit: str | None
    confidence: float
    box: Box | None = None
    text: str | None = None
    count: int = 1
    note: str | None = None

    @property
    def prediction(self) -> str:
        """As the challenge writes it: `500.0 gram`, or nothing."""
        return "" if self.value is None or self.unit is None else written(self.value, self.unit)

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "entity": self.entity.value,
            "prediction": self.prediction,
            "value": self.value,
            "unit": self.unit,
            "confidence": round(self.confidence, 4),
            "box": None if self.box is None else [round(one, 5) for one in self.box],
            "text": self.text,
            "count": self.count,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Found:
    """All measures of a picture, before anything is asked.

    Attributes:
        judgements: what a model that looked at each says of it; None: none looked.
    """

    page: Page
    candidates: tuple[Candidate, ...]
    judgements: Mapping[Candidate, Judgement] | None = None


def found_in(reading: Reading) -> Found:
    """The measures of what was read."""
    page = page_of(reading)
    return Found(page, tuple(candidates(page)))


def answer(found: Found, entity: Entity, coefficients: Coefficients | None = None) -> Extracted:
    """What a picture says of an entity.

    Args:
        found: its measures.
        entity: that is asked for.
        coefficients: None: the shipped ones.
    """
    known = coefficients or shipped()
    those = fitting(found.candidates, entity)
    if not those:
        return Extracted(entity, None, None, 1.0, note=_range_note(found, entity))
    alike = likelihoods(found, entity, those, known)
    (value, unit), chance = max(alike.items(), key=lambda pair: pair[1])
    least = known.least if found.judgements is None else known.least_fused
    if chance < least:
        told_none = max(0.0, 1.0 - sum(alike.values()))
        note = _range_note(found, entity) or f"not sure: {written(value, unit)} ({chance:.0%})"
        return Extracted(entity, None, None, told_none, note=note)
    best = max(
        (one for one in those if (one.value, one.unit) == (value, unit)),
        key=lambda one: one.placed.height,
    )
    line = best.placed.line.text
    return Extracted(entity, value, unit, chance, best.box, line, best.measure.count)


def likelihoods(
    found: Found, entity: Entity, those: Sequence[Candidate], known: Coefficients
) -> dict[tuple[float, str], float]:
    """The chance of each value, summed over where it stands.

    A number measures one thing: the likelier it is another entity's, the less it is this one's.
    """
    scores = _scores(found, entity, those, known)
    for other in Entity:
        if other is not entity and DIMENSION[other] is DIMENSION[entity]:
            theirs = chances(_scores(found, other, those, known))
            scores = [
                one + math.log1p(-min(chance, MOST_THEIRS))
                for one, chance in zip(scores, theirs, strict=True)
            ]
    alike: dict[tuple[float, str], float] = {}
    for one, chance in zip(those, chances(scores), strict=True):
        key = one.value, one.unit
        alike[key] = alike.get(key, 0.0) + chance
    return alike


def _scores(
    found: Found, entity: Entity, those: Sequence[Candidate], known: Coefficients
) -> list[float]:
    names, weights = NAMES, known.alone
    rows = features(entity, those, found.page)
    if found.judgements is not None:
        names, weights = (*NAMES, *FUSED), known.fused
        more = [judged(found.judgements.get(one), entity) for one in those]
        rows = [row + looked for row, looked in zip(rows, more, strict=True)]
    return [score(weights, row, names) for row in rows]


def _range_note(found: Found, entity: Entity) -> str | None:
    told = ranges(found.candidates, entity)
    if not told:
        return None
    one = told[0].measure
    return f"it says a range: {one.value:g} to {one.high:g} {one.unit.name}"

"""What a picture's text could answer: every measure in it, with the words around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scrubjay.ask.extracting.cues import cues
from scrubjay.ask.extracting.entities import Entity
from scrubjay.ask.extracting.measures import Measure, measures
from scrubjay.ask.extracting.numbers import repaired
from scrubjay.ask.extracting.page import Page, Placed
from scrubjay.ask.extracting.units import BY_NAME, Dimension, answered, converted
from scrubjay.core.reading import Point

DIMENSION: Final = {
    Entity.WIDTH: Dimension.LENGTH,
    Entity.DEPTH: Dimension.LENGTH,
    Entity.HEIGHT: Dimension.LENGTH,
    Entity.ITEM_WEIGHT: Dimension.WEIGHT,
    Entity.MAXIMUM_WEIGHT: Dimension.WEIGHT,
    Entity.VOLTAGE: Dimension.VOLTAGE,
    Entity.WATTAGE: Dimension.POWER,
    Entity.ITEM_VOLUME: Dimension.VOLUME,
}

SAME: Final = 0.02
"""Share by which an amount may differ from the same in another unit, as labels round it."""

_DIGITS: Final = re.compile(r"[\d½¼¾⅓⅔⅛⅜⅝⅞]")
_LITRES: Final = re.compile(r"(?<![\d.,])([1-9]\d?|\d[.,]\d)1$")
"""One or two digits and what may be an L; with three, more likely a number of its own."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A measure of a picture.

    Attributes:
        measure: as its line says it.
        value: of an answer, in `unit`.
        unit: that may stand in an answer.
        placed: the line it is in.
        before: text of its line before it, up to the measure before that one.
        after: text of its line after it, up to the next measure.
        left: text of the line beside it, where nothing stands before it.
        above: text of the line over it.
        below: text of the line under it.
        repeated: whether the same amount stands beside it in another unit.
    """

    measure: Measure
    value: float
    unit: str
    placed: Placed
    before: str
    after: str
    left: str
    above: str
    below: str
    repeated: bool

    @property
    def corners(self) -> tuple[Point, Point, Point, Point]:
        """Of its part of the line, in shares of the picture, as a `TextLine` has them."""
        line = self.placed.line
        length = max(len(line.text), 1)
        begin, end = self.measure.start / length, min(self.measure.end / length, 1.0)
        upper_left, upper_right, lower_right, lower_left = line.corners
        return (
            _between(upper_left, upper_right, begin),
            _between(upper_left, upper_right, end),
            _between(lower_left, lower_right, end),
            _between(lower_left, lower_right, begin),
        )

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(x0, y0, x1, y1) upright around it, as fractions of width and height."""
        xs, ys = [x for x, _ in self.corners], [y for _, y in self.corners]
        return (min(xs), min(ys), max(xs), max(ys))

    @property
    def texts(self) -> tuple[str, str, str, str, str]:
        """What stands before and after it, beside, over and under it."""
        return self.before, self.after, self.left, self.above, self.below

    @property
    def wordless(self) -> bool:
        """Whether nothing that is written says what it measures, but its unit."""
        measure = self.measure
        alone = measure.axis is None and measure.of == 1
        return alone and not any(cues(text) for text in self.texts)

    @property
    def confidence(self) -> float:
        """Chance that its line is read right; 0.9 where the reader does not say."""
        told = self.placed.line.confidence
        return 0.9 if told is None else told


def candidates(page: Page) -> list[Candidate]:
    """Every measure of a page that is more than nothing, in reading order."""
    told = [placed for placed in page.lines if _DIGITS.search(repaired(placed.line.text))]
    return [one for placed in told for one in _of_line(page, placed)]


def fitting(found: Sequence[Candidate], entity: Entity) -> list[Candidate]:
    """Those that measure what an entity is measured in; a range is no single value."""
    return [one for one in of_kind(found, entity) if one.measure.high is None]


def ranges(found: Sequence[Candidate], entity: Entity) -> list[Candidate]:
    """Ranges of what an entity is measured in, such as `100-240 V`."""
    return [one for one in of_kind(found, entity) if one.measure.high is not None]


def of_kind(found: Sequence[Candidate], entity: Entity) -> list[Candidate]:
    """All that measure what an entity is measured in."""
    return [one for one in found if one.measure.unit.dimension is DIMENSION[entity]]


def _of_line(page: Page, placed: Placed) -> list[Candidate]:
    text = placed.line.text
    left, above, below = (
        "" if other is None else other.line.text
        for other in (page.left_of(placed), page.above(placed), page.below(placed))
    )
    found = [one for one in measures(text, left or above) if one.value > 0]
    found = found or _litres(text, left)
    made = []
    for at, one in enumerate(found):
        start = found[at - 1].end if at else 0
        end = found[at + 1].start if at + 1 < len(found) else len(text)
        if one.of > 1:
            # The words around a size are about all of it.
            start = found[at - one.place - 1].end if at > one.place else 0
        before = text[min(start, one.start) : one.start]
        value, unit = answered(one.value, one.unit)
        made.append(
            Candidate(
                measure=one,
                value=value,
                unit=unit.name,
                placed=placed,
                before=before,
                after=text[one.end : end],
                left="" if at or any(map(str.isalpha, text[: one.start])) else left,
                above=above,
                below=below,
                repeated=_repeated(one, found),
            )
        )
    return made


def _litres(text: str, left: str) -> list[Measure]:
    """`Capacity 1.21`: a small L that was read as a digit, where a volume is announced."""
    match = _LITRES.search(text)
    if match is None:
        return []
    said = cues(text[: match.start()]) or cues(left)
    if not said or said[-1].kind != Entity.ITEM_VOLUME:
        return []
    value = float(match[1].replace(",", "."))
    litre = BY_NAME["litre"]
    return [Measure(value, litre, match.start(), match.end(), mended=True, spelled="l")]


def _repeated(one: Measure, found: Sequence[Measure]) -> bool:
    return any(
        other.unit is not one.unit
        and other.unit.dimension is one.unit.dimension
        and abs(converted(other.value, other.unit, one.unit) / one.value - 1) <= SAME
        for other in found
    )


def _between(one: Point, other: Point, share: float) -> Point:
    return (
        one[0] + share * (other[0] - one[0]),
        one[1] + share * (other[1] - one[1]),
    )

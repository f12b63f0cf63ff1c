"""Where the lines of a page stand once it is turned so that most of its text is upright."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.reading import Reading, TextLine
from scrubjay.models.reading_order import page_angle

LEVEL = 0.5
"""Lines share this much of the lower one's height when they stand in one row."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A line where it stands on the upright page, in pixels.

    Attributes:
        turn: quarters it is turned against the page, clockwise, from 0 to 3.
    """

    line: TextLine
    left: float
    top: float
    right: float
    bottom: float
    turn: int

    @property
    def height(self) -> float:
        """Of its letters."""
        return self.bottom - self.top if self.turn % 2 == 0 else self.right - self.left

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


@dataclass(frozen=True, slots=True)
class Page:
    """Lines of a picture, and how the picture is turned.

    Attributes:
        angle: radians that its text leans clockwise.
    """

    lines: tuple[Placed, ...]
    angle: float
    width: int
    height: int

    @property
    def quarters(self) -> int:
        """Quarter turns of its text, clockwise, from 0 to 3."""
        return round(self.angle / (math.pi / 2)) % 4

    def left_of(self, one: Placed) -> Placed | None:
        """The nearest line of the same row that ends before this one begins."""
        beside = [
            other
            for other in self.lines
            if other is not one
            and other.turn == one.turn == 0
            and other.right <= one.left + 0.5 * one.height
            and _shared(one.top, one.bottom, other.top, other.bottom) >= LEVEL
        ]
        return max(beside, key=lambda other: other.right, default=None)

    def above(self, one: Placed, *, reach: float = 1.6) -> Placed | None:
        """The nearest line over this one, no farther than so many heights of the lower letters."""
        return self._stacked(one, reach, up=True)

    def below(self, one: Placed, *, reach: float = 1.6) -> Placed | None:
        """The nearest line under this one."""
        return self._stacked(one, reach, up=False)

    def _stacked(self, one: Placed, reach: float, *, up: bool) -> Placed | None:
        near: list[tuple[float, Placed]] = []
        for other in self.lines:
            if other is one or other.turn != one.turn or one.turn % 2:
                continue
            gap = one.top - other.bottom if up else other.top - one.bottom
            least = min(one.height, other.height)
            in_reach = -0.5 * least <= gap <= reach * max(least, 0.6 * one.height)
            if in_reach and _shared(one.left, one.right, other.left, other.right) > 0.3:
                near.append((gap, other))
        return min(near, key=lambda pair: pair[0], default=(0.0, None))[1]


def page_of(reading: Reading) -> Page:
    """The page of a reading."""
    if not reading.lines:
        return Page((), 0.0, reading.width, reading.height)
    corners = np.array([line.corners for line in reading.lines], np.float64)
    corners = corners * (reading.width, reading.height)
    facing = corners[:, 1] - corners[:, 0] + corners[:, 2] - corners[:, 3]
    angle = page_angle(facing)
    cos, sin = math.cos(angle), math.sin(angle)
    level = corners @ np.array([[cos, -sin], [sin, cos]])
    turned = np.arctan2(facing[:, 1], facing[:, 0]) - angle
    quarters = np.round(turned / (math.pi / 2)).astype(int) % 4
    return Page(_placed(reading.lines, level, quarters), angle, reading.width, reading.height)


def _placed(
    lines: Sequence[TextLine], level: NDArray[np.float64], quarters: NDArray[np.int64]
) -> tuple[Placed, ...]:
    low, high = level.min(axis=1).tolist(), level.max(axis=1).tolist()
    return tuple(
        Placed(line, low[at][0], low[at][1], high[at][0], high[at][1], int(quarters[at]))
        for at, line in enumerate(lines)
    )


def _shared(low: float, high: float, other_low: float, other_high: float) -> float:
    """Share of the shorter span that lies in the other one."""
    shorter = max(min(high - low, other_high - other_low), 1e-9)
    return (min(high, other_high) - max(low, other_low)) / shorter

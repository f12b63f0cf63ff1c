"""The order in which lines of text are read: columns one after the other, tables row by row.

A page is turned until its text runs to the right. Where a gutter parts lines that stand beside
each other, what crosses it (a headline) is read in its place, and between two such lines the left
column is read before the right one. Columns whose lines stand level are a table when they are not
prose: then each row is read across. After the recursive XY cut (Nagy and Seth 1984), with what
spans columns taken out first (Breuel 2002).

Text that runs another way than most, such as the label of a vertical axis, is read last. Scripts
that run from right to left or downwards are not known here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.reading import TextLine

GUTTER: Final = 0.8
"""Least width of a gutter, in heights of a line."""

LEVEL: Final = 0.6
"""Lines share this much of the lower one's height when they stand in one row."""

ROW: Final = 0.8
"""Columns are level when this share of the shorter one's lines stands beside another."""

LONG: Final = 7.0
"""Prose: lines are this many times as long as high (some twenty characters) ..."""

FILLED: Final = 0.75
"""... and most are this share as long as the longest."""

MOST: Final = 0.6


def reading_order(lines: Sequence[TextLine], width: int, height: int) -> tuple[TextLine, ...]:
    """Lines of a picture of this size, in the order they are read."""
    return tuple(line for row in reading_rows(lines, width, height) for line in row)


def reading_rows(
    lines: Sequence[TextLine], width: int, height: int
) -> tuple[tuple[TextLine, ...], ...]:
    """The same, with what stands in one row of a table, or of a column, together."""
    if not lines:
        return ()
    corners = np.array([line.corners for line in lines], np.float64) * (width, height)
    facing = corners[:, 1] - corners[:, 0] + corners[:, 2] - corners[:, 3]
    angle = page_angle(facing)
    turned = np.arctan2(facing[:, 1], facing[:, 0]) - angle
    with_the_page = np.abs(np.angle(np.exp(1j * turned))) < math.pi / 4
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    level = corners @ turn
    boxes = _Boxes(np.concatenate([level.min(axis=1), level.max(axis=1)], axis=1))
    rows = boxes.read(np.flatnonzero(with_the_page))
    others = np.flatnonzero(~with_the_page)
    others = others[np.lexsort((boxes.top[others], boxes.left[others]))]
    return tuple(
        tuple(lines[one] for one in row) for row in [*rows, *([int(one)] for one in others)]
    )


def page_angle(facing: NDArray[np.float64]) -> float:
    """The way most text of a page runs.

    Args:
        facing: (n, 2) along each line's top, as long as the line is.

    Returns:
        Radians from rightwards towards downwards, in (-pi, pi].
    """
    length = np.linalg.norm(facing, axis=1)
    angles = np.arctan2(facing[:, 1], facing[:, 0])
    quarter = np.round(angles / (math.pi / 2)).astype(int) % 4
    most = int(np.argmax(np.bincount(quarter, weights=length, minlength=4)))
    leans = np.angle(np.exp(1j * (angles[quarter == most] - most * math.pi / 2)))
    order = np.argsort(leans, kind="stable")
    summed = np.cumsum(length[quarter == most][order])
    middle = leans[order][int(np.searchsorted(summed, summed[-1] / 2))]
    return float(np.angle(np.exp(1j * (most * math.pi / 2 + middle))))


@dataclass(frozen=True, slots=True)
class _Gutter:
    """A place between columns; `crossing` are the lines that run across it, from the top."""

    place: float
    crossing: NDArray[np.int64]


class _Boxes:
    """Upright boxes of lines that run to the right; numbers stand for them.

    `level[one, other]`: whether two stand in one row.
    """

    def __init__(self, boxes: NDArray[np.float64]) -> None:
        self.left, self.top, self.right, self.bottom = boxes.T
        self.middle = (self.top + self.bottom) / 2
        self.height = np.maximum(self.bottom - self.top, 1e-9)
        shared = np.minimum.outer(self.bottom, self.bottom) - np.maximum.outer(self.top, self.top)
        self.level = shared >= LEVEL * np.minimum.outer(self.height, self.height)

    def read(self, these: NDArray[np.int64]) -> list[list[int]]:
        """Rows of numbers, in reading order."""
        gutter = self._gutter(these) if len(these) > 3 else None
        if gutter is None:
            return self._rows(these)
        rows: list[list[int]] = []
        for at, part in enumerate(self._parts(these, gutter)):
            left, right = self._sides(part, gutter.place)
            if self._is_table(left, right):
                rows += self._rows(part)
            else:
                rows += self.read(left) + self.read(right)
            if at < len(gutter.crossing):
                rows.append([int(gutter.crossing[at])])
        return rows

    def _gutter(self, these: NDArray[np.int64]) -> _Gutter | None:
        """Where the most lines stand on either side, if two or more do."""
        best: tuple[int, float] = (1, 0.0)
        found = None
        step = GUTTER / 2 * float(np.median(self.height[these]))
        for place in np.unique(np.ceil(self.right[these] / step) + 0.5) * step:
            across = these[(self.left[these] < place) & (self.right[these] > place)]
            gutter = _Gutter(float(place), across[np.argsort(self.middle[across])])
            number, width = self._parted(these, gutter, more_than=best[0])
            if (number, width) > best:
                best, found = (number, width), gutter
        return found

    def _parted(
        self, these: NDArray[np.int64], gutter: _Gutter, more_than: int
    ) -> tuple[int, float]:
        """How many lines have a counterpart across a gutter, and how wide it is.

        What has a crossing line beside it has none: that line is a column's, not a headline.
        """
        beside = these[~np.isin(these, gutter.crossing)]
        alone = beside[~self.level[np.ix_(beside, gutter.crossing)].any(axis=1)]
        if min(map(len, self._sides(alone, gutter.place))) < more_than:
            return 0, 0.0
        number, widest = 0, math.inf
        for part in self._parts(alone, gutter):
            left, right = self._sides(part, gutter.place)
            if not (len(left) and len(right)):
                continue
            width = float(self.left[right].min() - self.right[left].max())
            abreast = min(self.bottom[left].max(), self.bottom[right].max()) - max(
                self.top[left].min(), self.top[right].min()
            )
            if width < GUTTER * float(np.median(self.height[part])) or abreast <= 0:
                continue
            number += min(len(left), len(right))
            widest = min(widest, width)
        return number, widest if number else 0.0

    def _parts(self, these: NDArray[np.int64], gutter: _Gutter) -> list[NDArray[np.int64]]:
        """Lines beside a gutter: above, between and below those that cross it."""
        beside = these[~np.isin(these, gutter.crossing)]
        after = np.searchsorted(self.middle[gutter.crossing], self.middle[beside])
        order = np.argsort(after, kind="stable")
        bounds = np.searchsorted(after[order], np.arange(1, len(gutter.crossing) + 1))
        return np.split(beside[order], bounds)

    def _sides(
        self, part: NDArray[np.int64], place: float
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        is_left = self.right[part] <= place
        return part[is_left], part[~is_left]

    def _is_table(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> bool:
        if not (len(left) and len(right)):
            return False
        fewer, more = (left, right) if len(left) <= len(right) else (right, left)
        level = self.level[np.ix_(fewer, more)].any(axis=1)
        return bool(level.mean() >= ROW) and not (self._is_prose(left) and self._is_prose(right))

    def _is_prose(self, these: NDArray[np.int64]) -> bool:
        length = self.right[these] - self.left[these]
        long = float(np.median(length / self.height[these])) >= LONG
        return long and bool((length >= FILLED * np.quantile(length, 0.9)).mean() >= MOST)

    def _rows(self, these: NDArray[np.int64]) -> list[list[int]]:
        rows: list[list[int]] = []
        from_the_top = these[np.argsort(self.middle[these], kind="stable")]
        for one in from_the_top:
            if rows and self.level[rows[-1][0], one]:
                rows[-1].append(int(one))
            else:
                rows.append([int(one)])
        return [sorted(row, key=lambda one: float(self.left[one])) for row in rows]

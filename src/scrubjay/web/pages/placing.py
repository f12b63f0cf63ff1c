"""Where something is in a picture and how sure somebody is of it, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, TypeAlias

from scrubjay.ask.writing import percent

Box: TypeAlias = tuple[float, float, float, float]
"""(x0, y0, x1, y1) as fractions of width and height."""

WIDE: Final = 0.8
"""A share of a side that counts as all of it."""

ROOM: Final = 0.08
"""A share of the width that a number has room in."""

PLACES: Final = (
    ("upper left", "at the top", "upper right"),
    ("on the left", "in the middle", "on the right"),
    ("lower left", "at the bottom", "lower right"),
)
ROWS: Final = ("the top", "the middle", "the bottom")
COLUMNS: Final = ("the left", "the middle", "the right")

SURENESS: Final = (
    (0.95, "almost certain"),
    (0.8, "very sure"),
    (0.6, "fairly sure"),
    (0.4, "not very sure"),
    (0.0, "hardly more than a guess"),
)
UNSAID: Final = "how sure is not said"


@dataclass(frozen=True, slots=True)
class Frame:
    """A box as SVG takes it: a corner and two sides in percent of the picture.

    Attributes:
        beside: whether there is room for a number to its left.
    """

    x: str
    y: str
    width: str
    height: str
    beside: bool = False


def within(box: Box | None) -> Box | None:
    """A box cut to its picture; None for what is no box, or lies outside."""
    if box is None or not all(math.isfinite(one) for one in box):
        return None
    x0, y0, x1, y1 = (min(1.0, max(0.0, one)) for one in box)
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None


def frame(box: Box) -> Frame:
    """To be drawn over its picture."""
    x0, y0, x1, y1 = box
    left, top, width, height = (f"{100 * one:.2f}%" for one in (x0, y0, x1 - x0, y1 - y0))
    return Frame(left, top, width, height, beside=x0 >= ROOM)


def place(box: Box) -> str:
    """Where it is: `upper left`, `in the middle`, `across the bottom`, `all over`."""
    x0, y0, x1, y1 = box
    column, row = _third((x0 + x1) / 2), _third((y0 + y1) / 2)
    across, down = x1 - x0 >= WIDE, y1 - y0 >= WIDE
    if across and down:
        return "all over"
    if across:
        return f"across {ROWS[row]}"
    if down:
        return f"from top to bottom on {COLUMNS[column]}".replace("on the middle", "in the middle")
    return PLACES[row][column]


def sureness(chance: float | None) -> str:
    """`fairly sure, 71%`; a certainty below 1 is never called 100%."""
    if chance is None or not math.isfinite(chance):
        return UNSAID
    chance = min(1.0, max(0.0, chance))
    words = next(words for least, words in SURENESS if chance >= least)
    return f"{words}, {percent(chance)}"


def _third(middle: float) -> int:
    return min(2, int(3 * middle))

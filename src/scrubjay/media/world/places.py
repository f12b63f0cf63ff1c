"""Where drawn objects are: in which part of a picture, and on which side of each other."""

from __future__ import annotations

from collections.abc import Mapping

from scrubjay.media.world.draw import SIDE, Box
from scrubjay.media.world.lexicon import ABOVE, BELOW, LEFT, RIGHT

REGIONS = (
    ("top left", "top", "top right"),
    ("left", "centre", "right"),
    ("bottom left", "bottom", "bottom right"),
)
"""Parts of a picture, row by row; each a third wide and high."""
MARGIN = 4.0
"""Pixels an object's middle is at least away from the border of its part, to be asked for."""
CLEARLY = 12.0
"""Pixels one middle is at least beside the other, to be called beside it."""
HARDLY = 4.0
"""Pixels within which nobody would say it is beside the other."""
PLACED: Mapping[str, tuple[int, int]] = {
    LEFT: (-1, 0),
    RIGHT: (1, 0),
    ABOVE: (0, -1),
    BELOW: (0, 1),
}
"""Places, and the way to them: right and down."""


def region_of(box: Box) -> str | None:
    """The part of the picture an object's middle is in; None near the border of two."""
    third = SIDE / 3
    if any(abs(at - line) < MARGIN for at in (box.x, box.y) for line in (third, 2 * third)):
        return None
    column, row = (min(2, max(0, int(at / third))) for at in (box.x, box.y))
    return REGIONS[row][column]


def is_beside(one: Box, other: Box, place: str) -> bool | None:
    """Whether one object is at a place seen from the other; None where people would differ."""
    ahead, across = along(one, other, place), _across(one, other, place)
    if ahead >= CLEARLY and across <= 0.9 * ahead:
        return True
    if ahead <= HARDLY or across >= 1.6 * ahead:
        return False
    return None


def along(one: Box, other: Box, place: str) -> float:
    """Pixels one middle is away from the other towards a place; below 0 on the other side."""
    right, down = PLACED[place]
    return (one.x - other.x) * right + (one.y - other.y) * down


def _across(one: Box, other: Box, place: str) -> float:
    right, _ = PLACED[place]
    return abs(one.y - other.y) if right else abs(one.x - other.x)

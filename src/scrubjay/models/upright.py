"""Lines of text cut out of a picture, the way up they are read.

A box says where a line is, not which way it runs. Most lines of a page run the same way: its axis
is that of most long boxes, and a network that was taught to tell a line from its headstand says
which end is up. A line that reads badly that way, or lies across the page's axis, is also read the
other ways, and the way that reads best is believed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.models.text_graphs import BGR, Recognised
from scrubjay.models.tiles import Quads

ELONGATED: Final = 1.5
"""A box this many times as long as wide shows along which axis its text runs."""

LEANING: Final = 25.0
"""Degrees from the picture's axes from which a box says nothing about which of them it follows."""

SURE: Final = 0.75
"""Share of lines that must agree on which end of a page is up; else some are read both ways."""

WELL: Final = 0.8
"""Confidence of a line that is not read another way as well."""

TRIED: Final = 4

Recognise = Callable[[Sequence[BGR]], list[Recognised]]


@dataclass(frozen=True, slots=True)
class UprightLine:
    """A line that was read.

    Attributes:
        corners: (4, 2) pixels, the upper left one as the text is written first.
    """

    corners: NDArray[np.float32]
    said: Recognised


def read_upright(
    picture: BGR,
    boxes: Quads,
    recognise: Recognise,
    upside_down: Callable[[Sequence[BGR]], NDArray[np.float32]],
) -> list[UprightLine]:
    """Read the line in every box, each the way up that it reads best.

    Args:
        boxes: corners from the picture's upper left one on.
        recognise: says what upright pictures of lines say.
        upside_down: says how likely each such picture stands on its head.
    """
    if not len(boxes):
        return []
    across, down = _sides(boxes)
    lying, standing = across >= ELONGATED * down, down >= ELONGATED * across
    straight = _leans(boxes) <= LEANING
    axis = int(down[standing & straight].sum() > across[lying & straight].sum())
    with_page = standing if axis else lying
    turn = axis + _headstand(picture, boxes[with_page], axis, recognise, upside_down)
    against = lying if axis else standing
    first = [cut_out(picture, written(box, turn)) for box in boxes]
    read = recognise(first)
    ways = [
        (turn + 2,) if along else (turn + 1, turn + 3) if other else (turn + 1, turn + 2, turn + 3)
        for along, other in zip(with_page, against, strict=True)
    ]
    return [
        _best(picture, box, turn, said, others, recognise, across=bool(other))
        for box, said, others, other in zip(boxes, read, ways, against, strict=True)
    ]


def written(box: NDArray[np.float32], turn: int) -> NDArray[np.float32]:
    """The box's corners from the text's own upper left one on.

    Args:
        turn: quarters of a turn, clockwise, from text that runs to the right.
    """
    rolled: NDArray[np.float32] = np.roll(box, -turn, axis=0)
    return rolled


def cut_out(picture: BGR, corners: NDArray[np.float32]) -> BGR:
    """What lies within four corners, as an upright rectangle."""
    import cv2

    across, down = _sides(corners[None])
    width, height = max(1, round(float(across[0]))), max(1, round(float(down[0])))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    straight = cv2.getPerspectiveTransform(np.ascontiguousarray(corners, np.float32), target)
    made: BGR = cv2.warpPerspective(
        picture, straight, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return made


def _sides(boxes: Quads) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(n,) lengths of the sides that run across, and of those that run down."""
    steps = np.linalg.norm(np.roll(boxes, -1, axis=1) - boxes, axis=2)
    return np.maximum(steps[:, 0], steps[:, 2]), np.maximum(steps[:, 1], steps[:, 3])


def _leans(boxes: Quads) -> NDArray[np.float32]:
    """(n,) degrees between each box and the nearest of the picture's axes, at most 45."""
    side = boxes[:, 1] - boxes[:, 0]
    angle = np.degrees(np.arctan2(side[:, 1], side[:, 0])) % 90
    leans: NDArray[np.float32] = np.minimum(angle, 90 - angle)
    return leans


def _headstand(
    picture: BGR,
    boxes: Quads,
    axis: int,
    recognise: Recognise,
    upside_down: Callable[[Sequence[BGR]], NDArray[np.float32]],
) -> int:
    """2 where most of these lines stand on their heads, else 0."""
    if not len(boxes):
        return 0
    length = np.maximum(*_sides(boxes))
    chances = upside_down([cut_out(picture, written(box, axis)) for box in boxes])
    share = float(np.average(chances, weights=length))
    if max(share, 1 - share) >= SURE:
        return 2 if share > 0.5 else 0
    tried = boxes[np.argsort(-length, kind="stable")[:TRIED]]
    well = [
        sum(
            said.confidence * len(said.text)
            for said in recognise([cut_out(picture, written(box, turn)) for box in tried])
        )
        for turn in (axis, axis + 2)
    ]
    return 2 if well[1] > well[0] else 0


def _best(
    picture: BGR,
    box: NDArray[np.float32],
    turn: int,
    said: Recognised,
    others: tuple[int, ...],
    recognise: Recognise,
    *,
    across: bool,
) -> UprightLine:
    """The line as it reads best.

    Args:
        across: whether its box lies across the page's axis. A single character may all the same
            be upright in it; what reads as more is the text of another direction.
    """
    if (len(said.text) == 1 if across else True) and said.confidence >= WELL:
        others = ()
    found = [(turn, said)]
    if others:
        cut = [cut_out(picture, written(box, way)) for way in others]
        again = list(zip(others, recognise(cut), strict=True))
        found = again if across else found + again
    way, best = max(found, key=lambda one: one[1].confidence)
    return UprightLine(written(box, way), best)

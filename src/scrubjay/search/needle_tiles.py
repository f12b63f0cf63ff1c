"""The squares a frame is looked at in: of a few sizes, each overlapping its neighbours by half."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Picture

Box = tuple[float, float, float, float]
"""(x0, y0, x1, y1) in pixels, or as fractions of width and height where it says so."""

SIZES: Final = (1.0, 0.5)
"""Sides of the squares every frame is looked at in, as shares of its shorter side."""

FINE: Final = 0.33
"""Side of those that are looked at where the larger ones show promise."""

STRIDE: Final = 0.5
"""From one square to the next, as a share of its side."""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """The squares of frames of one size; those of each size cover the frame.

    Attributes:
        boxes: in pixels, from the largest to the smallest.
        coarse: how many of the first are looked at in every frame.
        promising: which of those are of the smaller of their sizes.
        above: (fine, coarse) whether a fine square's middle lies in a coarse one of that size.
    """

    boxes: tuple[Box, ...]
    coarse: int
    promising: NDArray[np.bool_]
    above: NDArray[np.bool_]


@lru_cache(maxsize=16)
def grid(width: int, height: int) -> Grid:
    """The squares of a frame of width x height pixels."""
    sizes = [squares(width, height, size) for size in (*SIZES, FINE)]
    coarse, fine = [box for size in sizes[:-1] for box in size], sizes[-1]
    promising = np.zeros(len(coarse), bool)
    promising[-len(sizes[-2]) :] = True
    outer = np.array(coarse)
    x, y = (np.array([(box[at] + box[at + 2]) / 2 for box in fine])[:, None] for at in (0, 1))
    above = (outer[:, 0] <= x) & (x <= outer[:, 2]) & (outer[:, 1] <= y) & (y <= outer[:, 3])
    return Grid((*coarse, *fine), len(coarse), promising, above & promising)


def squares(width: int, height: int, size: float) -> list[Box]:
    """Squares whose side is a share of a frame's shorter side, row by row; they cover it."""
    side = size * min(width, height)
    across, down = (
        int(np.ceil((length - side) / (side * STRIDE) - 1e-9)) + 1 for length in (width, height)
    )
    return [
        (float(x), float(y), float(x + side), float(y + side))
        for y in np.linspace(0, height - side, down)
        for x in np.linspace(0, width - side, across)
    ]


def around(box: Box, step: float, width: int, height: int) -> Iterator[Box]:
    """Squares near one: moved by a step of its side, and larger and smaller by as much.

    All lie within a frame of width x height pixels; the square itself is among them.
    """
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    side = box[2] - box[0]
    for scale in (1 - step, 1.0, 1 + step):
        half = min(side * scale, width, height) / 2
        for right in (-step, 0.0, step):
            for down in (-step, 0.0, step):
                middle_x = float(np.clip(x + right * side, half, width - half))
                middle_y = float(np.clip(y + down * side, half, height - half))
                yield (middle_x - half, middle_y - half, middle_x + half, middle_y + half)


def cut(picture: Picture, box: Box) -> Picture:
    """What a box shows: (h, w, 3), at least one pixel."""
    x0, y0 = round(box[0]), round(box[1])
    x1, y1 = max(x0 + 1, round(box[2])), max(y0 + 1, round(box[3]))
    return np.ascontiguousarray(picture[y0:y1, x0:x1])


def relative(box: Box, width: int, height: int) -> Box:
    """A box in pixels as fractions of a frame's width and height, within it."""
    x0, y0, x1, y1 = box
    return (
        max(0.0, x0 / width),
        max(0.0, y0 / height),
        min(1.0, x1 / width),
        min(1.0, y1 / height),
    )


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    either = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return both / (either - both)

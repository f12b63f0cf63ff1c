"""Large pictures in overlapping pieces, and what was found in the pieces as one again.

A line of text is never taller than the overlap here (what is taller is found in a reduced picture),
so that one piece at least shows all of its height. A line longer than a piece is found in parts,
which lie on one line and overlap: they become one. A line that a piece cuts along is seen whole
in the piece beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Quads: TypeAlias = NDArray[np.float32]
"""(n, 4, 2) corners (x, y) in pixels: upper left, upper right, lower right, lower left."""

COVERED: Final = 0.7
"""A box is a part of another when this share of it lies inside."""

ABREAST: Final = 0.5
"""Two boxes are one line when they share this much of the thinner one's height, and their heights
differ no more than that."""

UNCUT: Final = 0.95
"""A part with less of a line's height than this, all of it beside a higher part, was cut along."""

PARALLEL: Final = 0.97
"""Least cosine between two parts of a line."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A piece of a picture, in pixels; right and bottom are outside."""

    left: int
    top: int
    right: int
    bottom: int


def tiles(width: int, height: int, side: int, overlap: int) -> tuple[Tile, ...]:
    """Pieces of at most `side` pixels a side that cover a picture.

    Anything up to `overlap` pixels wide and high lies whole in one of them.
    """
    return tuple(
        Tile(left, top, left + min(side, width), top + min(side, height))
        for top in _starts(height, side, overlap)
        for left in _starts(width, side, overlap)
    )


def _starts(length: int, side: int, overlap: int) -> list[int]:
    if length <= side:
        return [0]
    number = -(-(length - overlap) // (side - overlap))
    return [round(at * (length - side) / (number - 1)) for at in range(number)]


def joined(found: Sequence[Quads]) -> Quads:
    """What was found in each piece, in the whole picture's pixels, every line once and whole."""
    quads = np.concatenate([np.asarray(one, np.float32).reshape(-1, 4, 2) for one in found])
    piece = np.concatenate([np.full(len(one), at) for at, one in enumerate(found)])
    whole = _whole(quads, piece)
    quads, piece = quads[whole], piece[whole]
    line = _lines(quads, piece)
    return np.array([_around(quads[line == one]) for one in np.unique(line)], np.float32).reshape(
        -1, 4, 2
    )


def without_covered(quads: Quads, by: Quads, share: float = COVERED) -> Quads:
    """Those of which less than this share lies inside any box of the others."""
    kept = [not any(_inside(one, other) >= share for other in by) for one in quads]
    return quads[np.array(kept, bool)] if len(quads) else quads


def heights(quads: Quads) -> NDArray[np.float32]:
    """(n,) pixels across each line: the shorter side of its box."""
    sides: NDArray[np.float32] = np.minimum(_length(quads, 0, 1), _length(quads, 1, 2))
    return sides


def _length(quads: Quads, start: int, end: int) -> NDArray[np.float32]:
    across: NDArray[np.float32] = np.linalg.norm(quads[:, end] - quads[:, start], axis=1)
    return across


def _whole(quads: Quads, piece: NDArray[np.int64]) -> NDArray[np.bool_]:
    """False for what a piece cut along, of which another shows more."""
    whole = np.ones(len(quads), bool)
    area = _length(quads, 0, 1) * _length(quads, 1, 2)
    thick = heights(quads)
    for one, other in _near(quads, piece):
        less, more = (one, other) if area[one] <= area[other] else (other, one)
        if not (whole[less] and whole[more]) or _inside(quads[less], quads[more]) < COVERED:
            continue
        along = _axes(quads[more])[0]
        ends, far = _span(quads[less], along), _span(quads[more], along)
        cut = thick[less] < UNCUT * thick[more] and _shared(ends, far) > UNCUT * (ends[1] - ends[0])
        if cut or not _abreast(quads[less], quads[more]):
            whole[less] = False
    return whole


def _lines(quads: Quads, piece: NDArray[np.int64]) -> NDArray[np.int64]:
    """A number for each box; parts of one line have the same."""
    line = np.arange(len(quads))
    for one, other in _near(quads, piece):
        if line[one] != line[other] and _abreast(quads[one], quads[other]):
            line[line == line[other]] = line[one]
    return line


def _near(quads: Quads, piece: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Pairs from different pieces whose upright boxes touch."""
    low, high = quads.min(axis=1), quads.max(axis=1)
    for one in range(len(quads)):
        touch = ((low[one + 1 :] <= high[one]) & (high[one + 1 :] >= low[one])).all(axis=1)
        for other in np.flatnonzero(touch & (piece[one + 1 :] != piece[one])):
            yield one, one + 1 + int(other)


def _axes(quad: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Unit vectors along and across a line, whichever way its box is turned."""
    side, down = quad[1] - quad[0], quad[3] - quad[0]
    along = side if np.linalg.norm(side) >= np.linalg.norm(down) else down
    unit = along / max(float(np.linalg.norm(along)), 1e-6)
    return unit, np.array([-unit[1], unit[0]], np.float32)


def _span(quad: NDArray[np.float32], axis: NDArray[np.float32]) -> tuple[float, float]:
    placed = quad @ axis
    return float(placed.min()), float(placed.max())


def _shared(one: tuple[float, float], other: tuple[float, float]) -> float:
    return min(one[1], other[1]) - max(one[0], other[0])


def _inside(quad: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Share of a box that lies in another, both taken along the other's axes."""
    share = 1.0
    for axis in _axes(other):
        span = _span(quad, axis)
        share *= max(0.0, _shared(span, _span(other, axis))) / max(span[1] - span[0], 1e-6)
    return share


def _abreast(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    longer, shorter = (one, other) if _extent(one) >= _extent(other) else (other, one)
    along, across = _axes(longer)
    turned = abs(float(_axes(shorter)[0] @ along))
    if turned < PARALLEL and _extent(shorter) > 2 * _extent(shorter, across=True):
        return False
    # A line that leans: the shorter part is met where it is, not where the longer part's box is.
    tall, thin = _span(longer, across), _span(shorter, across)
    height, least = tall[1] - tall[0], thin[1] - thin[0]
    if min(height, least) < ABREAST * max(height, least):
        return False
    shared = _shared(tall, thin) / max(min(height, least), 1e-6)
    return shared >= ABREAST and _shared(_span(longer, along), _span(shorter, along)) > 0


def _extent(quad: NDArray[np.float32], *, across: bool = False) -> float:
    span = _span(quad, _axes(quad)[1 if across else 0])
    return span[1] - span[0]


def _around(quads: Quads) -> NDArray[np.float32]:
    """One box around the parts of a line; its corners begin at the upper left of the picture."""
    if len(quads) == 1:
        only: NDArray[np.float32] = quads[0]
        return only
    roughly = _axes(quads[int(np.argmax([_extent(one) for one in quads]))])[0]
    placed = quads.mean(axis=1) @ roughly
    # From the middle of one end to the middle of the other: parts of a leaning line step.
    start = _end(quads[int(placed.argmin())], -roughly)
    end = _end(quads[int(placed.argmax())], roughly)
    along = (end - start) / max(float(np.linalg.norm(end - start)), 1e-6)
    upright = abs(along[0]) >= abs(along[1])
    along = along if along[0 if upright else 1] > 0 else -along
    across = np.array([-along[1], along[0]], np.float32)
    corners = quads.reshape(-1, 2)
    low, high = (corners @ along).min(), (corners @ along).max()
    near, far = (corners @ across).min(), (corners @ across).max()
    box = np.array(
        [along * a + across * b for a, b in ((low, near), (high, near), (high, far), (low, far))],
        np.float32,
    )
    # Down a page, `across` points to the left.
    return box if upright else box[[3, 0, 1, 2]]


def _end(quad: NDArray[np.float32], towards: NDArray[np.float32]) -> NDArray[np.float32]:
    """The middle of a box's side that lies farthest that way."""
    farthest = np.argsort(quad @ towards)[-2:]
    middle: NDArray[np.float32] = quad[farthest].mean(axis=0)
    return middle

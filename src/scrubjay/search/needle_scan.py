"""Frames looked at square by square, without looking twice at what has not changed.

A square is encoded again only when it looks different from when it was encoded last, and a fine one
only where a coarser one around it scores high for this video (from coarse to fine, as cascades of
detectors do: Viola & Jones 2001).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.protocols import Encoder
from scrubjay.core.types import Modality, Picture
from scrubjay.media.video import Frame
from scrubjay.search.needle_tiles import Box, Grid, cut, grid

FRAMES_AT_ONCE: Final = 8
"""Frames whose squares are encoded together."""

SQUARES_AT_ONCE: Final = 64
"""Squares that are cut out and encoded at once."""

REDUCED: Final = 48
"""Pixels of a frame's shorter side when it is compared with an earlier one."""

SAME: Final = 6.0
"""Mean difference in levels of 255 up to which a square still looks as it did. Up to this, no peak
of 26 in a film changed by more than 0.0005."""

SAME_WITHIN: Final = 20.0
"""The same for the sixteenth of a square that differs most, so that something small is noticed.
Together they leave two fifths of the squares of a film with a moving camera out, and nearly all
where it stands still."""

PROMISE: Final = 0.8
"""A fine square is looked at where a coarser one scores among the best fifth of this video's. In
three films that left 60% of the fine squares out; 74 peaks fell by 0.002 on average, and as many
were the right ones."""

_STEPS: Final = 2000

Score = Callable[[Sequence[Picture]], NDArray[np.float32]]
"""Pictures to (n,) cosines with what is looked for, of the query nearest to each."""


@dataclass(frozen=True, slots=True)
class Best:
    """The square of a frame that scores highest.

    Attributes:
        box: in pixels.
    """

    frame: Frame
    box: Box
    score: float


class Spread:
    """How numbers from -1 to 1 spread, to a thousandth, in the memory of one short array."""

    def __init__(self) -> None:
        """Begin with none."""
        self._counts = np.zeros(_STEPS + 1, np.int64)

    def add(self, numbers: NDArray[np.float32]) -> None:
        """Count some more."""
        places = np.rint((np.clip(numbers, -1, 1) + 1) * (_STEPS / 2)).astype(np.int64)
        np.add.at(self._counts, places, 1)

    def at(self, share: float) -> float:
        """The number that a share of all is not above; -1 where there are none."""
        below = np.cumsum(self._counts)
        return float(np.searchsorted(below, share * below[-1]) * (2 / _STEPS) - 1)


def scorer(queries: NDArray[np.float32], encoder: Encoder) -> Score:
    """What scores pictures by their nearest query of (n, dim) unit vectors."""

    def score(pictures: Sequence[Picture]) -> NDArray[np.float32]:
        scores: NDArray[np.float32] = (encoder.encode(Modality.IMAGE, pictures) @ queries.T).max(1)
        return scores

    return score


def score_boxes(score: Score, picture: Picture, boxes: Sequence[Box]) -> NDArray[np.float32]:
    """(n,) scores of what boxes of one picture show."""
    return np.concatenate(
        [
            score([cut(picture, box) for box in boxes[start : start + SQUARES_AT_ONCE]])
            for start in range(0, len(boxes), SQUARES_AT_ONCE)
        ]
    )


@dataclass(slots=True, eq=False)
class _Square:
    """How a square looked when it was encoded, and what it scored."""

    looks: NDArray[np.float32]
    score: float = -1.0


@dataclass(frozen=True, slots=True, eq=False)
class _Reduced:
    """A frame with its small copy."""

    frame: Frame
    small: NDArray[np.float32]


_Waiting = list[tuple[_Square, Picture, Box]]


class Scan:
    """One look through a video, in order of time."""

    def __init__(self, score: Score) -> None:
        """Begin a video.

        Args:
            score: of what is looked for.
        """
        self._score = score
        self._size = (0, 0)
        self._known: dict[int, _Square] = {}
        self._coarse = Spread()
        self.encoded = 0
        """Squares that were encoded."""

    def __call__(self, frames: Iterable[Frame]) -> Iterator[Best]:
        """The best square of every frame; few frames are held."""
        coming = iter(frames)
        while group := list(islice(coming, FRAMES_AT_ONCE)):
            yield from self._look(group)

    def _look(self, frames: Sequence[Frame]) -> Iterator[Best]:
        size = frames[0].picture.shape[:2]
        if any(frame.picture.shape[:2] != size for frame in frames):
            for frame in frames:
                yield from self._look([frame])
            return
        if size != self._size:
            self._size = size
            self._known.clear()
        squares = grid(size[1], size[0])
        reduced = [_Reduced(frame, _small(frame.picture)) for frame in frames]
        waiting: _Waiting = []
        coarse = [
            [self._square(one, place, squares, waiting) for place in range(squares.coarse)]
            for one in reduced
        ]
        self._encode(waiting)
        scores = np.array([[one.score for one in row] for row in coarse], np.float32)
        self._coarse.add(scores[:, squares.promising].ravel())
        level = self._coarse.at(PROMISE)
        places = [np.flatnonzero((squares.above & (row >= level)).any(axis=1)) for row in scores]
        fine = [
            {
                squares.coarse + int(place): self._square(
                    one, squares.coarse + int(place), squares, waiting
                )
                for place in some
            }
            for one, some in zip(reduced, places, strict=True)
        ]
        self._encode(waiting)
        for frame, row, more in zip(frames, coarse, fine, strict=True):
            found = dict(enumerate(row)) | more
            place = max(found, key=lambda at: found[at].score)
            yield Best(frame, squares.boxes[place], found[place].score)

    def _square(self, one: _Reduced, place: int, squares: Grid, waiting: _Waiting) -> _Square:
        """What is known of a square of a frame; what is not, waits to be encoded."""
        box = squares.boxes[place]
        scale = one.small.shape[0] / one.frame.picture.shape[0]
        x0, y0, x1, y1 = (round(edge * scale) for edge in box)
        looks = one.small[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)]
        known = self._known.get(place)
        if known is not None and _alike(looks, known.looks):
            return known
        known = self._known[place] = _Square(looks)
        waiting.append((known, one.frame.picture, box))
        return known

    def _encode(self, waiting: _Waiting) -> None:
        for start in range(0, len(waiting), SQUARES_AT_ONCE):
            some = waiting[start : start + SQUARES_AT_ONCE]
            scores = self._score([cut(picture, box) for _, picture, box in some])
            for (square, _, _), score in zip(some, scores, strict=True):
                square.score = float(score)
        self.encoded += len(waiting)
        waiting.clear()


def _alike(a: NDArray[np.float32], b: NDArray[np.float32]) -> bool:
    """Whether a square looks as it did: (h, w, 3) both."""
    apart = np.abs(a - b).mean(axis=2)
    if float(apart.mean()) > SAME:
        return False
    rows, columns = (np.unique(np.linspace(0, length, 5).astype(int)) for length in apart.shape)
    sums = np.add.reduceat(np.add.reduceat(apart, rows[:-1], axis=0), columns[:-1], axis=1)
    return bool((sums <= SAME_WITHIN * np.outer(np.diff(rows), np.diff(columns))).all())


def _small(picture: Picture) -> NDArray[np.float32]:
    from PIL import Image

    height, width, _ = picture.shape
    scale = min(1.0, REDUCED / min(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX), np.float32)

"""Something small in a video: frames cut into tiles of several sizes, each compared with a query.

A whole frame's vector says little of what fills a tenth of it, so every frame is looked at in
squares of a few sizes that overlap by half (as detectors did before they learned to propose:
Viola & Jones 2001). Where a square stands out, it is moved and resized until it fits best.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.protocols import Encoder, Progress, silent
from scrubjay.core.types import Modality, Picture
from scrubjay.media.video import Frame
from scrubjay.search.embed import middle

Box = tuple[float, float, float, float]

SIZES: Final = (1.0, 0.5, 0.33)
"""Sides of the squares, as shares of a frame's shorter side."""

STRIDE: Final = 0.5
"""From one square to the next, as a share of its side."""

BATCH: Final = 64
"""Squares encoded at once."""

CANDIDATES: Final = 4
"""Moments that are looked at closely, for each one asked for."""

ROUNDS: Final = 3
"""How often a square is moved and resized."""

STAYS: Final = 0.6
"""Something is still there while its best square keeps so much of what it stood out by."""

APART_S: Final = 1.0
"""Moments nearer to each other than this are one."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where and when something is seen.

    Attributes:
        score: cosine of the query and the square that shows it best.
        lift: how far that is above what squares of this video usually have.
        at_s: of the frame that shows it best, in seconds.
        start_s: first frame in which it stands out.
        end_s: last frame in which it stands out.
        box: (x0, y0, x1, y1) in that frame, as fractions of its width and height.
    """

    score: float
    lift: float
    at_s: float
    start_s: float
    end_s: float
    box: Box


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look through a video found.

    Attributes:
        sightings: the surest first; none where nothing stands out enough.
        nearest: where there is none, the one that stands out most; None: there was no frame.
        frames: looked at.
    """

    sightings: tuple[Sighting, ...]
    nearest: Sighting | None
    frames: int


def look_for(
    queries: NDArray[np.float32],
    frames: Iterable[Frame],
    encoder: Encoder,
    *,
    asked: Modality = Modality.IMAGE,
    k: int = 5,
    total: int | None = None,
    progress: Progress = silent,
) -> Looked:
    """The moments of a video that show something, the surest first.

    Args:
        queries: (n, dim) unit vectors of what is looked for, in the encoder's space: one of a text,
            one of each example picture.
        frames: in order of time, two a second or so; only those that may be answers are kept.
        encoder: with a tower for pictures.
        asked: the tower that the queries come from.
        k: moments wanted at most.
        total: frames there are, for the progress.
        progress: told of frames.
    """
    query = middle(queries)
    seen = _Seen(keep=k * CANDIDATES)
    number = 0
    for number, frame in enumerate(frames, start=1):
        boxes = squares(frame.picture.shape[1], frame.picture.shape[0])
        scores = _scores(query, frame.picture, boxes, encoder)
        seen.add(frame, boxes[int(scores.argmax())], float(scores.max()), float(np.median(scores)))
        progress("looking", number, total)
    sightings = [_closer(query, one, encoder, seen) for one in seen.peaks()]
    sightings.sort(key=lambda one: (-one.score, one.at_s))
    return Looked(tuple(sightings[:k]), None, number)


@lru_cache(maxsize=16)
def squares(width: int, height: int) -> tuple[Box, ...]:
    """(x0, y0, x1, y1) in pixels of every square a frame is looked at in; they cover it."""
    boxes: list[Box] = []
    for size in SIZES:
        side = size * min(width, height)
        across = int(np.ceil((width - side) / (side * STRIDE) - 1e-9)) + 1
        down = int(np.ceil((height - side) / (side * STRIDE) - 1e-9)) + 1
        boxes += [
            (float(x), float(y), float(x + side), float(y + side))
            for y in np.linspace(0, height - side, down)
            for x in np.linspace(0, width - side, across)
        ]
    return tuple(boxes)


@dataclass(frozen=True, slots=True)
class _Peak:
    frame: Frame
    box: Box
    score: float


class _Seen:
    """The best square of every frame, and the frames that may be answers."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._best: list[_Peak] = []
        self.times: list[float] = []
        self.scores: list[float] = []
        self.usual: list[float] = []

    def add(self, frame: Frame, box: Box, score: float, usual: float) -> None:
        self.times.append(frame.at_s)
        self.scores.append(score)
        self.usual.append(usual)
        near = [one for one in self._best if frame.at_s - one.frame.at_s < APART_S]
        if any(one.score >= score for one in near):
            return
        self._best = [one for one in self._best if one not in near]
        self._best.append(_Peak(frame, box, score))
        if len(self._best) > 2 * self._keep:
            self._best = sorted(self._best, key=lambda one: -one.score)[: self._keep]
            self._best.sort(key=lambda one: one.frame.at_s)

    def peaks(self) -> list[_Peak]:
        """The best, none near a better one."""
        kept: list[_Peak] = []
        for one in sorted(self._best, key=lambda one: -one.score):
            if all(abs(one.frame.at_s - other.frame.at_s) >= APART_S for other in kept):
                kept.append(one)
        return kept[: self._keep]

    def span(self, at_s: float) -> tuple[float, float]:
        """First and last of the frames around one in which something stands out as it does."""
        place = int(np.argmin(np.abs(np.array(self.times) - at_s)))
        usual = float(np.median(self.usual))
        least = usual + STAYS * (self.scores[place] - usual)
        first = last = place
        while first > 0 and self.scores[first - 1] >= least:
            first -= 1
        while last + 1 < len(self.scores) and self.scores[last + 1] >= least:
            last += 1
        return self.times[first], self.times[last]


def _closer(query: NDArray[np.float32], peak: _Peak, encoder: Encoder, seen: _Seen) -> Sighting:
    """A peak with its square moved and resized to where it fits best."""
    picture = peak.frame.picture
    height, width, _ = picture.shape
    box, score = peak.box, peak.score
    step = 0.25
    for _ in range(ROUNDS):
        around = tuple(_around(box, step, width, height))
        scores = _scores(query, picture, around, encoder)
        best = int(scores.argmax())
        if float(scores[best]) > score:
            box, score = around[best], float(scores[best])
        step /= 2
    start_s, end_s = seen.span(peak.frame.at_s)
    x0, y0, x1, y1 = box
    return Sighting(
        score=score,
        lift=score - float(np.median(seen.usual)),
        at_s=peak.frame.at_s,
        start_s=start_s,
        end_s=end_s,
        box=(x0 / width, y0 / height, x1 / width, y1 / height),
    )


def _around(box: Box, step: float, width: int, height: int) -> Iterator[Box]:
    """Squares near one: moved by a step of its side, and larger and smaller by as much."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    side = box[2] - box[0]
    for scale in (1 - step, 1.0, 1 + step):
        half = min(side * scale, width, height) / 2
        for right in (-step, 0.0, step):
            for down in (-step, 0.0, step):
                middle_x = float(np.clip(x + right * side, half, width - half))
                middle_y = float(np.clip(y + down * side, half, height - half))
                yield (middle_x - half, middle_y - half, middle_x + half, middle_y + half)


def _scores(
    query: NDArray[np.float32], picture: Picture, boxes: Sequence[Box], encoder: Encoder
) -> NDArray[np.float32]:
    """(n,) cosines of the query and what each box shows."""
    parts = [encoder.encode(Modality.IMAGE, some) @ query for some in _cut(picture, boxes)]
    scores: NDArray[np.float32] = np.concatenate(parts)
    return scores


def _cut(picture: Picture, boxes: Sequence[Box]) -> Iterator[list[Picture]]:
    for start in range(0, len(boxes), BATCH):
        yield [
            np.ascontiguousarray(picture[round(y0) : round(y1), round(x0) : round(x1)])
            for x0, y0, x1, y1 in boxes[start : start + BATCH]
        ]

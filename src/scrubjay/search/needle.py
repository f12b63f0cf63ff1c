"""Something small in a video: when it is seen, and where.

A whole frame's vector says little of what fills a tenth of it, so frames are looked at square by
square (`needle_scan`). The moments that stand out are looked at closely (`needle_box`), and those
that do not score as what is looked for should (`needle_scale`) are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.protocols import Encoder, Progress, silent
from scrubjay.core.types import Modality
from scrubjay.media.video import Frame
from scrubjay.search.embed import middle
from scrubjay.search.needle_box import fitted, tight
from scrubjay.search.needle_scale import Scale, scale_of
from scrubjay.search.needle_scan import Best, Scan, Score, Spread, scorer
from scrubjay.search.needle_tiles import Box, relative

LEAST_LIFT: Final = 0.8
"""What lifts itself less above the rest of the video is not what is looked for. Chosen on four
films. On three others (bench/needle.py --films 3 --seed 41) it left out 21 of 22 absent things
asked for by a picture and 13 of 22 asked for by name, and kept 18 of 19 and 19 of 20 that were
found first."""

CANDIDATES: Final = 2
"""Moments that are looked at closely, for each one asked for."""

LEAST_CANDIDATES: Final = 6
"""However few are asked for."""

STAYS: Final = 0.5
"""Something is still there while its best square keeps so much of what it stood out by. In five
films the times told so had an intersection over union of 0.83 (asked by pictures) and 0.78 (by
words) with the true ones."""

GAP_S: Final = 1.0
"""It may be lost from sight for so long."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Where and when something is seen.

    Attributes:
        score: cosine of what is looked for and the square that shows it best.
        lift: how far that is from what unrelated squares of this video score, 0, to what the very
            thing would, 1.
        at_s: when it is seen best, in seconds.
        start_s: first frame in which it stands out.
        end_s: last frame in which it stands out.
        box: (x0, y0, x1, y1) in the best frame, as fractions of its width and height.
        frame: the best one.
    """

    score: float
    lift: float
    at_s: float
    start_s: float
    end_s: float
    box: Box
    frame: Frame = field(repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "at_s": round(self.at_s, 3),
            "start_s": round(self.start_s, 3),
            "end_s": round(self.end_s, 3),
            "box": [round(edge, 4) for edge in self.box],
            "score": round(self.score, 4),
            "lift": round(self.lift, 4),
        }


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look through a video found.

    Attributes:
        sightings: the surest first; none where nothing stands out enough.
        nearest: where there is none, the one that stands out most; None: there was no frame.
        frames: looked at.
        squares: of them that were encoded.
    """

    sightings: tuple[Sighting, ...]
    nearest: Sighting | None
    frames: int
    squares: int


def look_for(
    queries: NDArray[np.float32],
    frames: Iterable[Frame],
    encoder: Encoder,
    *,
    asked: Modality = Modality.IMAGE,
    scale: Scale | None = None,
    least_lift: float = LEAST_LIFT,
    k: int = 5,
    total: int | None = None,
    progress: Progress = silent,
) -> Looked:
    """The moments of a video that show something, the surest first.

    Args:
        queries: (n, dim) unit vectors of what is looked for, in the encoder's space: one of a text,
            one of each example picture. Examples are averaged: in six films three found 65 of 70
            things so, and 61 where the nearest of the three counted.
        frames: in order of time, two a second or so; only those that may be answers are kept.
        encoder: with a tower for pictures.
        asked: the tower that the queries come from.
        scale: of the queries, where they come from several towers.
        least_lift: what stands out less is left out.
        k: moments wanted at most.
        total: frames there are, for the progress.
        progress: told of frames.
    """
    query = middle(queries)[None]
    known = scale or scale_of(query, encoder, [asked])
    score = scorer(query, encoder)
    scan = Scan(score)
    seen = _Seen(max(k * CANDIDATES, LEAST_CANDIDATES), known.unrelated)
    for best in scan(frames):
        seen.add(best)
        progress("looking", len(seen.times), total)
    if not seen.times:
        return Looked((), None, 0, 0)
    found = [_closely(one, seen.usual, known, score) for one in seen.moments()]
    found.sort(key=lambda one: (-one.score, one.at_s))
    sure = [_boxed(one, score) for one in found[:k] if one.lift >= least_lift]
    nearest = None if sure else _boxed(found[0], score)
    return Looked(tuple(sure), nearest, len(seen.times), scan.encoded)


@dataclass(frozen=True, slots=True)
class _Moment:
    best: Best
    start_s: float
    end_s: float


class _Seen:
    """The score of every frame, and the frames that may be answers."""

    def __init__(self, keep: int, unrelated: float) -> None:
        self._keep = keep
        self._unrelated = unrelated
        self._kept: list[Best] = []
        self._peak: Best | None = None
        self._spread = Spread()
        self.times: list[float] = []
        self.scores: list[float] = []

    @property
    def usual(self) -> float:
        """What the best square of a frame scores where what is looked for is not.

        What usual frames score; but it may be in most of them.
        """
        return min(self._spread.at(0.5), self._unrelated)

    def add(self, best: Best) -> None:
        """One frame more; of a stretch in which something stands out, the best is kept."""
        self.times.append(best.frame.at_s)
        self.scores.append(best.score)
        self._spread.add(np.array([best.score], np.float32))
        if self._peak is not None:
            usual = self.usual
            if best.score < usual + STAYS * (self._peak.score - usual):
                self._close()
            elif best.score <= self._peak.score:
                return
        self._peak = best

    def moments(self) -> list[_Moment]:
        """The best, the highest score first, none of them within another."""
        self._close()
        found: list[_Moment] = []
        for best in self._kept:
            start_s, end_s = self._span(best)
            if not any(
                one.start_s - GAP_S <= best.frame.at_s <= one.end_s + GAP_S for one in found
            ):
                found.append(_Moment(best, start_s, end_s))
        return found[: self._keep]

    def _close(self) -> None:
        if self._peak is not None:
            self._kept.append(self._peak)
            self._kept.sort(key=lambda one: (-one.score, one.frame.at_s))
            del self._kept[2 * self._keep :]
        self._peak = None

    def _span(self, best: Best) -> tuple[float, float]:
        """First and last of the frames around one in which something stands out as it does."""
        times, scores = np.array(self.times), np.array(self.scores)
        usual = self.usual
        there = times[scores >= usual + STAYS * (best.score - usual)]
        at_s = best.frame.at_s
        before, after = there[there <= at_s][::-1], there[there >= at_s]
        if not (len(before) and len(after)):  # it is worse than what is usual
            return at_s, at_s
        return _reach(before), _reach(after)


def _reach(times: NDArray[np.float64]) -> float:
    """The last of some times before a gap."""
    gaps = np.flatnonzero(np.abs(np.diff(times)) > GAP_S + 1e-6)
    return float(times[gaps[0]] if len(gaps) else times[-1])


@dataclass(frozen=True, slots=True)
class _Close:
    """A moment looked at closely; its square in pixels."""

    moment: _Moment
    square: Box
    score: float
    lift: float

    @property
    def at_s(self) -> float:
        return self.moment.best.frame.at_s


def _closely(moment: _Moment, usual: float, scale: Scale, score: Score) -> _Close:
    best = moment.best
    square, found = fitted(best.box, best.score, best.frame.picture, score)
    return _Close(moment, square, found, (found - usual) / max(scale.perfect - usual, 1e-3))


def _boxed(one: _Close, score: Score) -> Sighting:
    frame = one.moment.best.frame
    height, width, _ = frame.picture.shape
    return Sighting(
        score=one.score,
        lift=one.lift,
        at_s=frame.at_s,
        start_s=one.moment.start_s,
        end_s=one.moment.end_s,
        box=relative(tight(one.square, frame.picture, score), width, height),
        frame=frame,
    )

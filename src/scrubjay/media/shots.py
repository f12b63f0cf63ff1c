"""Where a video changes its shot, frame by frame, and which frames stand for each shot.

A frame is reduced to a small grid of mean colours. A cut is a step between two frames that is large
and stands out from the steps around it, so that a moving camera is none. A slow change, a dissolve
or a fade, is found by comparing frames some way apart (twin comparison: Zhang, Kankanhalli &
Smoliar 1993). Black frames belong to no shot.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Picture
from scrubjay.media.moments import Moment, moments_of
from scrubjay.media.video import Frame

GRID: Final = 16
"""Cells on a side of the grid a frame is reduced to."""

MOST_HELD: Final = 200
"""Frames of a shot that are held, beyond which half of them go."""


@dataclass(frozen=True, slots=True)
class ShotSettings:
    """What counts as a change. Distances are in levels of 255, a mean over grid and colours.

    Attributes:
        cut: least step of a cut.
        stands_out: how many times the largest step nearby a cut's step is, at least.
        nearby_s: how far "nearby" is, in seconds, on both sides.
        slow: least distance between the ends of a slow change.
        slow_s: longest slow change, in seconds.
        settled: largest step where what is shown stands still.
        hurries: how many times the usual step nearby each step of a slow change is, at least.
        dark: mean level up to which a frame is black.
        least_s: shortest shot, in seconds.
        longest_s: longest shot, in seconds; where nothing changes for longer, one ends.
        keep: least distance of a further key frame from those a shot has. None is taken where a
            slow change may go on.
        most_keys: key frames of a shot, at most, or of each moment of a long one.
        same: a key frame of a long shot's moment that is no further from another repeats it.
    """

    cut: float = 7.0
    stands_out: float = 2.2
    nearby_s: float = 0.55
    slow: float = 11.0
    slow_s: float = 1.6
    settled: float = 1.2
    hurries: float = 1.8
    dark: float = 10.0
    least_s: float = 0.4
    longest_s: float = 1200.0
    keep: float = 18.0
    most_keys: int = 4
    same: float = 1.0


@dataclass(frozen=True, slots=True)
class Shot:
    """A stretch of one view.

    Attributes:
        start_s: seconds from the video's beginning.
        end_s: where the next one, or black, begins.
        keys: frames that stand for it, in order of time: the one nearest its middle, those in the
            middle of a long one's other moments that do not repeat it, and those that show
            something else.
    """

    start_s: float
    end_s: float
    keys: tuple[Frame, ...]


def find_shots(frames: Iterable[Frame], settings: ShotSettings | None = None) -> Iterator[Shot]:
    """Shots in order of time, each as soon as it has ended.

    Args:
        frames: in order of time, ten a second or more find cuts to a tenth of a second; read one
            by one, and only few are held.
        settings: None: those measured in bench/video.py.
    """
    finder = _Finder(settings or ShotSettings())
    for frame in frames:
        yield from finder.see(frame)
    yield from finder.end()


def reduced(picture: Picture) -> NDArray[np.float32]:
    """(GRID, GRID, 3) mean colours of a picture's cells, [0, 255]."""
    height, width, _ = picture.shape
    rows = np.linspace(0, height, GRID + 1).astype(int)[:-1]
    columns = np.linspace(0, width, GRID + 1).astype(int)[:-1]
    sums = np.add.reduceat(picture.astype(np.uint32), rows, axis=0)
    sums = np.add.reduceat(sums, columns, axis=1)
    tall = np.diff([*rows, height]).clip(min=1)[:, None, None]
    wide = np.diff([*columns, width]).clip(min=1)[None, :, None]
    means: NDArray[np.float32] = (sums / (tall * wide)).astype(np.float32)
    return means


@dataclass(slots=True)
class _Seen:
    frame: Frame
    small: NDArray[np.float32]
    step: float
    """Distance from the frame before."""

    @property
    def at_s(self) -> float:
        return self.frame.at_s


@dataclass(slots=True)
class _Finder:
    """Frames wait until what comes after them is known; then each joins a shot or begins one."""

    settings: ShotSettings
    waiting: deque[_Seen] = field(default_factory=deque)
    past: deque[_Seen] = field(default_factory=deque)
    shot: list[_Seen] = field(default_factory=list)
    ends_at: float = 0.0

    def see(self, frame: Frame) -> Iterator[Shot]:
        small = reduced(frame.picture)
        before = self.waiting[-1] if self.waiting else None
        step = distance(before.small, small) if before else 0.0
        self.waiting.append(_Seen(frame, small, step))
        while self.waiting and frame.at_s - self.waiting[0].at_s > self.settings.nearby_s:
            yield from self._judge()

    def end(self) -> Iterator[Shot]:
        last = self.waiting[-1].at_s if self.waiting else self.ends_at
        steps = [b.at_s - a.at_s for a, b in zip(self.past, list(self.past)[1:], strict=False)]
        usual = float(np.median(steps)) if steps else 0.0
        while self.waiting:
            yield from self._judge()
        yield from self._close(last + usual)

    def _judge(self) -> Iterator[Shot]:
        """Decide about the oldest waiting frame."""
        one = self.waiting.popleft()
        if self._is_dark(one):
            yield from self._close(one.at_s)
        else:
            if self.shot and self._is_cut(one):
                yield from self._close(one.at_s)
            elif self.shot and (middle := self._middle_of_change(one)) is not None:
                later = [other for other in self.shot if other.at_s >= middle]
                self.shot = [other for other in self.shot if other.at_s < middle]
                yield from self._close(later[0].at_s if later else one.at_s)
                self.shot = later
            elif self.shot and one.at_s - self.shot[0].at_s >= self.settings.longest_s:
                yield from self._close(one.at_s)
            self.shot.append(one)
            self._thin()
        self.past.append(one)
        while self.past and one.at_s - self.past[0].at_s > self.settings.slow_s + 1.0:
            self.past.popleft()

    def _is_dark(self, one: _Seen) -> bool:
        return float(one.small.mean()) <= self.settings.dark

    def _is_cut(self, one: _Seen) -> bool:
        settings = self.settings
        if one.step < settings.cut:
            return False
        near = [
            other.step
            for other in (*self.past, *self.waiting)
            if other is not one and abs(other.at_s - one.at_s) <= settings.nearby_s
        ]
        return one.step >= settings.stands_out * max(near, default=0.0)

    def _middle_of_change(self, one: _Seen) -> float | None:
        """The middle of a slow change that has just ended; None: none has.

        While it lasts, every step is larger than the steps around it usually are, so that a camera
        that moves on and on is none.
        """
        settings = self.settings
        usual = float(np.median([other.step for other in (*self.past, one, *self.waiting)]))
        most = max(settings.settled, settings.hurries * usual)
        if one.step > most or not self.past or self.past[-1].step <= most:
            return None
        first = self.shot[0].at_s
        for other in reversed(self.past):
            if other.at_s < first or one.at_s - other.at_s > settings.slow_s:
                return None
            if other.step <= most:
                far = distance(other.small, one.small) >= settings.slow
                return (other.at_s + one.at_s) / 2 if far else None
        return None

    def _thin(self) -> None:
        """Hold few frames of a long shot, evenly, and all of the last seconds."""
        if len(self.shot) <= MOST_HELD:
            return
        newest = self.shot[-1].at_s
        apart = 2 * (newest - self.shot[0].at_s) / MOST_HELD
        kept: list[_Seen] = []
        for one in self.shot:
            recent = newest - one.at_s <= self.settings.slow_s + 1.0
            if recent or not kept or one.at_s - kept[-1].at_s >= apart:
                kept.append(one)
        self.shot = kept

    def _close(self, end_s: float) -> Iterator[Shot]:
        shot, self.shot = self.shot, []
        if not shot or end_s - shot[0].at_s < self.settings.least_s:
            return
        self.ends_at = end_s
        yield Shot(shot[0].at_s, end_s, self._keys(shot, end_s))

    def _keys(self, shot: list[_Seen], end_s: float) -> tuple[Frame, ...]:
        kept: list[_Seen] = []
        middle = (shot[0].at_s + end_s) / 2
        moments = moments_of([Moment(shot[0].at_s, end_s)])
        for moment in sorted(moments, key=lambda one: abs(one.middle_s - middle)):
            near = min(shot, key=lambda one: abs(one.at_s - moment.middle_s))
            if _apart(near, kept) > self.settings.same:
                kept.append(near)
        most = self.settings.most_keys * len(moments)
        margin = min(self.settings.slow_s / 2, (end_s - shot[0].at_s) / 4)
        inner = [
            one for one in shot if margin <= one.at_s - shot[0].at_s and one.at_s <= end_s - margin
        ]
        far = [_apart(one, kept) for one in inner]
        while inner and len(kept) < most:
            furthest = int(np.argmax(far))
            if far[furthest] < self.settings.keep:
                break
            new = inner[furthest]
            kept.append(new)
            far = [
                min(so_far, distance(one.small, new.small))
                for one, so_far in zip(inner, far, strict=True)
            ]
        return tuple(one.frame for one in sorted(kept, key=lambda one: one.at_s))


def _apart(one: _Seen, kept: Sequence[_Seen]) -> float:
    """How far a frame is from the nearest of some."""
    return min((distance(one.small, other.small) for other in kept), default=math.inf)


def distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Mean absolute difference of two reduced frames, in levels of 255."""
    return float(np.abs(a - b).mean())

"""What moves in a shot, from where to where, what comes and what goes, by what is seen when.

For a model that looks at one picture at a time and can say where it sees what (`Locates`). What it
sees is followed from frame to frame by name and place. The camera's own movement is taken off: it
is the shift at which two frames are most alike (phase correlation: Kuglin & Hines 1975).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.looking import Seen
from scrubjay.core.types import Picture
from scrubjay.media.video import Frame

Locate = Callable[[Picture], Sequence[Seen]]
Place = tuple[float, float]
"""(x, y) as shares of a frame's width and height."""

MOVED: Final = 0.15
"""Share of the frame a thing must get on to have moved."""
STAYED: Final = 0.07
"""Share within which it has stayed; between the two nobody can tell."""
LEAST_FRAMES: Final = 3
"""In which a thing must be seen to be followed."""
LEAST_SEEN: Final = 0.6
"""Share of the frames between its first and its last in which it must be seen."""
STEADY: Final = 0.6
"""Share of its way that must lead on, or it wanders and nothing is told."""
SAME_PLACE: Final = 0.06
"""What is seen so near to where another thing was is that thing, under another name."""
FURTHEST: Final = 0.45
"""Share of the frame that a thing may jump from a frame to the next."""
AWAY: Final = 2
"""Frames at a shot's beginning or end without a thing, from which it comes or goes."""
EDGE: Final = 0.05
"""Share of the frame within which a thing is at its edge."""
STILL: Final = 0.03
"""Share of the frame up to which a thing has not moved from a frame to the next."""
CHANGED: Final = 24.0
"""Levels by which a thing's place differs once it is gone; else it is there, only not seen."""
SIDE: Final = 64
"""Pixels on a side of the squares whose shift is found."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A thing in one frame; `at` is its middle, the camera's movement taken off."""

    at_s: float
    frame: int
    at: Place
    seen: Seen


@dataclass(slots=True)
class Track:
    """One thing, followed from frame to frame.

    Attributes:
        of: number of frames that were looked at.
        comes: whether it was not there at first.
        goes: whether it was not there in the end.
    """

    of: int
    sightings: list[Sighting] = field(default_factory=list)
    comes: bool = False
    goes: bool = False

    @property
    def name(self) -> str:
        """What it was most surely taken for."""
        votes: dict[str, float] = {}
        for one in self.sightings:
            votes[one.seen.text] = votes.get(one.seen.text, 0.0) + one.seen.confidence
        return max(votes, key=lambda name: votes[name])

    @property
    def start_s(self) -> float:
        """When it was first seen."""
        return self.sightings[0].at_s

    @property
    def end_s(self) -> float:
        """When it was last seen."""
        return self.sightings[-1].at_s

    @property
    def confidence(self) -> float:
        """Chance in [0, 1] that it is what it is called and was followed rightly."""
        named = [one.seen.confidence for one in self.sightings if one.seen.text == self.name]
        return float(np.mean(named)) * len(named) / max(len(self.sightings), 1) * self._density

    @property
    def followed(self) -> bool:
        """Whether it was seen often enough to say anything of it."""
        return len(self.sightings) >= LEAST_FRAMES and self._density >= LEAST_SEEN

    @property
    def way(self) -> tuple[Place, Place]:
        """Where it was first and last, each of two frames' mean."""
        places = [one.at for one in self.sightings]
        ends = (places[:2], places[-2:])
        first, last = ((_mean(xy, 0), _mean(xy, 1)) for xy in ends)
        return first, last

    @property
    def moved(self) -> bool | None:
        """Whether it moved; None: it cannot be told."""
        first, last = self.way
        far = math.dist(first, last)
        places = [one.at for one in self.sightings]
        if max(math.dist(first, one) for one in places) <= STAYED:
            return False if len(self.sightings) >= LEAST_SEEN * self.of else None
        length = sum(math.dist(a, b) for a, b in pairwise(places))
        return True if far >= MOVED and far >= STEADY * length else None

    @property
    def _density(self) -> float:
        between = self.sightings[-1].frame - self.sightings[0].frame + 1
        return len(self.sightings) / between


def follow(frames: Sequence[Frame], locate: Locate) -> tuple[Track, ...]:
    """What is seen in the frames of one shot, followed; only what was seen often enough.

    Args:
        frames: in order of time, of one shot; the closer together the better.
        locate: what a frame shows, and where.
    """
    if len(frames) < LEAST_FRAMES:
        return ()
    shifts = camera(frames)
    open_tracks: list[Track] = []
    for number, (frame, shift) in enumerate(zip(frames, shifts, strict=True)):
        sightings = [_sighting(frame, number, shift, one) for one in locate(frame.picture)]
        _join(open_tracks, sightings, len(frames))
    kept = [one for one in open_tracks if one.followed]
    for one in kept:
        first, last = one.sightings[0], one.sightings[-1]
        one.comes = (
            first.frame >= AWAY
            and _may_end(first, one.sightings[1])
            and _gone(frames, shifts, first, first.frame - 1)
        )
        one.goes = (
            last.frame < one.of - AWAY
            and _may_end(last, one.sightings[-2])
            and _gone(frames, shifts, last, last.frame + 1)
        )
    return tuple(sorted(kept, key=lambda one: -one.confidence))


def camera(frames: Sequence[Frame]) -> list[Place]:
    """How far what is shown has shifted in each frame against the middle one.

    It is 0 where the frames are too unlike to say, and where the shift is only a thing's.
    """
    middle = _small(frames[len(frames) // 2].picture)
    return [_shift(middle, _small(frame.picture)) for frame in frames]


def _sighting(frame: Frame, number: int, shift: Place, seen: Seen) -> Sighting:
    left, top, right, bottom = seen.box
    at = ((left + right) / 2 - shift[0], (top + bottom) / 2 - shift[1])
    return Sighting(frame.at_s, number, at, seen)


def _join(tracks: list[Track], sightings: list[Sighting], of: int) -> None:
    """Give each sighting to the track it goes on, or begin one; the nearest pairs first."""
    pairs = sorted(
        (
            (far, at, which)
            for at, sighting in enumerate(sightings)
            for which, track in enumerate(tracks)
            if (far := _far(track, sighting)) is not None
        ),
    )
    taken: set[int] = set()
    grown: set[int] = set()
    for _, at, which in pairs:
        if at not in taken and which not in grown:
            tracks[which].sightings.append(sightings[at])
            taken.add(at)
            grown.add(which)
    for at, sighting in enumerate(sightings):
        if at not in taken:
            tracks.append(Track(of, [sighting]))


def _far(track: Track, sighting: Sighting) -> float | None:
    """How far a sighting is from where a track was last; None: it cannot be the same thing."""
    last = track.sightings[-1]
    far = math.dist(last.at, sighting.at)
    if any(one.seen.text == sighting.seen.text for one in track.sightings):
        return far if far <= FURTHEST else None
    return far + 1 if far <= SAME_PLACE else None


def _may_end(end: Sighting, beside: Sighting) -> bool:
    """Whether a thing may have come or gone here: it stood still, or was at the frame's edge.

    One that was moving within the frame is more likely only not seen any longer.
    """
    left, top, right, bottom = end.seen.box
    at_edge = min(left, top, 1 - right, 1 - bottom) <= EDGE
    return at_edge or math.dist(end.at, beside.at) <= STILL


def _gone(frames: Sequence[Frame], shifts: Sequence[Place], sighting: Sighting, other: int) -> bool:
    """Whether another frame shows something else where a thing was."""
    here = _patch(frames[sighting.frame].picture, sighting.seen.box, (0.0, 0.0))
    there = _patch(
        frames[other].picture,
        sighting.seen.box,
        (
            shifts[other][0] - shifts[sighting.frame][0],
            shifts[other][1] - shifts[sighting.frame][1],
        ),
    )
    if here.shape != there.shape or not here.size:
        return False  # it is over the edge by now: the camera left it behind
    return float(np.abs(here - there).mean()) >= CHANGED


def _patch(
    picture: Picture, box: tuple[float, float, float, float], shift: Place
) -> NDArray[np.float64]:
    """A box of a picture, shifted; smaller where it reaches over the edge."""
    height, width = picture.shape[:2]
    left = round((box[0] + shift[0]) * width)
    top = round((box[1] + shift[1]) * height)
    right = left + round((box[2] - box[0]) * width)
    bottom = top + round((box[3] - box[1]) * height)
    part: NDArray[np.float64] = picture[max(0, top) : bottom, max(0, left) : right].astype(
        np.float64
    )
    return part


def _small(picture: Picture) -> NDArray[np.float64]:
    """(SIDE, SIDE) levels of grey."""
    rows = np.linspace(0, picture.shape[0], SIDE + 1).astype(int)[:-1]
    columns = np.linspace(0, picture.shape[1], SIDE + 1).astype(int)[:-1]
    grey: NDArray[np.float64] = picture.mean(axis=2)
    if min(picture.shape[:2]) < SIDE:
        some: NDArray[np.float64] = grey[np.ix_(rows, columns)]
        return some
    sums = np.add.reduceat(np.add.reduceat(grey, rows, axis=0), columns, axis=1)
    cells = np.outer(np.diff([*rows, len(grey)]), np.diff([*columns, grey.shape[1]]))
    means: NDArray[np.float64] = (sums / cells).astype(np.float64)
    return means


def _shift(one: NDArray[np.float64], other: NDArray[np.float64]) -> Place:
    """How far the other is shifted to the right and down against the one, as shares."""
    cross = np.conj(np.fft.fft2(_faded(one))) * np.fft.fft2(_faded(other))
    size = np.abs(cross)
    if size.max() <= 1e-9:
        return (0.0, 0.0)
    peaks = np.fft.ifft2(cross / (size + 1e-3 * size.max())).real
    row, column = np.unravel_index(int(peaks.argmax()), peaks.shape)
    down, right = ((int(at) + SIDE // 2) % SIDE - SIDE // 2 for at in (row, column))
    if _unlike(one, other, down, right) >= _unlike(one, other, 0, 0):
        return (0.0, 0.0)
    return (right / SIDE, down / SIDE)


def _faded(small: NDArray[np.float64]) -> NDArray[np.float64]:
    """Without its mean, its edges faded out."""
    window = np.hanning(SIDE)
    faded: NDArray[np.float64] = (small - small.mean()) * np.outer(window, window)
    return faded


def _unlike(one: NDArray[np.float64], other: NDArray[np.float64], down: int, right: int) -> float:
    """Middle difference where the two overlap, the other shifted back.

    The middle, not the mean: a thing that moves is the smaller part of a frame.
    """
    top, left = max(0, down), max(0, right)
    bottom, end = SIDE + min(0, down), SIDE + min(0, right)
    moved = other[top:bottom, left:end]
    still = one[top - down : bottom - down, left - right : end - right]
    return float(np.median(np.abs(moved - still)))


def _mean(places: Sequence[Place], axis: int) -> float:
    return float(np.mean([place[axis] for place in places]))

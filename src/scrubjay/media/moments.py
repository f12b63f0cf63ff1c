"""Moments of a video: its shots, the long ones cut evenly; what is found is found by moment."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

LONGEST_S: Final = 20.0
"""A shot that is longer is cut evenly into moments that are not."""


class Stretch(Protocol):
    """Anything that lasts; a shot, a span of speech."""

    @property
    def start_s(self) -> float:
        """Seconds from the video's beginning."""
        ...

    @property
    def end_s(self) -> float:
        """Seconds from the video's beginning."""
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of a video that is found as one, in seconds from its beginning."""

    start_s: float
    end_s: float

    @property
    def middle_s(self) -> float:
        """Halfway."""
        return (self.start_s + self.end_s) / 2

    def shared_s(self, start_s: float, end_s: float) -> float:
        """Seconds of a stretch that lie in it."""
        return max(0.0, min(self.end_s, end_s) - max(self.start_s, start_s))


def moments_of(
    shots: Iterable[Stretch], spoken: Iterable[Stretch] = (), *, longest_s: float = LONGEST_S
) -> tuple[Moment, ...]:
    """The moments of a video, in order of time.

    Args:
        shots: in order of time, none over another.
        spoken: where somebody speaks, in order of time. Where that is mostly outside every shot,
            over black or without any picture, it makes a moment of its own.
        longest_s: of a moment.
    """
    found = [piece for shot in shots for piece in _cut(shot.start_s, shot.end_s, longest_s)]
    unseen: list[Moment] = []
    for span in spoken:
        free = _free(found, span)
        if not free.end_s - free.start_s > (span.end_s - span.start_s) / 2:
            continue
        last = unseen[-1] if unseen else None
        if last and free.end_s - last.start_s <= longest_s and not _any_within(found, last, free):
            unseen[-1] = Moment(last.start_s, free.end_s)
        else:
            unseen.append(free)
    pieces = [piece for one in unseen for piece in _cut(one.start_s, one.end_s, longest_s)]
    return tuple(sorted((*found, *pieces), key=lambda one: one.start_s))


def moment_of(moments: Sequence[Moment], start_s: float, end_s: float) -> Moment | None:
    """The moment most of a stretch lies in, else the nearest one; None where there are none."""
    if not moments:
        return None
    return max(
        moments,
        key=lambda one: (one.shared_s(start_s, end_s), -_distance(one, start_s, end_s)),
    )


def _cut(start_s: float, end_s: float, longest_s: float) -> list[Moment]:
    count = max(1, math.ceil((end_s - start_s) / longest_s - 1e-9))
    times = [start_s + (end_s - start_s) * number / count for number in range(count)]
    return [Moment(start, end) for start, end in zip(times, [*times[1:], end_s], strict=True)]


def _free(moments: Sequence[Moment], span: Stretch) -> Moment:
    """The longest part of a span that no moment covers."""
    at, longest = span.start_s, Moment(span.start_s, span.start_s)
    for one in (*moments, Moment(span.end_s, span.end_s)):
        if one.end_s < at or one.start_s > span.end_s:
            continue
        if one.start_s - at > longest.end_s - longest.start_s:
            longest = Moment(at, one.start_s)
        at = max(at, one.end_s)
    return longest


def _any_within(moments: Sequence[Moment], first: Moment, last: Moment) -> bool:
    return any(first.end_s <= one.start_s < last.start_s for one in moments)


def _distance(one: Moment, start_s: float, end_s: float) -> float:
    return max(0.0, one.start_s - end_s, start_s - one.end_s)

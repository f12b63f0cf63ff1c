"""The sound of a video, some minutes at a time, and where somebody speaks in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from scrubjay.core.errors import MissingExtra
from scrubjay.core.types import SAMPLE_RATE, Sound
from scrubjay.models.voice_activity import Span, VoiceActivity

BLOCK_S: Final = 120.0
"""Seconds of sound that are held at once; speech at their end waits for what follows."""
UNSURE_S: Final = 1.0
"""Speech that ends so near the end of a block may go on."""
LOUD: Final = 2e-3
"""Root mean square above which a second counts as heard, where nothing tells speech from noise."""


LOUD_S: Final = 30.0
"""Seconds after which what goes on and on is cut."""


class Activity(Protocol):
    """What hears where somebody speaks."""

    def spans(self, sound: Sound) -> Iterable[Span]:
        """Spans of speech in a sound, in order."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A stretch of sound that begins and ends in a pause.

    Attributes:
        start_s: seconds from the video's beginning.
        sound: (samples,) mono at 16 kHz.
        spans: of speech in it, in seconds from the video's beginning.
    """

    start_s: float
    sound: Sound
    spans: tuple[Span, ...]

    def cut(self, start_s: float, end_s: float) -> Sound:
        """A part of it; seconds from the video's beginning."""
        first, last = (round((at - self.start_s) * SAMPLE_RATE) for at in (start_s, end_s))
        return self.sound[max(0, first) : max(0, last)]


def speech_blocks(
    pieces: Iterable[Sound], activity: Activity, *, block_s: float = BLOCK_S
) -> Iterator[Block]:
    """A sound, block by block.

    Args:
        pieces: of the sound, in order; read one by one.
        block_s: length of a block, about.
    """
    held: list[Sound] = []
    length, begun = 0, 0
    for piece in pieces:
        held.append(piece)
        length += len(piece)
        if length >= block_s * SAMPLE_RATE:
            block, rest = _divided(np.concatenate(held), begun, activity)
            yield block
            begun += len(block.sound)
            held, length = [rest], len(rest)
    if length:
        sound = np.concatenate(held)
        yield Block(begun / SAMPLE_RATE, sound, _spans(sound, begun, activity))


def _divided(sound: Sound, begun: int, activity: Activity) -> tuple[Block, Sound]:
    """The block that is sure, and what waits for more sound."""
    start, end = begun / SAMPLE_RATE, (begun + len(sound)) / SAMPLE_RATE
    spans = list(_spans(sound, begun, activity))
    cut = end - UNSURE_S / 2
    if spans and spans[-1].end_s > end - UNSURE_S:
        last = spans.pop()
        cut = (last.start_s + (spans[-1].end_s if spans else start)) / 2
    samples = round((cut - start) * SAMPLE_RATE)
    if samples <= 0:  # it speaks without a pause from end to end
        return Block(start, sound, (Span(start, end),)), sound[:0]
    return Block(start, sound[:samples], tuple(spans)), sound[samples:]


def _spans(sound: Sound, begun: int, activity: Activity) -> tuple[Span, ...]:
    start = begun / SAMPLE_RATE
    return tuple(
        Span(round(start + one.start_s, 3), round(start + one.end_s, 3))
        for one in activity.spans(sound)
    )


class Loudness:
    """Stands in where the network that knows speech is not installed: whatever can be heard."""

    def spans(self, sound: Sound) -> Iterator[Span]:
        """Stretches of seconds that are not silent."""
        began: float | None = None
        seconds = -(-len(sound) // SAMPLE_RATE)
        for second in range(seconds):
            part = sound[second * SAMPLE_RATE : (second + 1) * SAMPLE_RATE]
            if float(np.sqrt(np.mean(np.square(part)))) >= LOUD:
                began = float(second) if began is None else began
            elif began is not None:
                yield Span(began, float(second))
                began = None
            if began is not None and second - began >= LOUD_S:
                yield Span(began, float(second))
                began = float(second)
        if began is not None:
            yield Span(began, len(sound) / SAMPLE_RATE)


def activity_here() -> tuple[Activity, str, str | None]:
    """(what hears speech, its name, what it costs that the better one is not installed)."""
    try:
        return VoiceActivity(), "silero 6", None
    except MissingExtra as error:
        return Loudness(), "loudness", f"speech in videos is not told from other sounds: {error}"

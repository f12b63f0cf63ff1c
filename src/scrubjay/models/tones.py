"""Bytes as tones: what the fake voice says and the fake listener hears, exactly.

Every half of a byte is one of sixteen tones, two and a half milliseconds long; the tones are whole
numbers of waves, so that the Fourier transform of one falls into a single bin.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scrubjay.core.types import SAMPLE_RATE, Sound

LENGTH = 40
"""Samples of a tone."""
LOWEST_BIN = 2
TONES = 16
LOUD = 0.05
PURE = 0.9
"""Least share of a tone's energy in its own bin."""


class Tone(NamedTuple):
    """A byte that was heard, from `start_s` to `end_s` seconds."""

    value: int
    start_s: float
    end_s: float


def spell(message: bytes, *, pause: int = 2) -> Sound:
    """(samples,) at 16 kHz: two tones a byte, then `pause` tones' length of silence."""
    values = np.frombuffer(message, np.uint8)
    halves = np.stack([values >> 4, values & 15], axis=1).astype(np.int64)
    tones = np.zeros((len(values), 2 + pause, LENGTH), np.float32)
    tones[:, :2] = _alphabet()[halves]
    return tones.reshape(-1)


def hear(sound: Sound) -> list[Tone]:
    """The bytes in a sound, up to the first part of it that is no tone."""
    loud = np.flatnonzero(np.abs(sound) > LOUD)
    if not len(loud):
        return []
    first = int(loud[0])
    count = (len(sound) - first) // LENGTH
    pieces = sound[first : first + count * LENGTH].reshape(count, LENGTH)
    places = np.flatnonzero(np.abs(pieces).max(axis=1) > LOUD)
    power = np.abs(np.fft.rfft(pieces[places], axis=1)) ** 2
    bins = power.argmax(axis=1)
    share = power.max(axis=1, initial=0.0) / np.maximum(power.sum(axis=1), 1e-12)
    known = (share > PURE) & (bins >= LOWEST_BIN) & (bins < LOWEST_BIN + TONES)
    good = len(known) if known.all() else int(np.argmin(known))
    halves = (bins[:good] - LOWEST_BIN).tolist()
    at = (first + places[:good] * LENGTH).tolist()
    return [
        Tone(
            halves[one] << 4 | halves[one + 1],
            at[one] / SAMPLE_RATE,
            (at[one + 1] + LENGTH) / SAMPLE_RATE,
        )
        for one in range(0, good - 1, 2)
    ]


def _alphabet() -> Sound:
    """(16, LENGTH): cosines, so that each is loud from its first sample."""
    waves = np.arange(LOWEST_BIN, LOWEST_BIN + TONES)[:, None]
    tones: Sound = (0.5 * np.cos(2 * np.pi * waves * np.arange(LENGTH) / LENGTH)).astype(np.float32)
    return tones

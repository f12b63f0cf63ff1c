"""A spoken text as the bytes of a file, in the formats OpenAI's clients know."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.hearing import Spoken

PCM_RATE: Final = 24_000
"""Samples a second of OpenAI's raw formats."""


@dataclass(frozen=True, slots=True)
class SoundFormat:
    """How a sound is written.

    Attributes:
        container: as libsndfile names it; None: bare samples.
        subtype: likewise.
        rate: samples a second it must have; None: any.
    """

    media_type: str
    container: str | None
    subtype: str = "PCM_16"
    rate: int | None = None


FORMATS: Final[Mapping[str, SoundFormat]] = {
    "mp3": SoundFormat("audio/mpeg", "MP3", "MPEG_LAYER_III", PCM_RATE),
    "opus": SoundFormat("audio/ogg", "OGG", "OPUS", PCM_RATE),
    "flac": SoundFormat("audio/flac", "FLAC"),
    "wav": SoundFormat("audio/wav", "WAV"),
    "pcm": SoundFormat("audio/pcm", None, rate=PCM_RATE),
    "pcm16": SoundFormat("audio/pcm", None, rate=PCM_RATE),
}
"""OpenAI's names; `pcm16` is `pcm` where an answer is spoken. `aac` cannot be written."""


def written_sound(spoken: Spoken, name: str) -> bytes:
    """The bytes of a sound in one of FORMATS; takes its time, in a thread."""
    kind = FORMATS[name]
    samples, rate = _at(spoken, kind.rate)
    if kind.container is None:
        from scrubjay.models.wave_bytes import pcm16

        return pcm16(samples)
    import soundfile

    out = io.BytesIO()
    soundfile.write(out, np.clip(samples, -1, 1), rate, format=kind.container, subtype=kind.subtype)
    return out.getvalue()


def _at(spoken: Spoken, rate: int | None) -> tuple[NDArray[np.float32], int]:
    if rate in {None, spoken.rate}:
        return spoken.samples, spoken.rate
    import soxr

    made: NDArray[np.float32] = soxr.resample(spoken.samples, spoken.rate, rate, quality="HQ")
    return made, int(rate or spoken.rate)

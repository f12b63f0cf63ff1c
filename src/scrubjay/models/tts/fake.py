"""A voice without a voice: every byte of a text is a tone, which the fake listener reads back.

For tests, and for developers of other rooms. Any language.
"""

from __future__ import annotations

import hashlib

import numpy as np

from scrubjay.core.hearing import Spoken
from scrubjay.core.looking import ModelSpec
from scrubjay.core.types import SAMPLE_RATE
from scrubjay.models.spoken_language import check_length, check_speed, language_code
from scrubjay.models.tones import spell

PAUSE = 2
SILENCE_S = 0.1


def load() -> FakeVoice:
    """A fake voice."""
    return FakeVoice()


class FakeVoice:
    """A Voice of tones: the language's code on a line of its own, then the text."""

    @property
    def spec(self) -> ModelSpec:
        """Family `fake`."""
        return ModelSpec("fake", "fake", hashlib.sha256(b"fake voice 1").hexdigest())

    def speak(self, text: str, *, language: str | None = None, speed: float = 1.0) -> Spoken:
        """A text as tones, about 10 ms a byte; faster, there is less silence between them.

        Raises:
            WrongUse: no language, speed or length that can be spoken.
        """
        pause = round(PAUSE / check_speed(speed))
        code = "en" if language is None else language_code(language)
        said = check_length(text)
        samples = np.zeros(round(SILENCE_S * SAMPLE_RATE), np.float32)
        if said.strip():
            samples = spell(f"{code}\n{said}".encode("utf-8", "replace"), pause=pause)
        return Spoken(samples, SAMPLE_RATE, code, "fake")

"""A listener that reads back the tones of the fake voice, exactly; in all else it hears nothing.

For tests, and for developers of other rooms. Any language: the voice says which.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from scrubjay.core.hearing import Heard, Transcript
from scrubjay.core.looking import ModelSpec
from scrubjay.core.types import SAMPLE_RATE, Sound
from scrubjay.models.speech_input import as_sound
from scrubjay.models.spoken_language import checked_words, language_code
from scrubjay.models.tones import Tone, hear

NEWLINE = ord("\n")


def load() -> FakeListener:
    """A fake listener."""
    return FakeListener()


class FakeListener:
    """A SpeechToText for what the fake voice says."""

    @property
    def spec(self) -> ModelSpec:
        """Family `fake`."""
        return ModelSpec("fake", "fake", hashlib.sha256(b"fake listener 1").hexdigest())

    def transcribe(
        self, sound: Sound, *, language: str | None = None, words: Sequence[str] | None = None
    ) -> Transcript:
        """A segment a line that is not empty, with the confidence 1.

        Raises:
            BadMedia: it is no sound.
            WrongUse: no code of a language, or no words.
        """
        tones = hear(as_sound(sound))
        wanted = None if words is None else {one.casefold() for one in checked_words(words)}
        given = None if language is None else language_code(language)
        told, *lines = _lines(tones)
        return Transcript(
            segments=tuple(
                Heard(text, line[0].start_s, line[-1].end_s, 1.0)
                for line in lines
                if (text := _only(_text(line), wanted)).strip()
            ),
            language=given or _text(told) or None,
            duration_s=len(sound) / SAMPLE_RATE,
            listener="fake",
            language_confidence=1.0 if told and given is None else None,
        )


def _lines(tones: list[Tone]) -> list[list[Tone]]:
    lines: list[list[Tone]] = [[]]
    for tone in tones:
        if tone.value == NEWLINE:
            lines.append([])
        else:
            lines[-1].append(tone)
    return lines


def _text(line: list[Tone]) -> str:
    return bytes(tone.value for tone in line).decode("utf-8", "replace")


def _only(text: str, wanted: set[str] | None) -> str:
    if wanted is None:
        return text
    return " ".join(word for word in text.split() if word.strip(".,!?").casefold() in wanted)

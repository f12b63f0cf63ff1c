"""Sentences to sounds with espeak-ng's own library, each word with its time.

The library is reached through ctypes: starting the command for every sentence is ten times slower.
It keeps one voice for a whole process, and what it said before is heard in what it says next, in
noise and phases. So the same sentences in the same order sound the same, in a fresh process.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import NotReady
from scrubjay.core.types import SAMPLE_RATE, Sound
from scrubjay.media.world.things import Language

ACCENTS: dict[Language, tuple[str, ...]] = {
    Language.ENGLISH: ("en-us", "en-us", "en", "en-gb-x-rp", "en-029"),
    Language.SPANISH: ("es", "es-419"),
    Language.FRENCH: ("fr", "fr-be"),
    Language.GERMAN: ("de",),
}
HELD_OUT_ACCENT = "en-gb-scotland"
"""English that is only spoken in tests."""
HELD_OUT_EVERY = 6
"""One voice in so many is only heard in tests."""
UNCLEAR = {"whisper", "whisperf", "croak", "fast", "UniRobot", "Demonic", "test"}
"""Variants a person hardly understands."""
RATES, PITCHES, RANGES = (120, 215), (25, 75), (30, 70)

SYNCHRONOUS = 2
UTF8 = 1
CHARACTERS = 1
WORD_EVENT = 1
LAST_EVENT = 0
RATE_PARAMETER, PITCH_PARAMETER, RANGE_PARAMETER = 1, 3, 4
SILENCE = 1e-3


class Voice(NamedTuple):
    """Who speaks, and how.

    Attributes:
        name: espeak-ng's, accent and variant.
        rate: words a minute.
        pitch: from 0 to 99.
        spread: of the pitch, from 0 to 99.
    """

    name: str
    rate: int
    pitch: int
    spread: int


class SpokenWord(NamedTuple):
    """A word of a sentence: characters from `start` to `end`, said from `begin` to `finish` s."""

    start: int
    end: int
    begin: float
    finish: float


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """A sentence said: 16 kHz samples and the time of every word."""

    sound: Sound
    words: tuple[SpokenWord, ...]


class _Identifier(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class _Event(ctypes.Structure):
    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Identifier),
    ]


_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Speaker:
    """espeak-ng, ready to speak."""

    def __init__(self) -> None:
        """Load the library.

        Raises:
            NotReady: espeak-ng is not installed.
        """
        self._library, self._rate = _ready_library()
        self._samples: list[NDArray[np.int16]] = []
        self._words: list[tuple[int, int, float]] = []
        self._callback = _CALLBACK(self._take)

    def say(self, text: str, voice: Voice) -> Spoken:
        """Speak one sentence; the silence around it is left out.

        Raises:
            NotReady: there is no such voice.
        """
        self._library.espeak_SetSynthCallback(self._callback)
        if self._library.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise NotReady(f"espeak-ng has no voice {voice.name!r}")
        settings = zip((RATE_PARAMETER, PITCH_PARAMETER, RANGE_PARAMETER), voice[1:], strict=True)
        for parameter, value in settings:
            self._library.espeak_SetParameter(parameter, value, 0)
        self._samples.clear()
        self._words.clear()
        raw = text.encode() + b"\0"
        self._library.espeak_Synth(raw, len(raw), 0, CHARACTERS, 0, UTF8, None, None)
        self._library.espeak_Synchronize()
        return self._trimmed()

    def _take(self, wave: Any, count: int, events: Any) -> int:  # noqa: ANN401 - ctypes pointers
        if count > 0 and wave:
            self._samples.append(np.ctypeslib.as_array(wave, (count,)).copy())
        at = 0
        while events[at].type != LAST_EVENT:
            event = events[at]
            if event.type == WORD_EVENT:
                start = event.text_position - 1
                self._words.append((start, start + event.length, event.audio_position / 1000))
            at += 1
        return 0

    def _trimmed(self) -> Spoken:
        raw = np.concatenate(self._samples) if self._samples else np.zeros(1, np.int16)
        sound = raw.astype(np.float32) / np.float32(32768)
        loud = np.flatnonzero(np.abs(sound) > SILENCE)
        first, last = (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, len(sound))
        offset, length = first / self._rate, (last - first) / self._rate
        ends = [*(begin for _, _, begin in self._words[1:]), last / self._rate]
        words = tuple(
            SpokenWord(start, end, *(min(length, max(0.0, at - offset)) for at in (begin, finish)))
            for (start, end, begin), finish in zip(self._words, ends, strict=True)
            # The sentence's end is told as a word without letters.
            if end > start
        )
        return Spoken(_at_16_khz(sound[first:last], self._rate), words)


def _at_16_khz(sound: NDArray[np.floating[Any]], rate: int) -> Sound:
    import soxr

    found: Sound = soxr.resample(sound, rate, SAMPLE_RATE, quality="HQ").astype(np.float32)
    return found


@lru_cache(maxsize=1)
def _ready_library() -> tuple[ctypes.CDLL, int]:
    """The library and its samples a second; to initialise it again would forget the voice."""
    found = ctypes.util.find_library("espeak-ng")
    if found is None:
        raise NotReady("espeak-ng is not installed (Debian: apt-get install espeak-ng)")
    library = ctypes.CDLL(found)
    rate = int(library.espeak_Initialize(SYNCHRONOUS, 0, None, 0))
    if rate <= 0:
        raise NotReady("espeak-ng does not find its voices; install it again")
    return library, rate


@lru_cache(maxsize=2)
def variants(*, held_out: bool) -> tuple[str, ...]:
    """Voice variants espeak-ng has: those of the training, or those only heard in tests.

    Raises:
        NotReady: espeak-ng is not installed.
    """
    folder = _data_folder() / "voices" / "!v"
    names = sorted(path.name for path in folder.iterdir() if path.name not in UNCLEAR)
    clear = [name for name in names if " " not in name]
    return tuple(name for at, name in enumerate(clear) if (at % HELD_OUT_EVERY == 2) == held_out)


def _data_folder() -> Path:
    library, _ = _ready_library()
    library.espeak_Info.restype = ctypes.c_char_p
    path = ctypes.c_char_p()
    library.espeak_Info(ctypes.byref(path))
    return Path((path.value or b"").decode())


def any_voice(language: Language, random: np.random.Generator, *, held_out: bool = False) -> Voice:
    """A voice at random, of the training or of the tests."""
    accents: Sequence[str] = ACCENTS[language]
    if held_out and language is Language.ENGLISH:
        accents = (*accents, HELD_OUT_ACCENT)
    known = variants(held_out=held_out)
    accent = accents[int(random.integers(len(accents)))]
    return Voice(
        f"{accent}+{known[int(random.integers(len(known)))]}",
        int(random.integers(*RATES)),
        int(random.integers(*PITCHES)),
        int(random.integers(*RANGES)),
    )

"""espeak-ng: a plain voice in more than a hundred languages, offline.

Each text is spoken by a process of its own, which gets its options as a list and the text on its
standard input, so that nothing in a text can be an option. Without `-m` espeak-ng reads SSML aloud
as text; the two other things it would obey, control characters and phonemes in `[[ ]]`, are taken
out.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import NotReady, ScrubjayError, UnknownName, WrongUse
from scrubjay.core.hearing import Spoken
from scrubjay.core.looking import ModelSpec
from scrubjay.models.spoken_language import check_speed, language_code, speakable

COMMAND: Final = "espeak-ng"
WORDS_A_MINUTE: Final = 165
"""At speed 1. espeak-ng speaks no slower than 80, half of it."""
SLOWEST: Final = 80
SILENCE_S: Final = 0.1
RATE: Final = 22_050
PATIENCE_S: Final = 60.0
LONGEST_S: Final = 1_200
BLOCK: Final = 1 << 18
HEADER: Final = 44

_LISTED = re.compile(r"\s*(\d+)\s+(\S+)\s+\S+\s+\S+\s+(?:\S*/)?\S+\s*(.*)")
_ALSO = re.compile(r"\((\S+) (\d+)\)")
_PHONEMES = re.compile(r"\[(?=\[)")
_VARIANT = re.compile(r"!v/(\S+)")


class Listed(NamedTuple):
    """A voice espeak-ng has.

    Attributes:
        code: of its language, as `de` or `en-gb-scotland`.
        languages: code in lower case -> rank for it, 1 the best.
    """

    code: str
    languages: dict[str, int]


def load(*, voice: str = "en-us", words_a_minute: int = WORDS_A_MINUTE, pitch: int = 50) -> Espeak:
    """espeak-ng as it is installed.

    Args:
        voice: code of a language or accent (`espeak-ng --voices`), and after a `+` a variant
            (`espeak-ng --voices=variant`), as in `en-gb+f3`.
        words_a_minute: at speed 1.
        pitch: from 0 to 99.

    Raises:
        NotReady: espeak-ng is not installed.
        UnknownName: it has no such voice.
        WrongUse: a speed or pitch it does not speak at.
    """
    if not SLOWEST <= words_a_minute <= 450:
        raise WrongUse(f"words_a_minute must be from {SLOWEST} to 450, not {words_a_minute}")
    if not 0 <= pitch <= 99:
        raise WrongUse(f"pitch must be from 0 to 99, not {pitch}")
    code, plus, variant = voice.partition("+")
    known = _voices(_command())
    found = _best(known, code.lower())
    if found is None:
        raise UnknownName("voice of espeak-ng", code, _languages(known))
    if plus and variant not in (variants := _variants(_command())):
        raise UnknownName("variant of espeak-ng's voices", variant, variants)
    return Espeak(found + plus + variant, words_a_minute, pitch)


class Espeak:
    """A Voice in every language espeak-ng has."""

    def __init__(self, voice: str, words_a_minute: int, pitch: int) -> None:
        self._command = _command()
        self._voices = _voices(self._command)
        self._code, plus, variant = voice.partition("+")
        self._variant = plus + variant
        self._words_a_minute = words_a_minute
        self._pitch = pitch

    @property
    def spec(self) -> ModelSpec:
        """Family `espeak`; the fingerprint follows from its version and options."""
        described = f"{_version(self._command)} {self._name()} {self._words_a_minute} {self._pitch}"
        return ModelSpec(
            "espeak",
            self._name(),
            hashlib.sha256(described.encode()).hexdigest(),
            languages=tuple(sorted(code for code in _languages(self._voices) if len(code) == 2)),
        )

    def speak(self, text: str, *, language: str | None = None, speed: float = 1.0) -> Spoken:
        """A text as a sound of 22,050 samples a second.

        Raises:
            WrongUse: a language it does not speak, or a text it has no sounds for or that takes
                too long to say.
            ScrubjayError: espeak-ng failed.
        """
        rate = max(SLOWEST, round(self._words_a_minute * check_speed(speed)))
        voice = self._voice_for(language) + self._variant
        code = language_code(voice.partition("+")[0] if language is None else language)
        said = _PHONEMES.sub("[ ", speakable(text))
        if not said:
            silence = np.zeros(round(SILENCE_S * RATE), np.float32)
            return Spoken(silence, RATE, code, f"espeak-ng {voice}")
        data, samples_a_second = self._run(said, voice, rate)
        if not data.any() and any(one.isalnum() for one in said):
            raise WrongUse(f"espeak-ng's voice {voice!r} has no sounds for this text")
        samples = data.astype(np.float32) / np.float32(32768)
        return Spoken(samples, samples_a_second, code, f"espeak-ng {voice}")

    def _name(self) -> str:
        return f"espeak-ng {self._code}{self._variant}"

    def _voice_for(self, language: str | None) -> str:
        """Code of the best voice for a language; its own where that speaks it."""
        if language is None:
            return self._code
        wanted = language.strip().lower().replace("_", "-")
        wanted_code = language_code(wanted)
        own = next(one for one in self._voices if one.code == self._code)
        for asked in (wanted, wanted_code):
            if asked in own.languages:
                return self._code
            if (found := _best(self._voices, asked)) is not None:
                return found
        raise UnknownName("language of espeak-ng", wanted_code, _languages(self._voices))

    def _run(self, text: str, voice: str, rate: int) -> tuple[NDArray[np.int16], int]:
        options = ["--stdin", "--stdout", "-b", "1", "-v", voice, "-s", str(rate)]
        options += ["-p", str(self._pitch)]
        with subprocess.Popen(
            [self._command, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            stopped = threading.Event()

            def stop() -> None:
                stopped.set()
                process.kill()

            clock = threading.Timer(PATIENCE_S, stop)
            clock.start()
            try:
                data = _spoken(process, text.encode("utf-8", "ignore"))
            finally:
                clock.cancel()
                process.kill()
        if stopped.is_set():
            raise ScrubjayError(f"espeak-ng was still speaking after {PATIENCE_S:.0f} s; say less")
        if len(data) < HEADER or data[:4] != b"RIFF":
            raise ScrubjayError(
                f"espeak-ng said nothing with the voice {voice!r}; install it again"
            )
        found = int.from_bytes(data[24:28], "little")
        return np.frombuffer(data, "<i2", offset=HEADER, count=(len(data) - HEADER) // 2), found


def _spoken(process: subprocess.Popen[bytes], text: bytes) -> bytes:
    """Everything a process says of a text.

    Raises:
        WrongUse: it does not end.
    """
    if process.stdin is None or process.stdout is None:
        raise ScrubjayError("espeak-ng was started without its pipes")
    # A text fits into a pipe, and espeak-ng reads all of it before it speaks.
    try:
        process.stdin.write(text)
        process.stdin.close()
    except BrokenPipeError:
        pass
    most = LONGEST_S * RATE * 2 + HEADER
    heard = bytearray()
    while block := process.stdout.read(BLOCK):
        heard += block
        if len(heard) > most:
            raise WrongUse(
                f"saying this text takes longer than {LONGEST_S // 60} minutes; give it in parts"
            )
    return bytes(heard)


def _command() -> str:
    found = shutil.which(COMMAND)
    if found is None:
        raise NotReady(
            "espeak-ng, which speaks, is not installed: apt-get install espeak-ng (Debian, "
            "Ubuntu), dnf install espeak-ng (Fedora) or brew install espeak-ng (macOS); or choose "
            "another voice with tts=..."
        )
    return found


def _best(voices: Sequence[Listed], language: str) -> str | None:
    """Code of the voice that is best for a language or accent; None: there is none."""
    ranked = [(one.languages[language], one.code) for one in voices if language in one.languages]
    return min(ranked)[1] if ranked else None


def _languages(voices: Sequence[Listed]) -> set[str]:
    return {code for one in voices for code in one.languages}


@lru_cache(maxsize=4)
def _version(command: str) -> str:
    return _ask(command, "--version").partition("  Data")[0]


@lru_cache(maxsize=4)
def _voices(command: str) -> tuple[Listed, ...]:
    voices = []
    for line in _ask(command, "--voices").splitlines():
        if (found := _LISTED.fullmatch(line)) is None:
            continue
        rank, code, also = found.groups()
        others = {other: int(its) for other, its in _ALSO.findall(also)}
        voices.append(Listed(code, {**others, code.lower(): int(rank)}))
    if not voices:
        raise NotReady("espeak-ng does not find its voices; install it again")
    return tuple(voices)


@lru_cache(maxsize=4)
def _variants(command: str) -> frozenset[str]:
    return frozenset(_VARIANT.findall(_ask(command, "--voices=variant")))


def _ask(command: str, option: str) -> str:
    try:
        done = subprocess.run(
            [command, option], capture_output=True, check=True, timeout=PATIENCE_S
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NotReady(f"espeak-ng does not run; install it again: {error}") from error
    return done.stdout.decode("utf-8", "replace")

"""Answers that may be asked for aloud: kept for some minutes, each for who was answered.

An answer is spoken when its sound is asked for, and not before: who only reads costs no voice.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from scrubjay.core.errors import UnknownName
from scrubjay.core.hearing import Spoken
from scrubjay.models.wave_bytes import encode_wave

KEPT_S: Final = 15 * 60.0
MOST: Final = 200
"""Answers kept at once; the oldest goes first."""
MOST_BYTES: Final = 32 * 1024 * 1024
"""Memory that sounds may take together; one that was dropped is spoken again when asked for."""
LONGEST: Final = 4_000
"""Characters that are spoken; the page shows the rest."""

Speak = Callable[[str, str], Awaitable[Spoken]]
"""(text, two-letter language) to a sound."""


@dataclass(slots=True)
class _Kept:
    text: str
    language: str
    owner: str
    until: float
    sound: bytes | None = None
    speaking: asyncio.Lock = field(default_factory=asyncio.Lock)


class SpokenAnswers:
    """What was answered lately, by names that cannot be guessed."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, _Kept] = {}

    def keep(self, text: str, language: str, *, owner: str) -> str:
        """Remember what may be asked for aloud.

        Args:
            owner: only who shows it again is given the sound.

        Returns:
            Its name.
        """
        self._forget_old()
        while len(self._kept) >= MOST:
            del self._kept[next(iter(self._kept))]
        name = secrets.token_urlsafe(16)
        self._kept[name] = _Kept(text[:LONGEST], language, owner, self._clock() + KEPT_S)
        return name

    async def sound(self, name: str, *, owner: str, speak: Speak) -> bytes:
        """An answer as a WAV file; spoken once, however often it is asked for meanwhile.

        Raises:
            UnknownName: it is not kept any more, never was, or is somebody else's.
        """
        self._forget_old()
        kept = self._kept.get(name)
        if kept is None or not secrets.compare_digest(kept.owner.encode(), owner.encode()):
            raise _Gone
        async with kept.speaking:
            if kept.sound is None:
                kept.sound = _file(await speak(kept.text, kept.language))
                self._make_room(kept)
            return kept.sound

    def _forget_old(self) -> None:
        now = self._clock()
        for name in [name for name, one in self._kept.items() if one.until <= now]:
            del self._kept[name]

    def _make_room(self, newest: _Kept) -> None:
        room = MOST_BYTES - len(newest.sound or b"")
        for one in reversed(self._kept.values()):
            if one is newest or one.sound is None:
                continue
            room -= len(one.sound)
            if room < 0:
                one.sound = None


class _Gone(UnknownName):
    def __init__(self) -> None:
        self.name, self.known = "", ()
        Exception.__init__(
            self, "this answer is kept for some minutes only, and they are over; ask again"
        )


def _file(spoken: Spoken) -> bytes:
    return encode_wave(spoken.samples, spoken.rate)

"""The models of the chains, each loaded once, when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Final, cast

from scrubjay.ask.settings import AskSettings, Choice
from scrubjay.core.protocols import SpeechToText, TextReader, VisionLanguage, Voice
from scrubjay.models.family import Room
from scrubjay.models.load import load_asr, load_ocr, load_tts, load_vlm

ASIDE: Final = frozenset({"remote"})
"""Families that work elsewhere, for several threads at once."""

_LOAD: Final[dict[Room, Callable[..., Any]]] = {
    Room.VLM: load_vlm,
    Room.OCR: load_ocr,
    Room.ASR: load_asr,
    Room.TTS: load_tts,
}


class Models:
    """What looks, reads, hears and speaks; threads may share it.

    Whoever calls a model does it in `turn`: most families serve one thread at a time.
    """

    def __init__(self, settings: AskSettings) -> None:
        """Nothing is loaded yet."""
        self.settings = settings
        self._loaded: dict[Room, object] = {}
        self._loading = {room: threading.Lock() for room in _LOAD}
        self._turns = {room: threading.RLock() for room in _LOAD}

    def vlm(self) -> VisionLanguage:
        """What looks at pictures; raises as `load_vlm`."""
        return cast("VisionLanguage", self._model(Room.VLM))

    def ocr(self) -> TextReader:
        """What reads text in them; raises as `load_ocr`."""
        return cast("TextReader", self._model(Room.OCR))

    def asr(self) -> SpeechToText:
        """What hears; raises as `load_asr`."""
        return cast("SpeechToText", self._model(Room.ASR))

    def tts(self) -> Voice:
        """What speaks; raises as `load_tts`."""
        return cast("Voice", self._model(Room.TTS))

    @contextmanager
    def turn(self, room: Room) -> Iterator[None]:
        """Keep a room's model to oneself, where it cannot serve several at once."""
        alone = self._chosen(room).family not in ASIDE
        with self._turns[room] if alone else nullcontext():
            yield

    def loaded(self, room: Room) -> bool:
        """Whether a room's model was needed before."""
        return room in self._loaded

    def _model(self, room: Room) -> object:
        with self._loading[room]:
            if room not in self._loaded:
                chosen = self._chosen(room)
                self._loaded[room] = _LOAD[room](chosen.family, **chosen.options)
            return self._loaded[room]

    def _chosen(self, room: Room) -> Choice:
        return cast("Choice", getattr(self.settings, room.value))

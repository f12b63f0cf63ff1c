"""What listens to videos and reads in them; where it is not installed, they are indexed without."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, Protocol, TypeVar

from scrubjay.core.config import ModelChoice
from scrubjay.core.errors import MissingExtra
from scrubjay.core.protocols import SpeechToText, TextReader
from scrubjay.models.load import load_asr, load_ocr

T = TypeVar("T")


class FilmModels(Protocol):
    """Models that are loaded when they are first needed."""

    def listener(self) -> SpeechToText | None:
        """What hears what is said; None: it is not installed."""
        ...

    def reader(self) -> TextReader | None:
        """What reads the text on screen; None: it is not installed."""
        ...

    def lacking(self) -> tuple[str, ...]:
        """What was asked for and is not installed, and what that costs, a sentence each."""
        ...


class LazyModels:
    """Models by how they are loaded; each is tried once. Threads may share it."""

    def __init__(
        self, listener: Callable[[], SpeechToText], reader: Callable[[], TextReader]
    ) -> None:
        """Nothing is loaded yet."""
        self._listener = _Once(listener, "what is said in videos is not searched by its words")
        self._reader = _Once(reader, "what is written in videos is not searched")

    def listener(self) -> SpeechToText | None:
        """What hears what is said; raises as `load_asr`, save for a missing extra."""
        return self._listener.get()

    def reader(self) -> TextReader | None:
        """What reads the text on screen; raises as `load_ocr`, save for a missing extra."""
        return self._reader.get()

    def lacking(self) -> tuple[str, ...]:
        """What is not installed, of what was asked for."""
        told = (self._listener.lacking, self._reader.lacking)
        return tuple(one for one in told if one is not None)


class _Once(Generic[T]):
    def __init__(self, load: Callable[[], T], cost: str) -> None:
        self._load = load
        self._cost = cost
        self._loaded: T | None = None
        self._loading = Lock()
        self.lacking: str | None = None

    def get(self) -> T | None:
        with self._loading:
            if self._loaded is None and self.lacking is None:
                try:
                    self._loaded = self._load()
                except MissingExtra as error:
                    self.lacking = f"{self._cost}: {error}"
            return self._loaded


class NoModels:
    """Neither: videos are indexed by picture and sound alone, and nobody misses the rest."""

    def listener(self) -> None:
        """Nothing."""

    def reader(self) -> None:
        """Nothing."""

    def lacking(self) -> tuple[str, ...]:
        """Nothing."""
        return ()


_opened: dict[str, LazyModels] = {}
_opening = Lock()


def chosen_models(listener: ModelChoice, reader: ModelChoice) -> LazyModels:
    """Models by their families, the same ones in a whole process."""
    name = repr((listener, reader))
    with _opening:
        if name not in _opened:
            _opened[name] = LazyModels(
                lambda: load_asr(listener.family, **listener.options),
                lambda: load_ocr(reader.family, **reader.options),
            )
        return _opened[name]

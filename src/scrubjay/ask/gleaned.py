"""What models found in items of the collection, from the cache where it is known."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final, Protocol, TypeVar

from scrubjay.core.hearing import Transcript
from scrubjay.core.looking import ModelSpec, Reply, Sampling
from scrubjay.core.reading import Reading
from scrubjay.core.types import Item, Picture

T = TypeVar("T")

REMEMBERED: Final = 256
"""Pictures that were handed over whose text is known for the next question."""
REMEMBERED_OF_VIDEOS: Final = 20_000
"""Captions, readings and the like of videos that were handed over; some hours of them."""


class Kept(Protocol):
    """Where it is kept; `store.gleanings.Gleanings` is one."""

    def get(self, sha256: str, what: str, fingerprint: str) -> dict[str, Any] | None:
        """What was kept; None where nothing was."""
        ...

    def put(self, sha256: str, what: str, fingerprint: str, told: Mapping[str, Any]) -> bool:
        """Keep it."""
        ...

    def remove(self, sha256s: Iterable[str]) -> int:
        """Take away all that is kept of some bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Captioned:
    """By which model, and how, a picture was described."""

    spec: ModelSpec
    sampling: Sampling

    @property
    def key(self) -> str:
        """Changes when a caption may."""
        return hashlib.sha256(f"{self.spec.fingerprint} {self.sampling}".encode()).hexdigest()


class Gleaned:
    """Asks the cache before it asks a model. What was handed over (no item) is never written."""

    def __init__(
        self, kept: Kept | None = None, *, still_here: Callable[[Item], bool] = lambda item: True
    ) -> None:
        """Name the cache.

        Args:
            still_here: whether an item has not been forgotten while a model was at it.
        """
        self._kept = kept
        self._still_here = still_here
        self._readings: OrderedDict[str, Reading] = OrderedDict()
        self._remembering = Lock()
        self._films = _Remembered()

    def reading(
        self, item: Item | None, picture: Picture, spec: ModelSpec, read: Callable[[], Reading]
    ) -> Reading:
        """The text in a picture; of one that was handed over it is known while the process runs."""
        if item is None:
            return self._read_once(picture, spec, read)
        return self._known(
            item, "reading", spec.fingerprint, read, tell=Reading.to_json, parse=Reading.from_json
        )

    def _read_once(self, picture: Picture, spec: ModelSpec, read: Callable[[], Reading]) -> Reading:
        content = hashlib.sha256(f"{spec.fingerprint} {picture.shape} ".encode())
        content.update(picture.tobytes())
        key = content.hexdigest()
        with self._remembering:
            if key in self._readings:
                self._readings.move_to_end(key)
                return self._readings[key]
        reading = read()
        with self._remembering:
            self._readings[key] = reading
            if len(self._readings) > REMEMBERED:
                self._readings.popitem(last=False)
        return reading

    def transcript(
        self,
        item: Item,
        language: str | None,
        spec: ModelSpec,
        hear: Callable[[], Transcript],
        *,
        part: tuple[int, int] | None = None,
    ) -> Transcript:
        """What is said in a recording, or in a part of it, in seconds from its beginning."""
        what = "_".join(["transcript", *([language] if language else []), *map(str, part or ())])
        return self._known(
            item, what, spec.fingerprint, hear, tell=Transcript.to_json, parse=Transcript.from_json
        )

    def kept_of(self, item: Item | None) -> Kept:
        """Where what is found in a video is kept: the cache, or this process of one handed over."""
        if item is None or self._kept is None:
            return self._films
        return _While(self._kept, lambda: self._still_here(item))

    def frame_caption(
        self, sha256: str, item: Item | None, at_s: float, said: Captioned
    ) -> Reply | None:
        """What a frame of a video shows, where it was said before."""
        told = self.kept_of(item).get(sha256, _caption_at(at_s), said.key)
        try:
            return None if told is None else reply_of(told)
        except (KeyError, TypeError, ValueError):
            return None  # somebody else's file: it is said again

    def keep_frame_caption(
        self, sha256: str, item: Item | None, at_s: float, said: Captioned, reply: Reply
    ) -> None:
        """Keep what a frame of a video shows; on a full disk it is said again another time."""
        with suppress(OSError):
            self.kept_of(item).put(sha256, _caption_at(at_s), said.key, _reply_told(reply))

    def caption(
        self, item: Item | None, spec: ModelSpec, sampling: Sampling, say: Callable[[], Reply]
    ) -> Reply:
        """What a picture shows."""
        key = Captioned(spec, sampling).key
        return self._known(item, "caption", key, say, tell=_reply_told, parse=reply_of)

    def _known(
        self,
        item: Item | None,
        what: str,
        fingerprint: str,
        make: Callable[[], T],
        *,
        tell: Callable[[T], dict[str, Any]],
        parse: Callable[[Mapping[str, Any]], T],
    ) -> T:
        if self._kept is None or item is None:
            return make()
        told = self._kept.get(item.sha256, what, fingerprint)
        if told is not None:
            try:
                return parse(told)
            except (KeyError, TypeError, ValueError):
                told = None  # somebody else's file: it is made again
        told = tell(make())
        # A full disk, or a home that may only be read, is no reason to leave a question unanswered.
        with suppress(OSError):
            self._kept.put(item.sha256, what, fingerprint, told)
            if not self._still_here(item):
                self._kept.remove([item.sha256])
        return parse(told)


class _Remembered:
    """What is known of videos while the process runs; the newest entries."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str, str], dict[str, Any]] = OrderedDict()
        self._remembering = Lock()

    def get(self, sha256: str, what: str, fingerprint: str) -> dict[str, Any] | None:
        with self._remembering:
            return self._known.get((sha256, what, fingerprint))

    def put(self, sha256: str, what: str, fingerprint: str, told: Mapping[str, Any]) -> bool:
        with self._remembering:
            self._known[sha256, what, fingerprint] = dict(told)
            while len(self._known) > REMEMBERED_OF_VIDEOS:
                self._known.popitem(last=False)
        return True

    def remove(self, sha256s: Iterable[str]) -> int:
        gone = set(sha256s)
        with self._remembering:
            keys = [key for key in self._known if key[0] in gone]
            for key in keys:
                del self._known[key]
        return len(keys)


@dataclass(frozen=True, slots=True)
class _While:
    """The cache, as long as an item has not been forgotten."""

    kept: Kept
    still_here: Callable[[], bool]

    def get(self, sha256: str, what: str, fingerprint: str) -> dict[str, Any] | None:
        return self.kept.get(sha256, what, fingerprint)

    def put(self, sha256: str, what: str, fingerprint: str, told: Mapping[str, Any]) -> bool:
        done = self.kept.put(sha256, what, fingerprint, told)
        if not self.still_here():
            self.kept.remove([sha256])
        return done

    def remove(self, sha256s: Iterable[str]) -> int:
        return self.kept.remove(sha256s)


def reply_of(told: Mapping[str, Any]) -> Reply:
    """A reply as it was kept."""
    return Reply(str(told["text"]), bool(told["told"]), told["confidence"])


def _caption_at(at_s: float) -> str:
    return f"caption_{round(1000 * at_s)}"


def _reply_told(reply: Reply) -> dict[str, Any]:
    return {"text": reply.text, "told": reply.told, "confidence": reply.confidence}

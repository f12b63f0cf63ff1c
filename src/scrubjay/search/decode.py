"""Items to arrays, ahead of need: worker threads decode in order within a bounded memory."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia, ScrubjayError
from scrubjay.core.types import SAMPLE_RATE, EncoderSpec, Item, Kind, Media, Modality, Sound

AHEAD_BYTES: Final = 256 * 1024 * 1024
"""Decoded bytes that may wait for the encoder; one more item per thread may be on its way."""

DEFAULT_LIMITS: Final = MediaLimits()

MODALITY_OF: Final = {
    Kind.IMAGE: Modality.IMAGE,
    Kind.SPEECH: Modality.SPEECH,
    Kind.TEXT: Modality.TEXT,
}
"""The tower that reads each kind of item; a video is read by all there are, moment by moment."""

Read = Callable[[str], bytes]
"""The bytes behind a uri; a missing file raises BadMedia."""


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """One thing to encode: a whole item (no times), or a span of a recording in seconds."""

    media: Media
    start_s: float | None = None
    end_s: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """An item and what it became: segments, or the reason there are none."""

    item: Item
    segments: tuple[Segment, ...] = ()
    problem: str | None = None

    @property
    def size(self) -> int:
        """Bytes held, at most; the windows of a recording share its samples."""
        media = [segment.media for segment in self.segments]
        return sum(len(one) if isinstance(one, str) else one.nbytes for one in media)


def unreadable_by(spec: EncoderSpec, item: Item) -> str | None:
    """Why this encoder can never embed the item, or None when it can."""
    if item.kind is Kind.VIDEO:
        if spec.modalities.isdisjoint({Modality.IMAGE, Modality.SPEECH}):
            return "the encoder has neither an image nor a speech tower"
        return None
    modality = MODALITY_OF[item.kind]
    if modality not in spec.modalities:
        return f"the encoder has no {modality.value} tower"
    return None


def decode_item(item: Item, spec: EncoderSpec, *, read: Read, limits: MediaLimits) -> Decoded:
    """Read and decode one item for this encoder; what goes wrong becomes its `problem`.

    A text item is its captions, else the UTF-8 text of its file. A recording longer than the
    encoder hears at once becomes windows that overlap by half. A video stays a file: it becomes
    nothing here.
    """
    problem = unreadable_by(spec, item)
    if problem is not None or item.kind is Kind.VIDEO:
        return Decoded(item, problem=problem)
    try:
        return Decoded(item, _segments(item, spec, read, limits))
    except BadMedia as error:
        return Decoded(item, problem=error.reason)
    except (ScrubjayError, OSError) as error:
        return Decoded(item, problem=str(error))


def _segments(
    item: Item, spec: EncoderSpec, read: Read, limits: MediaLimits
) -> tuple[Segment, ...]:
    if item.kind is Kind.TEXT and item.captions:
        return (Segment("\n".join(item.captions)),)
    data = read_unchanged(item, read)
    if item.kind is Kind.IMAGE:
        from scrubjay.media.image import decode_picture

        return (Segment(decode_picture(data, limits=limits, min_side=spec.image_size)),)
    if item.kind is Kind.SPEECH:
        from scrubjay.media.sandbox import decode_sound

        return windows(decode_sound(data, limits=limits), spec.speech_window_s)
    try:
        return (Segment(data.decode("utf-8")),)
    except UnicodeDecodeError as error:
        raise BadMedia("not UTF-8 text", item.uri) from error


def read_unchanged(item: Item, read: Read) -> bytes:
    """The item's bytes from the first of its names that still holds them.

    Raises:
        BadMedia: no name holds the bytes the item was added with.
    """
    gone: BadMedia | None = None
    for uri in item.uris:
        try:
            data = read(uri)
        except BadMedia as error:
            gone = gone or error
            continue
        if hashlib.sha256(data).hexdigest() == item.sha256:
            return data
        gone = BadMedia("changed since it was added; add its folder again", uri)
    raise gone or BadMedia("has no name to read it by", item.id)


def windows(sound: Sound, window_s: float | None) -> tuple[Segment, ...]:
    """A recording as views of at most `window_s` seconds, each half a window after the last.

    The last window ends where the recording ends. A recording that fits is one segment without
    times.
    """
    length = None if window_s is None else max(1, round(window_s * SAMPLE_RATE))
    if length is None or len(sound) <= length:
        return (Segment(sound),)
    hop = max(1, length // 2)
    starts = [*range(0, len(sound) - length, hop), len(sound) - length]
    return tuple(
        Segment(sound[start : start + length], start / SAMPLE_RATE, (start + length) / SAMPLE_RATE)
        for start in starts
    )


def decode_ahead(
    items: Iterable[Item], decode: Callable[[Item], Decoded], *, threads: int, ahead: int
) -> Iterator[Decoded]:
    """Decode in worker threads and yield in the original order.

    Args:
        items: read one at a time, by one thread at a time.
        decode: called in worker threads; whatever it raises is raised here.
        threads: worker threads, at least 1.
        ahead: items that may be decoded before they are taken.
    """
    line = _Line(iter(items), decode, ahead)
    workers = [
        threading.Thread(target=line.work, name=f"decode-{i}", daemon=True) for i in range(threads)
    ]
    for worker in workers:
        worker.start()
    try:
        yield from line.taken()
    finally:
        line.stop()
        for worker in workers:
            worker.join()


@dataclass(slots=True)
class _Line:
    """Items in the order they came: which are being decoded, which are ready, which were taken.

    A worker may begin the next item while fewer than `ahead` wait and their bytes are within
    AHEAD_BYTES. Whoever works on the item the reader waits for is never held back, so the line
    always moves.
    """

    source: Iterator[Item]
    decode: Callable[[Item], Decoded]
    ahead: int
    begun: int = 0
    given: int = 0
    held: int = 0
    ended: bool = False
    failure: BaseException | None = None
    ready: dict[int, Decoded] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def work(self) -> None:
        """Decode until the source ends, somebody fails, or the reader leaves."""
        try:
            while (next_one := self._begin()) is not None:
                position, item = next_one
                self._finish(position, self.decode(item))
        except BaseException as error:  # noqa: BLE001 - raised again in the reader's thread
            with self.changed:
                self.failure = self.failure or error
                self.ended = True
                self.changed.notify_all()

    def taken(self) -> Iterator[Decoded]:
        """Each item once, in order."""
        while (decoded := self._take()) is not None:
            yield decoded

    def stop(self) -> None:
        """Let the workers leave after what they are at."""
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def _begin(self) -> tuple[int, Item] | None:
        with self.changed:
            self.changed.wait_for(self._may_begin)
            if self.ended:
                return None
            item = next(self.source, None)
            if item is None:
                self.ended = True
                self.changed.notify_all()
                return None
            self.begun += 1
            return self.begun - 1, item

    def _may_begin(self) -> bool:
        waiting = self.begun - self.given
        return self.ended or waiting == 0 or (waiting < self.ahead and self.held < AHEAD_BYTES)

    def _finish(self, position: int, decoded: Decoded) -> None:
        with self.changed:
            self.ready[position] = decoded
            self.held += decoded.size
            self.changed.notify_all()

    def _take(self) -> Decoded | None:
        with self.changed:
            self.changed.wait_for(
                lambda: self.failure or self.given in self.ready or self._exhausted()
            )
            if self.failure is not None:
                raise self.failure
            if self.given not in self.ready:
                return None
            decoded = self.ready.pop(self.given)
            self.given += 1
            self.held -= decoded.size
            self.changed.notify_all()
            return decoded

    def _exhausted(self) -> bool:
        return self.ended and self.given == self.begun

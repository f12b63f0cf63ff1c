"""What a page shows of an item: its file, and its picture or a moment of it made small."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from scrubjay.core.config import VideoLimits
from scrubjay.core.errors import BadMedia, UnknownItem, WrongUse
from scrubjay.core.types import Clue, Item, Kind
from scrubjay.media.thumbnail import fitting_side, small_webp, thumbnail
from scrubjay.search.items import find_item, known_item
from scrubjay.store.home import Home
from scrubjay.store.rows import StoredMoment, moments_in

PICTURE_CPU_S: Final = 20.0
"""Processor seconds for one frame: the farthest from a key frame that one may reasonably be."""

PICTURE_STALL_S: Final = 30.0
"""Seconds by the clock for the same."""

BEGINNING_S: Final = 1.0
"""Where a video nothing is known of is looked at: beyond what it fades in from."""


@dataclass(frozen=True, slots=True)
class SmallPicture:
    """An item's picture as WebP.

    Attributes:
        side: longer side in pixels, at most.
        at_ms: of a video: when it is shown, in milliseconds from the beginning.
    """

    item: Item
    side: int
    data: bytes
    at_ms: int | None = None


def original(home: Home, item_id: str) -> tuple[Item, Path]:
    """An item and a file with exactly its bytes.

    Raises:
        UnknownItem: there is no such item.
        BadMedia: its file is gone or has changed.
    """
    item = find_item(home, item_id)
    return item, home.originals.path(item)


def kept_picture(
    home: Home, item_id: str, side: int, *, at_s: float | None = None
) -> SmallPicture | None:
    """An item's small picture where it was made before; costs no decoding.

    Raises:
        UnknownItem, BadMedia, WrongUse: as `small_picture`.
    """
    item = find_item(home, item_id)
    at_ms = _at_ms(home, item, at_s)
    return _kept(home, item, fitting_side(side), at_ms)


def small_picture(
    home: Home, item_id: str, side: int, *, at_s: float | None = None
) -> SmallPicture:
    """An item's picture as WebP, its longer side about as long as asked, kept for the next time.

    Args:
        at_s: of a video: the second whose frame is wanted; what is beyond the end is the end. None:
            its first moment.

    Raises:
        UnknownItem: there is no such item.
        BadMedia: it has no picture, or its file is gone, has changed or cannot be decoded.
        WrongUse: a second of what is no video, or one before the beginning.
        MissingExtra: it is a video, and what decodes videos is not installed.
    """
    item, side = find_item(home, item_id), fitting_side(side)
    at_ms = _at_ms(home, item, at_s)
    kept = _kept(home, item, side, at_ms)
    if kept is not None:
        return kept
    path = home.originals.path(item)
    if at_ms is None:
        data = thumbnail(path.read_bytes(), side, home.settings.limits)
    else:
        data = _frame(path, at_ms, side, home.settings.video)
    home.thumbs.put(item.sha256, side, data, at_ms)
    if home.catalog.get(item_id) is None:  # forgotten while it was made
        home.thumbs.remove([item.sha256])
        raise UnknownItem(item_id)
    return SmallPicture(item, side, data, at_ms)


def picture_s(moment: StoredMoment) -> float:
    """The second of a moment whose frame stands for it: of its first key frame, else its middle."""
    for span in moment.spans:
        if span.clue is Clue.SEEN and span.start_s is not None and span.end_s is not None:
            return (span.start_s + span.end_s) / 2
    return (moment.start_s + moment.end_s) / 2


def _kept(home: Home, item: Item, side: int, at_ms: int | None) -> SmallPicture | None:
    data = home.thumbs.read(item.sha256, side, at_ms)
    return None if data is None else SmallPicture(item, side, data, at_ms)


def _at_ms(home: Home, item: Item, at_s: float | None) -> int | None:
    """Which frame; None: it is a picture and has one.

    Raises:
        BadMedia: it has no picture.
        WrongUse: as `small_picture`.
    """
    if item.kind is Kind.VIDEO:
        wanted = _first_moment_s(home, item) if at_s is None else at_s
        if not 0 <= wanted < float("inf"):
            raise WrongUse("at must be a second of the video, 0 or later")
        ends = item.duration_s or wanted
        return round(1000 * min(wanted, ends))
    if at_s is not None:
        raise WrongUse(
            f"at names a second of a video, and item {item.id!r} is {_A[item.kind]}; leave it out"
        )
    if item.kind is not Kind.IMAGE:
        raise BadMedia(f"a {item.kind.value} item has no small picture", item.id)
    return None


_A: Final = {Kind.IMAGE: "a picture", Kind.SPEECH: "a recording", Kind.TEXT: "a text"}


def _first_moment_s(home: Home, item: Item) -> float:
    for moment in moments_in(known_item(home, item.id).spans):
        return picture_s(moment)
    ends = item.duration_s
    return BEGINNING_S if ends is None or ends > 2 * BEGINNING_S else ends / 2


def _frame(path: Path, at_ms: int, side: int, limits: VideoLimits) -> bytes:
    from scrubjay.media.video import Video

    cheap = replace(limits, least_s=PICTURE_CPU_S, per_s=0.0, stall_s=PICTURE_STALL_S)
    for frame in Video(path, limits=cheap).frames_at([at_ms / 1000], long_side=side):
        return small_webp(frame.picture, side)
    raise BadMedia("it has sound alone, and no picture", str(path))

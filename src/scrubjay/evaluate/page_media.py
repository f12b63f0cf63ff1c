"""What a page shows of an item, from the bytes behind its address; nothing where they are gone."""

from __future__ import annotations

from collections.abc import Callable

from scrubjay.core.errors import ScrubjayError
from scrubjay.evaluate.report import THUMBNAIL_SIDE, thumbnail_jpeg
from scrubjay.media.image import decode_picture

Read = Callable[[str], bytes]
Shows = Callable[[str], bytes | None]


def thumbnails(read: Read) -> Shows:
    """A small JPEG of the picture behind a uri."""

    def thumbnail(uri: str) -> bytes | None:
        try:
            return thumbnail_jpeg(decode_picture(read(uri), min_side=THUMBNAIL_SIDE))
        except ScrubjayError:
            return None

    return thumbnail


def recordings(read: Read) -> Shows:
    """The bytes of the recording behind a uri."""

    def recording(uri: str) -> bytes | None:
        try:
            return read(uri)
        except ScrubjayError:
            return None

    return recording

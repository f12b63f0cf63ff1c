"""What a file is called over HTTP, by its content and never by its name."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from scrubjay.core.types import Item, Kind
from scrubjay.media.sniff import HEAD_BYTES, Format, sniff_format
from scrubjay.store.home import Home

UNKNOWN: Final = "application/octet-stream"

_TYPES: Final[Mapping[Format, str]] = {
    Format.JPEG: "image/jpeg",
    Format.PNG: "image/png",
    Format.WEBP: "image/webp",
    Format.GIF: "image/gif",
    Format.BMP: "image/bmp",
    Format.TIFF: "image/tiff",
    Format.WAV: "audio/wav",
    Format.FLAC: "audio/flac",
    Format.MP3: "audio/mpeg",
    Format.AAC: "audio/aac",
    Format.AVI: "video/x-msvideo",
    Format.MPEG: "video/mpeg",
}
_CONTAINERS: Final[Mapping[Format, tuple[str, str]]] = {
    Format.MP4: ("audio/mp4", "video/mp4"),
    Format.OGG: ("audio/ogg", "video/ogg"),
    Format.MATROSKA: ("audio/webm", "video/webm"),
}

_MATROSKA: Final = b"matroska"
_MATROSKA_TYPES: Final = ("audio/matroska", "video/matroska")
"""WebM is a kind of Matroska; a header that says the whole of it may hold anything (RFC 9559)."""

_DOCTYPE_WITHIN: Final = 64

_SELDOM_PLAYED: Final = frozenset({"video/x-msvideo", "video/mpeg", UNKNOWN})


def plays_in_browsers(media_type: str) -> bool:
    """Whether browsers play such a container, as far as one can tell from outside."""
    return media_type not in _SELDOM_PLAYED


def content_type(path: Path, kind: Kind) -> str:
    """The media type of a file.

    Args:
        kind: decides of a container whether it is played as sound or as a video.
    """
    if kind is Kind.TEXT:
        return "text/plain; charset=utf-8"
    with path.open("rb") as file:
        return type_of(file.read(HEAD_BYTES), kind)


def type_of(head: bytes, kind: Kind) -> str:
    """The media type of a picture, recording or video that begins so."""
    found = sniff_format(head)
    if found is None:
        return UNKNOWN
    if found is Format.MATROSKA and _MATROSKA in head[:_DOCTYPE_WITHIN]:
        return _MATROSKA_TYPES[kind is Kind.VIDEO]
    if found in _CONTAINERS:
        return _CONTAINERS[found][kind is Kind.VIDEO]
    return _TYPES.get(found, UNKNOWN)


def likely_type(home: Home, item: Item) -> str:
    """What an item's file is called, as far as the first of its files says that is there.

    Nothing of it is compared with what was added: this costs a look at its beginning.
    """
    for path in home.originals.candidates(item):
        with suppress(OSError):
            if path.is_file():
                return content_type(path, item.kind)
    return UNKNOWN

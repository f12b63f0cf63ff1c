"""What a file is called over HTTP, by its content and never by its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from scrubjay.core.types import Kind
from scrubjay.media.sniff import HEAD_BYTES, Format, sniff_format

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


def content_type(path: Path, kind: Kind) -> str:
    """The media type of a file.

    Args:
        kind: decides of a container whether it is played as sound or as a video.
    """
    if kind is Kind.TEXT:
        return "text/plain; charset=utf-8"
    with path.open("rb") as file:
        found = sniff_format(file.read(HEAD_BYTES))
    if found is None:
        return UNKNOWN
    if found in _CONTAINERS:
        return _CONTAINERS[found][kind is Kind.VIDEO]
    return _TYPES.get(found, UNKNOWN)

"""What one file is: its kind, size, length and hashes, found by decoding it once.

A picture or a recording is decoded to its end. Of a video, which may be far larger than memory, the
first frame and the end are looked at; what is damaged in between is found when it is indexed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from scrubjay.core.config import MediaLimits, VideoLimits
from scrubjay.core.errors import BadMedia
from scrubjay.core.types import Kind
from scrubjay.media.image import decode_picture, probe_picture
from scrubjay.media.phash import perceptual_hash
from scrubjay.media.sandbox import probe_sound
from scrubjay.media.sniff import HEAD_BYTES, PLAYLIST, is_playlist, sniff
from scrubjay.media.video import DEFAULT_LIMITS, Video
from scrubjay.store.objects import content_sha256, read_uri

HASHED_SIDE: Final = 128
"""Pixels of the shorter side a JPEG is decoded to for its perceptual hash."""

SOUND_ALONE: Final = "a video without a picture: save its sound as a recording, such as M4A"
NO_MEDIA: Final = "neither a picture nor a recording nor a video, whatever its name says"


@dataclass(frozen=True, slots=True)
class Facts:
    """A whole, usable file. Fields as in `Item`."""

    sha256: str
    kind: Kind
    size: int
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    phash: int | None = None


def examine(data: bytes, limits: MediaLimits, video: VideoLimits = DEFAULT_LIMITS) -> Facts:
    """Decode a file and say what it is.

    Raises:
        BadMedia: it is neither picture nor recording nor video, or damaged, or over a limit.
        MissingExtra: it is in a format that needs the `speech` or the `video` extra.
    """
    if not data:
        raise BadMedia("empty file")
    kind = sniff(data)
    sha256 = hashlib.sha256(data).hexdigest()
    if kind is Kind.IMAGE:
        width, height = probe_picture(data, limits)
        phash = perceptual_hash(decode_picture(data, limits=limits, min_side=HASHED_SIDE))
        return Facts(sha256, kind, len(data), width, height, phash=phash)
    if kind is Kind.SPEECH:
        return Facts(sha256, kind, len(data), duration_s=probe_sound(data, limits))
    if kind is Kind.VIDEO:
        if len(data) > video.max_bytes:
            raise BadMedia(f"{len(data)} bytes, more than {video.max_bytes}")
        with NamedTemporaryFile(prefix="scrubjay-") as file:
            file.write(data)
            file.flush()
            return _video(Path(file.name), sha256, len(data), video)
    raise BadMedia(PLAYLIST if is_playlist(data) else NO_MEDIA)


def examine_file(
    path: Path, limits: MediaLimits, video: VideoLimits = DEFAULT_LIMITS, *, sha256: str = ""
) -> Facts:
    """As `examine`, of a file of which no more is held than its kind allows.

    Args:
        sha256: of its content, where that is known.

    Raises:
        BadMedia: as `examine`, or it cannot be read.
        MissingExtra: as `examine`.
    """
    try:
        head = read_uri(str(path), first=HEAD_BYTES)
        size = path.stat().st_size
        if sniff(head) is not Kind.VIDEO or _sound_alone(path, size, limits, video):
            return examine(read_uri(str(path), max_bytes=limits.max_bytes), limits, video)
        return _video(path, sha256 or content_sha256(path), size, video)
    except OSError as error:
        raise BadMedia(f"unreadable: {error.strerror or error}", str(path)) from error


def _sound_alone(path: Path, size: int, limits: MediaLimits, video: VideoLimits) -> bool:
    """Whether a container that may hold pictures holds none, and is small enough to be heard."""
    if size > limits.max_bytes:
        return False
    return not Video(path, limits=video).info().has_picture


def _video(path: Path, sha256: str, size: int, limits: VideoLimits) -> Facts:
    info = Video(path, limits=limits).info()
    if not info.has_picture:
        raise BadMedia(SOUND_ALONE, str(path))
    return Facts(
        sha256, Kind.VIDEO, size, info.width, info.height, duration_s=round(info.duration_s, 3)
    )

"""What one file is: its kind, size, length and hashes, found by decoding it once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia
from scrubjay.core.types import Kind
from scrubjay.media.image import decode_picture, probe_picture
from scrubjay.media.phash import perceptual_hash
from scrubjay.media.sandbox import probe_sound
from scrubjay.media.sniff import sniff

HASHED_SIDE: Final = 128
"""Pixels of the shorter side a JPEG is decoded to for its perceptual hash."""


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


def examine(data: bytes, limits: MediaLimits) -> Facts:
    """Decode a file to the end and say what it is.

    Raises:
        BadMedia: it is neither picture nor recording, or damaged, or over a limit.
        MissingExtra: it is a recording in a format that needs the `speech` extra.
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
        raise BadMedia("a video: only pictures and recordings can be added")
    raise BadMedia("neither a picture nor a recording, whatever its name says")

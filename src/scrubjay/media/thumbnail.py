"""A picture made small, to be shown among many."""

from __future__ import annotations

import io
from typing import Final

from scrubjay.core.config import MediaLimits
from scrubjay.core.types import Picture
from scrubjay.media.image import DEFAULT_LIMITS, decode_picture

SIDES: Final = (192, 384, 768)
"""Pixels of the longer side, at most, that are made; few, so that they are made once."""

QUALITY: Final = 80


def thumbnail(data: bytes, side: int, limits: MediaLimits = DEFAULT_LIMITS) -> bytes:
    """A picture as WebP, upright, its longer side at most `side` pixels; never made larger.

    Nothing of the file but its pixels is kept: no place, no camera, no comment.

    Raises:
        BadMedia: it is no picture, or damaged, or over a limit.
    """
    return small_webp(decode_picture(data, limits=limits, min_side=side), side)


def small_webp(picture: Picture, side: int) -> bytes:
    """A decoded picture as WebP, its longer side at most `side` pixels; never made larger."""
    from PIL import Image

    image = Image.fromarray(picture)
    image.thumbnail((side, side), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    image.save(out, "WEBP", quality=QUALITY)
    return out.getvalue()


def fitting_side(wanted: int) -> int:
    """The smallest of SIDES that is enough, else the largest."""
    return next((side for side in SIDES if side >= wanted), SIDES[-1])

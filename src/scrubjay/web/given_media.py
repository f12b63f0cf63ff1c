"""Pictures and recordings that were sent with a question, decoded as models want them."""

from __future__ import annotations

from typing import Final

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia
from scrubjay.core.types import Picture, Sound

LARGEST: Final = 3_072
"""Pixels of a picture's longer side; a larger one is made smaller before it is looked at."""


def decode_given_picture(data: bytes, name: str) -> Picture:
    """A picture, no side longer than LARGEST.

    Raises:
        BadMedia: it cannot be read; the message says which it is.
    """
    from scrubjay.media.image import decode_picture

    try:
        picture = decode_picture(data)
    except BadMedia as error:
        raise BadMedia(error.reason, name) from error
    if max(picture.shape[:2]) <= LARGEST:
        return picture
    import numpy as np
    from PIL import Image

    smaller = Image.fromarray(picture)
    smaller.thumbnail((LARGEST, LARGEST), Image.Resampling.BICUBIC)
    return np.asarray(smaller)


def decode_given_sound(data: bytes, name: str, *, most_s: float) -> Sound:
    """A recording, mono at 16 kHz, decoded in a process of its own.

    Raises:
        BadMedia: it cannot be read, or is longer than `most_s`; the message says which it is.
        MissingExtra: its format needs the `speech` extra.
    """
    from scrubjay.media.sandbox import decode_sound

    try:
        return decode_sound(data, limits=MediaLimits(max_sound_s=most_s))
    except BadMedia as error:
        raise BadMedia(error.reason, name) from error

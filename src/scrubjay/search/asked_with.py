"""The picture or the sound of a query, decoded; what is wrong with it is said of it by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia
from scrubjay.core.types import EncoderSpec, Media, Picture
from scrubjay.search.decode import windows

MAX_SOUND_S: Final = 60.0
"""Seconds of a spoken query: it is heard whole before anything is found."""


def query_picture(data: bytes, name: str | None, spec: EncoderSpec, limits: MediaLimits) -> Picture:
    """A query's picture, no smaller than the encoder sees it.

    Raises:
        BadMedia: it cannot be decoded.
    """
    from scrubjay.media.image import decode_picture

    with _named(name):
        return decode_picture(data, limits=limits, min_side=spec.image_size)


def query_sound(
    data: bytes, name: str | None, spec: EncoderSpec, limits: MediaLimits
) -> list[Media]:
    """What is spoken in a query's sound; several windows where the encoder hears less at once.

    Raises:
        BadMedia: it cannot be decoded, or is too long.
    """
    from scrubjay.media.sandbox import decode_sound
    from scrubjay.media.speech_part import spoken_part

    seconds = min(MAX_SOUND_S, limits.max_sound_s)
    with _named(name):
        sound = decode_sound(data, limits=replace(limits, max_sound_s=seconds))
    return [one.media for one in windows(spoken_part(sound), spec.speech_window_s)]


@contextmanager
def _named(name: str | None) -> Iterator[None]:
    """Say of bad media which part of the query it is."""
    try:
        yield
    except BadMedia as error:
        raise BadMedia(f"cannot be searched with: {error.reason}", name or "") from error

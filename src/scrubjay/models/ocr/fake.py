"""A reader without weights: it reads only what `write_text` wrote into a picture's first row.

For tests, and for developers of other rooms: instant, exact, and blind to everything else.
"""

from __future__ import annotations

import hashlib

import numpy as np

from scrubjay.core.errors import WrongUse
from scrubjay.core.looking import ModelSpec
from scrubjay.core.reading import Reading, TextLine
from scrubjay.core.types import Picture
from scrubjay.models.image_input import as_picture

RED, BLUE = 255, 7
"""Of a pixel that carries a byte of text, in its green."""


def load() -> FakeReader:
    """A fake reader."""
    return FakeReader()


class FakeReader:
    """A TextReader of pictures that `write_text` made."""

    @property
    def spec(self) -> ModelSpec:
        """Family `fake`."""
        return ModelSpec(
            family="fake", name="fake", fingerprint=hashlib.sha256(b"fake ocr 1").hexdigest()
        )

    def read(self, picture: Picture) -> Reading:
        """The text that was written into the picture, its lines one below the other.

        Raises:
            BadMedia: not an (h, w, 3) uint8 picture.
        """
        shown = as_picture(picture)
        height, width = shown.shape[:2]
        text = _written(shown)
        lines = [line for line in text.split("\n") if line.strip()]
        return Reading(
            lines=tuple(_line(line, at, len(lines)) for at, line in enumerate(lines)),
            width=width,
            height=height,
            reader="fake",
        )


def write_text(picture: Picture, text: str) -> Picture:
    """A copy of a picture that the fake reads this text from.

    Args:
        picture: as wide as the text has bytes, or wider.
        text: its lines end with a line feed.

    Raises:
        WrongUse: the picture is too narrow.
    """
    coded = text.encode()
    made = as_picture(picture).copy()
    if len(coded) > made.shape[1]:
        raise WrongUse(f"{len(coded)} bytes of text need a picture as wide; it has {made.shape[1]}")
    made[0, : len(coded), 0] = RED
    made[0, : len(coded), 1] = np.frombuffer(coded, np.uint8)
    made[0, : len(coded), 2] = BLUE
    return made


def _written(picture: Picture) -> str:
    row = picture[0]
    carries = (row[:, 0] == RED) & (row[:, 2] == BLUE)
    end = len(row) if carries.all() else int(carries.argmin())
    coded: bytes = row[:end, 1].tobytes()
    return coded.decode("utf-8", "replace")


def _line(text: str, at: int, number: int) -> TextLine:
    top, bottom = at / number, (at + 1) / number
    return TextLine(text, 1.0, ((0.0, top), (1.0, top), (1.0, bottom), (0.0, bottom)))

"""What goes between a program and the process that draws the pages of a PDF for it.

A request is one line of JSON, then the file. An answer is any number of `ANSWER` headers, each with
its payload; the last one ends it. Nothing is executed or unpickled, in neither direction.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import IntEnum
from typing import Any, Final

ANSWER: Final = struct.Struct("<4sBxxxIIII")
"""Magic, `Said`, page number, width and height of its picture, bytes that follow."""

ANSWERS: Final = b"SJp1"

MAX_REQUEST: Final = 1 << 16
MAX_REASON: Final = 400
MAX_TEXT: Final = 16 << 20
"""Bytes of one page's text with its places."""


class Said(IntEnum):
    """What an answer is."""

    TEXT = 1
    """A page's text layer, a JSON array of [text, [[x, y] four times]]; its picture follows."""
    PICTURE = 2
    """A page's picture: RGB, 8 bits a channel, row by row; more follow."""
    LENGTH = 3
    """How many pages there are, in the header's page number; more follow."""
    DONE = 4
    """The end."""
    BAD_MEDIA = 5
    """The reason; the end."""
    OUT_OF_MEMORY = 6
    """The end."""


@dataclass(frozen=True, slots=True)
class Request:
    """Which pages to draw, and what that may cost.

    Attributes:
        size: bytes of the file that follows.
        pages: numbers from 1; empty: all.
        dpi: dots an inch.
        max_pages: that are drawn at most.
        max_pixels: width x height of a picture; larger pages are drawn coarser.
        memory: bytes beyond what the process begins with.
        seconds: of processor time.
    """

    size: int
    pages: tuple[int, ...]
    dpi: float
    max_pages: int
    max_pixels: int
    memory: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Plain values that `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Request:
        """The same request again."""
        return cls(**{**values, "pages": tuple(values["pages"])})

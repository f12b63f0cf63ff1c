"""What goes between a program and the process that decodes a video for it.

A request is one line of JSON. An answer is any number of `ANSWER` headers, each with its payload;
the last one ends it. Nothing is executed or unpickled, in neither direction.
"""

from __future__ import annotations

import struct
from dataclasses import asdict, dataclass
from enum import IntEnum, StrEnum
from typing import Any, Final

ANSWER: Final = struct.Struct("<4sBxxxdIII")
"""Magic, `Said`, seconds from the video's beginning, width, height, bytes that follow."""

ANSWERS: Final = b"SJv1"

MAX_REQUEST: Final = 1 << 20
MAX_REASON: Final = 400
MAX_SAMPLES: Final = 1 << 20
"""Bytes of samples in one answer."""


class Want(StrEnum):
    """What may be asked for."""

    INFO = "info"
    FRAMES = "frames"
    FRAMES_AT = "frames_at"
    SOUND = "sound"


class Said(IntEnum):
    """What an answer is."""

    INFO = 1
    """A JSON object; the end."""
    FRAME = 2
    """RGB, 8 bits a channel, row by row; more follow."""
    SAMPLES = 3
    """float32 mono at 16 kHz; more follow."""
    DONE = 4
    """The end."""
    BAD_MEDIA = 5
    """The reason; the end."""
    OUT_OF_MEMORY = 6
    """The end."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to decode of the file behind a descriptor, and what that may cost.

    Attributes:
        descriptor: of the file, open for reading, inherited.
        demuxer: FFmpeg's name of the container; it is never guessed.
        every_s: seconds between frames; 0: every frame.
        long_side: longer side of a frame in pixels; 0: as it is.
        start_s: where to begin.
        end_s: where to end; None: at the end.
        times: of single frames, rising.
        max_s: seconds a video may last.
        max_pixels: width x height of a frame as it is stored.
        memory: bytes it may map beyond what it begins with.
        seconds: of processor time.
    """

    want: Want
    descriptor: int
    demuxer: str
    every_s: float
    long_side: int
    start_s: float
    end_s: float | None
    times: tuple[float, ...]
    max_s: float
    max_pixels: int
    memory: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "want": self.want.value, "times": list(self.times)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Request:
        """What `to_json` made."""
        return cls(**{**values, "want": Want(values["want"]), "times": tuple(values["times"])})

"""What goes between a program and the process that decodes for it: bytes with fixed headers.

Nothing here is ever executed or unpickled, in neither direction. A request is `REQUEST`, then the
file. An answer is any number of `ANSWER` headers, each with its payload: pieces of float32 samples,
then one header that ends it.
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Final

REQUEST: Final = struct.Struct("<4sBxxxQQdQd")
"""Magic, `Task`, length of the file, then the limits: bytes of a file, seconds of sound, bytes of
memory, seconds of processor time."""

ANSWER: Final = struct.Struct("<4sBxxxI")
"""Magic, `Said`, bytes that follow."""

SECONDS: Final = struct.Struct("<d")

ASKS: Final = b"SJq1"
ANSWERS: Final = b"SJa1"

MAX_PIECE: Final = 1 << 20
"""Bytes of samples in one answer."""

MAX_REASON: Final = 400
"""Bytes of a reason, in UTF-8."""


class Task(IntEnum):
    """What may be asked for."""

    DECODE_SOUND = 1
    PROBE_SOUND = 2


class Said(IntEnum):
    """What an answer is."""

    SAMPLES = 1
    """float32, more follow."""
    DONE = 2
    """The end of samples."""
    LENGTH = 3
    """One `SECONDS`: the length of the recording; the end."""
    BAD_MEDIA = 4
    """The reason; the end."""
    MISSING_EXTRA = 5
    """What needs the `speech` extra; the end."""
    OUT_OF_MEMORY = 6
    """The end."""

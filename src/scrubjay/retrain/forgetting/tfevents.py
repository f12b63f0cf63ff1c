"""TensorBoard's event files, record by record, without TensorBoard.

A record is its length (8 bytes, little endian), a checksum of that (4), the data, and a checksum
of the data (4): TensorFlow's TFRecord format. Records are kept or left out whole.
"""

from __future__ import annotations

import struct
from typing import Final

_HEAD: Final = 12
_FOOT: Final = 4
_SIGNATURES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF")
"""How encoded pictures and sounds begin; a record of figures has no room for one by chance."""


def without_pictures(data: bytes) -> bytes:
    """The file without the records that hold pictures or sounds; a torn end goes, too."""
    kept = []
    at = 0
    while at + _HEAD <= len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        end = at + _HEAD + length + _FOOT
        if end > len(data):
            break
        record = data[at:end]
        if not any(one in record for one in _SIGNATURES):
            kept.append(record)
        at = end
    return b"".join(kept)

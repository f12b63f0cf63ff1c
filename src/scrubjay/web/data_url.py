"""Data URLs (RFC 2397): the only addresses whose content is taken; nothing is ever fetched."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from scrubjay.core.errors import BadMedia, WrongUse

MAX_BYTES: Final = 64 * 1024 * 1024
"""Decoded bytes of one data URL; what is larger is uploaded as a file."""

MAX_HEADER: Final = 512
"""Characters between `data:` and the comma."""

_SCHEME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]*:")
_TOKEN: Final = r"[!#$&\-^_.+a-zA-Z0-9]{1,127}"  # noqa: S105 - RFC 6838's restricted name
_MEDIA_TYPE: Final = re.compile(
    rf"({_TOKEN}/{_TOKEN})?((?:;[^;,=]+=[^;,]*)*);base64", re.IGNORECASE
)
_UNSAID: Final = frozenset({"", "application/octet-stream"})


@dataclass(frozen=True, slots=True)
class DataUrl:
    """What a data URL held.

    Attributes:
        media_type: as written, lower case, without parameters; "" when none was.
    """

    media_type: str
    data: bytes


def parse_data_url(
    url: str, *, expected: str | None = None, name: str = "the data URL", max_bytes: int = MAX_BYTES
) -> DataUrl:
    """Take the bytes out of `data:image/png;base64,...`.

    Args:
        expected: `image`, `audio` or `video`: what the media type must begin with. A type left out
            or `application/octet-stream` passes, because the content decides in the end.
        name: what messages call it, such as `input[3].image`.
        max_bytes: decoded bytes it may have, checked before anything is decoded.

    Raises:
        WrongUse: any other kind of address, or a media type of another kind.
        BadMedia: malformed, empty or too large.
    """
    scheme = _SCHEME.match(url[:64])
    if scheme is None or scheme[0].lower() != "data:":
        raise WrongUse(
            f"{name} must be a data URL (data:image/png;base64,...): addresses are never fetched"
        )
    comma = url.find(",", 0, MAX_HEADER + 5)
    if comma < 0:
        raise BadMedia(f"no comma within the first {MAX_HEADER} characters of the data URL", name)
    header = _MEDIA_TYPE.fullmatch(url, 5, comma)
    if header is None:
        raise BadMedia("not a data URL of the form data:TYPE;base64,DATA", name)
    media_type = (header[1] or "").lower()
    if expected and media_type not in _UNSAID and media_type.partition("/")[0] != expected:
        raise WrongUse(f"{name} says it is {media_type}, but {expected} is wanted here")
    return DataUrl(media_type, _decoded(url, comma + 1, name, max_bytes))


def _decoded(url: str, start: int, name: str, max_bytes: int) -> bytes:
    length = len(url) - start
    if length // 4 * 3 > max_bytes + 3:
        raise BadMedia(f"over the limit of {max_bytes:,} bytes for a data URL", name)
    try:
        data = base64.b64decode(url[start:].encode("ascii"), validate=True)
    except UnicodeEncodeError as error:
        raise BadMedia("characters that are not base64", name) from error
    except binascii.Error as error:
        raise BadMedia(f"broken base64: {str(error).lower()}", name) from error
    if not data:
        raise BadMedia("empty file", name)
    if len(data) > max_bytes:
        raise BadMedia(f"over the limit of {max_bytes:,} bytes for a data URL", name)
    return data

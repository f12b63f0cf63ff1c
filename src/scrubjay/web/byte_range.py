"""A part of what is kept in memory, as players ask for it (RFC 9110, 14.2)."""

from __future__ import annotations

import re

from fastapi.responses import Response

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def ranged(data: bytes, wanted: str | None, media_type: str) -> Response:
    """All of it, or the one range that is asked for; several at once are answered with all.

    Some players, Safari's among them, play nothing that cannot be asked for in parts.

    Args:
        wanted: the Range header; None: there is none.
    """
    headers = {"Accept-Ranges": "bytes"}
    asked = _ONE.fullmatch(wanted.strip()) if wanted else None
    if asked is None or asked[1] == asked[2] == "":
        return Response(data, media_type=media_type, headers=headers)
    first, end = _span(asked[1], asked[2], len(data))
    if first >= end:
        headers["Content-Range"] = f"bytes */{len(data)}"
        return Response(status_code=416, headers=headers)
    headers["Content-Range"] = f"bytes {first}-{end - 1}/{len(data)}"
    return Response(data[first:end], 206, media_type=media_type, headers=headers)


def _span(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(0, size - int(last)), size
    return int(first), size if not last else min(size, int(last) + 1)

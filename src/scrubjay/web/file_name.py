"""File names as strangers write them, made fit to keep, to show and to send."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal
from urllib.parse import quote

MAX_BYTES: Final = 180
"""UTF-8 bytes of a kept name: under every file system's 255, with room for what we put before."""

UNNAMED: Final = "unnamed"

_RESERVED: Final = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")
_UNFIT: Final = re.compile(r'[<>:"|?*]')
_SAFE_IN_QUOTES: Final = re.compile(r"[^ !#$&+\-.^_`|~0-9A-Za-z()\[\]{}@=,;]")


def safe_file_name(name: str | None) -> str:
    """The last part of a name, with nothing in it that a shell, system or reader trips over.

    Folders, drive letters, control and direction-changing characters, leading dots and names that
    Windows reserves are taken away; letters of every language stay. Never empty, never `.` or `..`,
    at most MAX_BYTES bytes of UTF-8, the extension kept. Safe again stays the same.
    """
    text = (name or "").replace("\\", "/").rpartition("/")[2]
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = unicodedata.normalize("NFC", text)
    text = "".join(one for one in text if unicodedata.category(one)[0] != "C")
    text = " ".join(_UNFIT.sub("_", text).split()).strip(" .")
    if not text:
        return UNNAMED
    if _RESERVED.match(text):
        text = f"_{text}"
    return _shortened(text)


def content_disposition(name: str, kind: Literal["inline", "attachment"] = "inline") -> str:
    """The Content-Disposition header for a file (RFC 6266), its name in UTF-8 (RFC 8187)."""
    safe = safe_file_name(name)
    plain = _SAFE_IN_QUOTES.sub("_", safe)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def _shortened(text: str) -> str:
    if len(text.encode()) <= MAX_BYTES:
        return text
    stem, dot, extension = text.rpartition(".")
    if not stem or len(extension.encode()) > 16:
        stem, dot, extension = text, "", ""
    room = MAX_BYTES - len((dot + extension).encode())
    stem = stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .") or UNNAMED
    return stem + dot + extension

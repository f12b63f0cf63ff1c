"""A video as it is asked about: a file, under the name its owner knows, or an item."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from scrubjay.ask.writing import plain
from scrubjay.core.errors import BadMedia
from scrubjay.core.times import clock
from scrubjay.core.types import Item


@dataclass(frozen=True, slots=True)
class Clip:
    """A video to watch.

    Attributes:
        name: for people.
        path: where its bytes are.
        sha256: of them.
        item: of the collection; None: it was handed over, and nothing of it is written down.
    """

    name: str
    path: Path
    sha256: str
    item: Item | None = None


def handed_over_clip(path: Path) -> Clip:
    """A video file as somebody hands it over; its bytes are read once.

    Raises:
        BadMedia: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        raise BadMedia(reason, str(path)) from error
    return Clip(path.name, path, digest)


def item_clip(item: Item, path: Path) -> Clip:
    """A video of the collection, whose bytes are at a path."""
    name = " ".join(plain(item.uri.rpartition("/")[2]).split()) or item.id
    return Clip(name, path, item.sha256, item)


def during(start_s: float, end_s: float) -> str:
    """A stretch of a video: `1:02-1:10`."""
    return f"{clock(start_s)}-{clock(end_s)}"

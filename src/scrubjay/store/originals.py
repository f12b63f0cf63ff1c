"""The file behind an item, as it was when it was added."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Final

from scrubjay.core.errors import BadMedia
from scrubjay.core.types import Item
from scrubjay.store.media import MediaStore
from scrubjay.store.objects import local_path

REMEMBERED: Final = 10_000
"""Files whose hash is known, as long as they do not change."""

PIECE: Final = 1024 * 1024

LARGE: Final = 32 * 1024 * 1024
"""Bytes of files that are read one at a time."""

_State = tuple[str, int, int, int]


class Originals:
    """Finds files without reading those again that it has read; threads may share it."""

    def __init__(self, media: MediaStore) -> None:
        """Give it what is kept in the home."""
        self._media = media
        self._hashes: OrderedDict[_State, str] = OrderedDict()
        self._remembering = threading.Lock()
        self._large = threading.Lock()

    def path(self, item: Item) -> Path:
        """A file that holds exactly the bytes the item was added with.

        Raises:
            BadMedia: no name of the item leads to them any more.
        """
        if self._media.has(item.sha256):
            return self._media.path(item.sha256)
        problem = BadMedia("not among the media kept in the home", item.uri)
        for uri in item.uris:
            try:
                path = Path(local_path(uri))
                if self._sha256(path) == item.sha256:
                    return path
                problem = BadMedia("changed since it was added; add its folder again", uri)
            except OSError:
                problem = BadMedia("file is gone, or may not be read", uri)
            except (BadMedia, ValueError):
                continue  # of a bucket or an upload: those are kept in the home
        raise problem

    def candidates(self, item: Item) -> Iterator[Path]:
        """Where its bytes may be, without a look at them."""
        if self._media.has(item.sha256):
            yield self._media.path(item.sha256)
        for uri in item.uris:
            with suppress(BadMedia, ValueError):
                yield Path(local_path(uri))

    def _sha256(self, path: Path) -> str:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return ""
            state = (str(path), status.st_ino, status.st_size, status.st_mtime_ns)
            # A player asks for several parts of a film at once: it is read through once for all.
            with self._large if status.st_size > LARGE else nullcontext():
                with self._remembering:
                    if state in self._hashes:
                        return self._hashes[state]
                content = hashlib.sha256()
                while piece := file.read(PIECE):
                    content.update(piece)
                with self._remembering:
                    self._hashes[state] = content.hexdigest()
                    if len(self._hashes) > REMEMBERED:
                        self._hashes.popitem(last=False)
        return content.hexdigest()

"""Bytes kept in the home under their hash: `media/<sha256>`."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from scrubjay.core.errors import BadMedia, Damaged
from scrubjay.store.durable import (
    create_durably,
    fsync_folder,
    make_folder,
    name_durably,
    written_aside,
)

ABANDONED_S: Final = 3600.0
"""Age of a half-written file at which nobody is writing it any more."""

_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class MediaStore:
    """What came from an object store and is embedded, shown and trained on from here.

    The same bytes are kept once, whoever names them. A folder's own files are not copied here.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes) -> str:
        """Keep some bytes; they are on the disk on return.

        Returns:
            Their sha256.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        make_folder(self.folder)
        create_durably(self.path(sha256), data, point="media")
        return sha256

    @contextmanager
    def receiving(self) -> Iterator[Path]:
        """An empty file for what is too large to be held; `keep` it, or it is gone on leaving."""
        make_folder(self.folder)
        with written_aside(self.folder, "incoming") as aside:
            yield aside

    def keep(self, path: Path, sha256: str) -> None:
        """Keep a whole file; it is on the disk on return.

        Args:
            path: of a file nobody writes to any more; where it is on the same disk, nothing is
                copied.
            sha256: of its content.
        """
        make_folder(self.folder)
        if path.parent == self.folder:
            name_durably(path, self.path(sha256), point="media")
            return
        with self.receiving() as aside:
            aside.unlink()
            try:
                os.link(path, aside)
            except OSError:  # another disk, or one without links
                shutil.copyfile(path, aside)
            name_durably(aside, self.path(sha256), point="media")

    def has(self, sha256: str) -> bool:
        """Whether these bytes are kept."""
        return self.path(sha256).is_file()

    def kept(self) -> frozenset[str]:
        """The hashes of everything kept."""
        if not self.folder.is_dir():
            return frozenset()
        return frozenset(
            path.name for path in self.folder.iterdir() if _SHA256.fullmatch(path.name)
        )

    def read(self, sha256: str, *, max_bytes: int | None = None) -> bytes:
        """The bytes of a hash.

        Args:
            max_bytes: more is refused before it is read.

        Raises:
            BadMedia: they are not kept, or too large.
            Damaged: the file holds other bytes than were put there.
        """
        path = self.path(sha256)
        try:
            with path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if max_bytes is not None and size > max_bytes:
                    raise BadMedia(f"{size} bytes, more than {max_bytes}", str(path))
                data = file.read()
        except FileNotFoundError as error:
            raise BadMedia("not among the media kept in the home", str(path)) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise Damaged(f"{path} is not what was put there; remove it: the next run fetches it")
        return data

    def path(self, sha256: str) -> Path:
        """Where the bytes of a hash are, or would be.

        Raises:
            BadMedia: it is no sha256 in hex.
        """
        if not _SHA256.fullmatch(sha256):
            raise BadMedia(f"{sha256[:80]!r} is no sha256")
        return self.folder / sha256

    def sweep(self) -> None:
        """Delete what writers that were killed have left; those of the last hour may be alive."""
        if not self.folder.is_dir():
            return
        for path in self.folder.glob(".*.part"):
            try:
                if time.time() - path.stat().st_mtime > ABANDONED_S:
                    path.unlink()
            except FileNotFoundError:
                continue

    def remove(self, sha256s: Iterable[str]) -> int:
        """Delete some bytes for good; return how many of them were kept."""
        wanted = {sha256: self.path(sha256) for sha256 in sha256s}
        if not wanted or not self.folder.is_dir():
            return 0
        gone = 0
        for path in wanted.values():
            try:
                path.unlink()
            except FileNotFoundError:
                continue
            gone += 1
        for aside in self.folder.glob(".*.part"):
            if aside.name[1:65] in wanted:
                aside.unlink(missing_ok=True)
        fsync_folder(self.folder)
        return gone

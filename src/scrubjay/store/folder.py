"""A folder of this machine, asked as an object store is."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path
from typing import Final

from scrubjay.core.errors import BadMedia, Conflict, WrongUse
from scrubjay.store.durable import (
    create_durably,
    fsync_folder,
    locked,
    make_folder,
    sweep_aside,
    write_durably,
)
from scrubjay.store.objects import (
    ObjectInfo,
    content_sha256,
    file_info,
    list_folder,
    read_uri,
)

LOCK: Final = ".lock"
_OWN: Final = re.compile(r"(?:^|/)\.[^/]+\.(?:lock|part)$")
"""What writing leaves beside the files themselves."""


class FolderBucket:
    """A folder's files; what is written to it is on the disk before the call returns."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = str(root)

    def uri(self, name: str) -> str:
        """The absolute path of one file."""
        return str(self.root / name)

    def list(self) -> list[ObjectInfo]:
        """Every regular file, sorted by name.

        Raises:
            WrongUse: there is no such folder, or a part of it may not be read.
        """
        return [one for one in list_folder(self.root) if not _OWN.search(one.name)]

    def stat(self, name: str) -> ObjectInfo | None:
        """One file as a listing shows it; None when it is not there."""
        return file_info(self.root, name)

    def read(self, name: str, *, max_bytes: int | None = None) -> bytes:
        """A file's bytes.

        Raises:
            BadMedia: it is gone, larger than `max_bytes`, or may not be read.
        """
        return read_uri(self.uri(name), max_bytes=max_bytes)

    def fetch(
        self, name: str, *, max_bytes: int | None = None, expected: ObjectInfo | None = None
    ) -> tuple[bytes, ObjectInfo]:
        """A file's bytes, and its listing from before they were read."""
        info = self.stat(name)
        if info is None:
            raise BadMedia("file is gone", self.uri(name))
        return self.read(name, max_bytes=max_bytes), info

    def download(
        self, name: str, to: Path, *, max_bytes: int | None = None, expected: ObjectInfo
    ) -> tuple[str, ObjectInfo]:
        """Copy a file; see `Bucket.download`."""
        info = self.stat(name)
        if info is None:
            raise BadMedia("file is gone", self.uri(name))
        if max_bytes is not None and info.size > max_bytes:
            raise BadMedia(f"{info.size} bytes, more than {max_bytes}", self.uri(name))
        try:
            shutil.copyfile(self.root / name, to)
        except OSError as error:
            raise BadMedia(f"unreadable: {error}", self.uri(name)) from error
        return content_sha256(to), info

    def peek(self, name: str, length: int) -> bytes:
        """A file's first bytes; none when it is empty, not there or may not be read."""
        try:
            with (self.root / name).open("rb") as file:
                return file.read(length)
        except OSError:
            return b""

    def read_tagged(self, name: str) -> tuple[bytes, str] | None:
        """A file's bytes and the hash of them; None when it is not there."""
        try:
            data = self._inside(name).read_bytes()
        except FileNotFoundError:
            return None
        return data, _tag(data)

    def create(self, name: str, data: bytes | Path) -> bool:
        """Write a file that must not exist; False leaves the one that does as it is."""
        path = self._inside(name)
        make_folder(path.parent)
        return create_durably(path, data if isinstance(data, bytes) else data.read_bytes())

    def swap(self, name: str, data: bytes, *, etag: str | None) -> str:
        """Replace the file whose bytes have this hash; None: that is not there.

        Raises:
            Conflict: somebody else wrote it first.
        """
        path = self._inside(name)
        with locked(path.with_name(f".{path.name}{LOCK}"), f"replacing {path}"):
            there = self.read_tagged(name)
            if (None if there is None else there[1]) != etag:
                raise Conflict(
                    f"{path} was changed by somebody else meanwhile; read it and try again"
                )
            sweep_aside(path.parent, path.name)
            write_durably(path, data)
        return _tag(data)

    def delete(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""
        path = self._inside(name)
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            fsync_folder(path.parent)

    def _inside(self, name: str) -> Path:
        parts = name.split("/")
        if name.startswith("/") or any(part in {"", ".", ".."} for part in parts):
            raise WrongUse(f"{name!r} is no name below {self.root}; write it plainly")
        return self.root.joinpath(*parts)


def _tag(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

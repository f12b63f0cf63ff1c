"""A folder's files, and the bytes behind an address."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from scrubjay.core.errors import BadMedia, WrongUse


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One file of a collection.

    Attributes:
        name: path below the root, with `/` between parts.
        size: bytes.
        etag: changes when the bytes do: the store's own, or a file's time of change.
    """

    name: str
    size: int
    etag: str | None = None


def list_folder(root: Path) -> list[ObjectInfo]:
    """Every regular file below a folder, sorted by name.

    Links to files are listed as what they lead to; links to folders are not followed, so a circle
    of them ends. Sockets, pipes, devices and broken links are left out.

    Raises:
        WrongUse: there is no such folder, or a part of it may not be read.
    """
    if not root.exists():
        raise WrongUse(f"no folder {root}; check the path")
    if not root.is_dir():
        raise WrongUse(f"{root} is a file; give the folder it is in")

    def refuse(error: OSError) -> None:
        raise WrongUse(
            f"{error.filename} cannot be listed ({error.strerror}); make it readable or move it out"
        ) from error

    found: list[ObjectInfo] = []
    for parent, _, files in os.walk(root, onerror=refuse):
        below = Path(parent).relative_to(root)
        for name in files:
            try:
                status = Path(parent, name).stat()
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode):
                found.append(_info((below / name).as_posix(), status))
    return sorted(found, key=lambda one: one.name)


def file_info(root: Path, name: str) -> ObjectInfo | None:
    """One file of a folder as `list_folder` lists it; None when it would not."""
    try:
        status = (root / name).stat()
    except (OSError, ValueError):
        return None
    return _info(name, status) if stat.S_ISREG(status.st_mode) else None


def _info(name: str, status: os.stat_result) -> ObjectInfo:
    return ObjectInfo(name, status.st_size, f"{status.st_mtime_ns:x}")


def read_uri(uri: str, *, max_bytes: int | None = None, first: int = -1) -> bytes:
    """The bytes behind an absolute path or a `file://` address.

    Args:
        max_bytes: a larger file is refused before it is read.
        first: only so many of them; -1: all.

    Raises:
        BadMedia: the file is gone, too large, may not be read, is no regular file, or the address
            is of a kind this build does not read.
    """
    path = local_path(uri)
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise BadMedia("not a regular file", uri)
            if max_bytes is not None and status.st_size > max_bytes:
                raise BadMedia(f"{status.st_size} bytes, more than {max_bytes}", uri)
            return file.read(first)
    except FileNotFoundError as error:
        raise BadMedia("file is gone", uri) from error
    except OSError as error:
        what = "not a regular file" if error.errno == errno.ENXIO else f"unreadable: {error}"
        raise BadMedia(what, uri) from error
    except ValueError as error:
        raise BadMedia(f"no file has such a name: {error}", uri) from error


def content_sha256(path: Path) -> str:
    """The hash of a file's content, which is read piece by piece.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb", opener=_open_at_once) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting: a pipe that nobody writes to would keep us for ever."""
    return os.open(path, flags | os.O_NONBLOCK)


def local_path(uri: str) -> str:
    """The file behind an absolute path or a `file://` address.

    Raises:
        BadMedia: the address is of another kind.
    """
    if uri.startswith("/"):
        return uri
    try:
        parts = urlsplit(uri)
    except ValueError as error:
        raise BadMedia(f"not an address: {error}", uri) from error
    if parts.scheme == "file" and parts.netloc in {"", "localhost"}:
        # Not parts.path: a `?` or `#` belongs to the name.
        return unquote("/" + uri.partition("://")[2].partition("/")[2], errors="surrogateescape")
    if "://" in uri:
        raise BadMedia(f"{parts.scheme}:// addresses cannot be read; keep the file on a disk", uri)
    raise BadMedia("neither an absolute path nor a file:// address", uri)

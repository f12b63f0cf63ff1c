"""A folder of an object store, or of a disk, under one address: list, read, and write once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, Protocol

from scrubjay.core.errors import BadMedia, WrongUse
from scrubjay.store.folder import FolderBucket
from scrubjay.store.objects import ObjectInfo, local_path
from scrubjay.store.s3 import DEFAULT_PATIENCE, SCHEME, Patience, S3Bucket

__all__ = ["SCHEME", "Bucket", "Patience", "is_remote", "open_bucket"]

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")


class Bucket(Protocol):
    """Objects below one address. Names are relative to it, with `/` between parts."""

    @property
    def url(self) -> str:
        """`s3://bucket/prefix`, or a folder's absolute path; no slash at the end."""
        ...

    def uri(self, name: str) -> str:
        """The address of one object."""
        ...

    def list(self) -> list[ObjectInfo]:
        """Every object, sorted by name."""
        ...

    def stat(self, name: str) -> ObjectInfo | None:
        """One object as a listing shows it; None when it is not there."""
        ...

    def read(self, name: str, *, max_bytes: int | None = None) -> bytes:
        """An object's bytes.

        Raises:
            BadMedia: it is gone, or larger than `max_bytes`, which is found out before it travels.
            NotReady: the store does not answer, or does not let us.
        """
        ...

    def fetch(
        self, name: str, *, max_bytes: int | None = None, expected: ObjectInfo | None = None
    ) -> tuple[bytes, ObjectInfo]:
        """An object's bytes and what a listing would have said at that moment; as `read`.

        Args:
            expected: its listing; an answer of the same tag and another length is asked for again.
        """
        ...

    def download(
        self, name: str, to: Path, *, max_bytes: int | None = None, expected: ObjectInfo
    ) -> tuple[str, ObjectInfo]:
        """Write an object's bytes into a file, some at a time; as `fetch`.

        Args:
            to: a file that is there.
            expected: its listing.

        Returns:
            Their sha256, and what a listing would have said at that moment.
        """
        ...

    def peek(self, name: str, length: int) -> bytes:
        """An object's first bytes; none when it is empty or not there."""
        ...

    def read_tagged(self, name: str) -> tuple[bytes, str] | None:
        """An object's bytes and the tag `swap` wants; None when it is not there."""
        ...

    def create(self, name: str, data: bytes | Path) -> bool:
        """Write an object that must not exist; False leaves the one that does as it is.

        False, too, when it was written by this call and only the answer was lost.
        """
        ...

    def swap(self, name: str, data: bytes, *, etag: str | None) -> str:
        """Replace the object that has this tag (None: that is not there); return the new tag.

        Raises:
            Conflict: somebody else wrote it first.
        """
        ...

    def delete(self, name: str) -> None:
        """Remove an object; one that is not there is no error."""
        ...


def open_bucket(url: str, *, patience: Patience = DEFAULT_PATIENCE) -> Bucket:
    """The objects below `s3://bucket/prefix`, `file:///folder` or an absolute path.

    Nothing is asked of the store yet.

    Raises:
        WrongUse: the address is of another kind, or names no bucket.
    """
    if is_remote(url):
        bucket, prefix = _split(url)
        return S3Bucket(bucket, prefix, patience)
    if "://" in url and not url.startswith("file://"):
        scheme = url.partition("://")[0]
        raise WrongUse(f"{scheme}:// is no source; give s3://bucket/prefix or a folder")
    try:
        return FolderBucket(Path(local_path(url)))
    except BadMedia as error:
        raise WrongUse(f"{url}: {error.reason}; give s3://bucket/prefix or a folder") from error


def is_remote(uri: str) -> bool:
    """Whether an address is in an object store."""
    return uri.startswith(SCHEME)


def _split(url: str) -> tuple[str, str]:
    """(bucket, prefix) of an address; a `?` or `#` belongs to the prefix."""
    bucket, _, prefix = url.removeprefix(SCHEME).partition("/")
    if "@" in bucket:
        raise WrongUse(
            "an s3:// address holds no credentials: put them into the environment "
            "(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) and name only the bucket"
        )
    if not _NAME.fullmatch(bucket):
        raise WrongUse(f"{url} names no bucket; write it like s3://bucket/prefix")
    prefix = prefix.removesuffix("/")
    if prefix and any(part in {"", ".", ".."} for part in prefix.split("/")):
        raise WrongUse(f"{url} has an empty part, `.` or `..` in it; write the prefix plainly")
    return bucket, prefix

"""A prefix of a bucket in an object store that speaks S3.

Where the store is and who asks comes from the environment, as every AWS tool reads it:
`AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_ACCESS_KEY_ID` and its companions, a web identity token, or
the role of the instance or container.
"""

from __future__ import annotations

import builtins
import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from scrubjay.core.errors import (
    BadMedia,
    Conflict,
    MissingExtra,
    NotReady,
    ScrubjayError,
    WrongUse,
)
from scrubjay.store.objects import ObjectInfo

SCHEME: Final = "s3://"
ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
SECRETS: Final = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_TOKEN", "AWS_ACCESS_KEY_ID")

_STATUS = re.compile(r"status code: (\d{3})(?: [A-Z][A-Za-z ]*)?")
_CODE = re.compile(r"<Code>([A-Za-z0-9]+)</Code>")
_ASKING_FOR_A_ROLE = re.compile(r"169\.254\.|/latest/(?:api/token|meta-data)|[Cc]redential")
_LISTED_AT_ONCE: Final = 1000
_TRIES: Final = 3
_RANGE: Final = 32 * 1024 * 1024
"""Bytes of one answer, where an object is too large to be held."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for an object store, in seconds.

    Attributes:
        connect_s: for a connection.
        stall_s: for the next bytes of an answer.
        answer_s: for one whole answer, body included.
        retries: times a request is repeated that failed for no reason of its own.
        retry_s: from the first try, after which nothing is repeated.
    """

    connect_s: float = 10.0
    stall_s: float = 30.0
    answer_s: float = 900.0
    retries: int = 6
    retry_s: float = 180.0


DEFAULT_PATIENCE: Final = Patience()


class S3Bucket:
    """A prefix of a bucket, through obstore; safe to use from several threads."""

    def __init__(self, bucket: str, prefix: str, patience: Patience = DEFAULT_PATIENCE) -> None:
        self.url = f"{SCHEME}{bucket}/{prefix}".rstrip("/")
        self._store = _connected(self.url, bucket, prefix, patience)

    def uri(self, name: str) -> str:
        """The address of one object."""
        return f"{self.url}/{name}"

    def list(self) -> list[ObjectInfo]:
        """Every object below the prefix, sorted by name."""
        # obstore repeats a request, but not one whose answer ended early.
        for _ in range(_TRIES - 1):
            try:
                return self._listed()
            except NotReady as error:
                if "list response" not in str(error.__cause__):
                    raise
        return self._listed()

    def _listed(self) -> builtins.list[ObjectInfo]:
        import obstore

        def collect() -> builtins.list[ObjectInfo]:
            return [
                _info(meta)
                for chunk in obstore.list(self._store, chunk_size=_LISTED_AT_ONCE)
                for meta in chunk
            ]

        return sorted(self._ask(collect, "list"), key=lambda one: one.name)

    def stat(self, name: str) -> ObjectInfo | None:
        """One object as a listing shows it; None when it is not there."""
        import obstore

        try:
            return _info(self._ask(lambda: obstore.head(self._store, name), "look at", name))
        except FileNotFoundError:
            return None

    def read(self, name: str, *, max_bytes: int | None = None) -> bytes:
        """An object's bytes; see `Bucket.read`."""
        return self.fetch(name, max_bytes=max_bytes)[0]

    def fetch(
        self, name: str, *, max_bytes: int | None = None, expected: ObjectInfo | None = None
    ) -> tuple[bytes, ObjectInfo]:
        """An object's bytes and its entry in a listing of that moment; see `Bucket.fetch`."""
        try:
            return self._get(name, max_bytes, expected)
        except FileNotFoundError as error:
            raise BadMedia("object is gone", self.uri(name)) from error

    def download(
        self, name: str, to: Path, *, max_bytes: int | None = None, expected: ObjectInfo
    ) -> tuple[str, ObjectInfo]:
        """Write an object's bytes into a file, range by range; see `Bucket.download`.

        What is written over meanwhile is begun again.
        """
        for _ in range(_TRIES):
            info = self.stat(name)
            if info is None:
                raise BadMedia("object is gone", self.uri(name))
            if max_bytes is not None and info.size > max_bytes:
                raise BadMedia(f"{info.size} bytes, more than {max_bytes}", self.uri(name))
            sha256 = self._ranges(name, to, info)
            if sha256 is not None:
                return sha256, info
        raise NotReady(f"{self.uri(name)} changed {_TRIES} times while it was read; start again")

    def _ranges(self, name: str, to: Path, info: ObjectInfo) -> str | None:
        """The hash of what was written; None: it is not one object."""
        import obstore

        content = hashlib.sha256()
        with to.open("wb") as file:
            for start in range(0, info.size, _RANGE):
                end = min(start + _RANGE, info.size)

                def part(start: int = start, end: int = end) -> tuple[bytes, str | None]:
                    answer = obstore.get(self._store, name, options={"range": (start, end)})
                    return bytes(answer.bytes()), answer.meta["e_tag"]

                for _ in range(_TRIES):
                    try:
                        data, tag = self._ask(part, "read", name)
                    except FileNotFoundError as error:
                        raise BadMedia("object is gone", self.uri(name)) from error
                    if tag != info.etag or len(data) == end - start:
                        break
                if tag != info.etag or len(data) != end - start:
                    return None
                content.update(data)
                file.write(data)
        return content.hexdigest()

    def peek(self, name: str, length: int) -> bytes:
        """An object's first bytes; none when it is empty or not there."""
        import obstore

        def first() -> bytes:
            if not obstore.head(self._store, name)["size"]:
                return b""
            return bytes(obstore.get_range(self._store, name, start=0, length=length))

        try:
            return self._ask(first, "read", name)
        except FileNotFoundError:
            return b""

    def read_tagged(self, name: str) -> tuple[bytes, str] | None:
        """An object's bytes and its ETag; None when it is not there."""
        try:
            data, info = self._get(name, None, None)
        except FileNotFoundError:
            return None
        return data, info.etag or ""

    def create(self, name: str, data: bytes | Path) -> bool:
        """Write an object that must not exist; False leaves the one that does as it is."""
        from obstore.exceptions import AlreadyExistsError

        try:
            self._put(name, data, "create")
        except AlreadyExistsError:
            return False
        return True

    def swap(self, name: str, data: bytes, *, etag: str | None) -> str:
        """Replace the object that has this ETag; see `Bucket.swap`.

        An answer that was lost on its way is told from a conflict by reading the object back.
        """
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        mode: Any = "create" if etag is None else {"e_tag": etag}
        try:
            put = self._put(name, data, mode)
        except (AlreadyExistsError, PreconditionError) as error:
            there = self.read_tagged(name)
            if there is not None and there[0] == data:
                return there[1]
            raise Conflict(
                f"{self.uri(name)} was changed by somebody else meanwhile; read it and try again"
            ) from error
        return str(put["e_tag"])

    def delete(self, name: str) -> None:
        """Remove an object; one that is not there is no error."""
        import obstore

        try:
            self._ask(lambda: obstore.delete(self._store, name), "delete", name)
        except FileNotFoundError:
            return

    def _put(self, name: str, data: bytes | Path, mode: Any) -> Any:  # noqa: ANN401 - obstore's
        """Write conditionally; again when no answer came, which obstore does for reading only."""
        import obstore

        def put() -> Any:  # noqa: ANN401 - obstore's PutResult
            return obstore.put(self._store, name, data, mode=mode)

        for _ in range(_TRIES - 1):
            try:
                return self._ask(put, "write", name)
            except NotReady as error:
                said = str(error.__cause__).partition("\n")[0]
                if _STATUS.search(said) or "retries" in said:
                    raise
        return self._ask(put, "write", name)

    def _get(
        self, name: str, max_bytes: int | None, expected: ObjectInfo | None
    ) -> tuple[bytes, ObjectInfo]:
        import obstore

        def whole() -> tuple[bytes, ObjectInfo]:
            answer = obstore.get(self._store, name)
            info = _info(answer.meta)
            if max_bytes is not None and info.size > max_bytes:
                raise BadMedia(f"{info.size} bytes, more than {max_bytes}", self.uri(name))
            return bytes(answer.bytes()), info

        for _ in range(_TRIES):
            data, info = self._ask(whole, "read", name)
            listed = expected.size if expected and expected.etag == info.etag else info.size
            if len(data) == info.size == listed:
                return data, info
        raise NotReady(
            f"{self.uri(name)} arrived cut short {_TRIES} times ({len(data)} of {listed} "
            f"bytes); check the connection to the object store and start again"
        )

    def _ask(self, question: Callable[[], T], doing: str, name: str | None = None) -> T:
        """Its answer; what obstore raises becomes ours, except for what callers tell apart.

        Raises:
            FileNotFoundError, AlreadyExistsError, PreconditionError: as obstore says them.
        """
        from obstore import exceptions

        uri = self.url if name is None else self.uri(name)
        try:
            return question()
        except (exceptions.AlreadyExistsError, exceptions.PreconditionError):
            raise
        except FileNotFoundError as error:
            if name is not None and "NoSuchBucket" not in str(error):
                raise
            raise WrongUse(f"there is no bucket for {uri}; check its name") from error
        except (exceptions.BaseError, OSError, ValueError) as error:
            raise _explained(error, doing, uri) from error


def _connected(url: str, bucket: str, prefix: str, patience: Patience) -> Any:  # noqa: ANN401 - an obstore store
    try:
        from obstore.exceptions import BaseError
        from obstore.store import S3Store
    except ImportError as error:
        raise MissingExtra(f"reading {url}", "month") from error

    endpoint = next((os.environ[name] for name in ENDPOINTS if os.environ.get(name)), "")
    client: dict[str, Any] = {
        "connect_timeout": timedelta(seconds=patience.connect_s),
        "read_timeout": timedelta(seconds=patience.stall_s),
        "timeout": timedelta(seconds=patience.answer_s),
    }
    if urlsplit(endpoint).scheme == "http":
        client["allow_http"] = True  # the owner wrote http:// into the endpoint's address
    try:
        return S3Store(
            bucket,
            prefix=prefix or None,
            client_options=client,
            retry_config={
                "max_retries": patience.retries,
                "retry_timeout": timedelta(seconds=patience.retry_s),
            },
        )
    except (BaseError, ValueError) as error:
        raise WrongUse(
            f"{url} cannot be opened: {_brief(error)}; check the AWS_ variables in the environment"
        ) from error


def _info(meta: Any) -> ObjectInfo:  # noqa: ANN401 - obstore's ObjectMeta
    return ObjectInfo(meta["path"], meta["size"], meta["e_tag"])


def _explained(error: Exception, doing: str, uri: str) -> ScrubjayError:
    """What went wrong, in our words and without the request: it could show a secret."""
    from obstore import exceptions

    said = str(error)
    status = _STATUS.search(said)
    code = _CODE.search(said)
    what = " ".join(part for part in (status and status[1], code and code[1]) if part)
    if code and code[1] == "NoSuchBucket":
        return WrongUse(f"there is no bucket for {uri}; check its name")
    if isinstance(error, exceptions.InvalidPathError | ValueError):
        return WrongUse(
            f"{uri}: {_brief(error)}; rename that object (no empty part, `.`, `..` or control "
            f"character in a name)"
        )
    denied = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)
    if isinstance(error, denied) or (status and status[1] in {"401", "403"}):
        return NotReady(
            f"not allowed to {doing} {uri} ({what or 'no valid credentials'}); check the "
            f"credentials in the environment or the role of this machine"
        )
    if _ASKING_FOR_A_ROLE.search(said):
        return NotReady(
            f"no credentials for {uri}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run "
            f"where a role is given (AWS_SKIP_SIGNATURE=true for a public bucket)"
        )
    return NotReady(
        f"could not {doing} {uri}: {what or _brief(error)}, also when asked again; check the "
        f"network and the object store (AWS_ENDPOINT_URL), then start again: nothing is lost"
    )


def _brief(error: Exception) -> str:
    """The last clause of an error's first line, no secret in it."""
    said = str(error).partition("\n")[0]
    said = said.rpartition(" - ")[2] if " - " in said else said
    for name in SECRETS:
        if secret := os.environ.get(name):
            said = said.replace(secret, "***")
    return said[:200]

"""Uploads: how their bytes are addressed, and which of them are under way.

An upload is written down first, then its bytes, then the catalog, then the index. One that was
killed on the way is finished or swept by the next: what the catalog lists is indexed, and bytes
that it does not list are deleted.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scrubjay.core.failpoint import failpoint
from scrubjay.store.durable import (
    create_durably,
    fsync_folder,
    locked,
    make_folder,
    sweep_aside,
    write_durably,
)
from scrubjay.store.liveness import surely_dead, this_process

SCHEME: Final = "upload://"
_ADDRESS: Final = re.compile(r"upload://([0-9a-f]{64})/[^/]+", re.DOTALL)


def upload_uri(sha256: str, name: str) -> str:
    """The address of an upload: its bytes are found by it alone.

    Args:
        name: of the file, without `/`.
    """
    return f"{SCHEME}{sha256}/{name}"


def uploaded_sha256(uri: str) -> str | None:
    """The hash in an upload's address; None for every other address."""
    found = _ADDRESS.fullmatch(uri)
    return found[1] if found else None


@dataclass(frozen=True, slots=True)
class UnderWay:
    """An upload that was begun and not finished.

    Attributes:
        process: whose it is; None when nobody goes on with it.
        sha256s: of its files.
    """

    name: str
    process: str | None
    sha256s: tuple[str, ...]

    @property
    def left(self) -> bool:
        """Whether somebody else must finish it."""
        return self.process is None or surely_dead(self.process)


class Uploads:
    """A folder with one small file for each upload that is under way."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is created before the first upload."""
        self._folder = folder

    @contextmanager
    def taking(self, doing: str = "taking in uploads") -> Iterator[None]:
        """Keep uploads, and whoever removes items, apart. Not re-entrant.

        Raises:
            Conflict: somebody else held it for a minute.
        """
        with locked(self._folder.with_name(f".{self._folder.name}.lock"), doing):
            yield

    def begin(self, sha256s: Collection[str]) -> UnderWay:
        """Write an upload down, durably, before anything of it is kept."""
        make_folder(self._folder)
        one = UnderWay(secrets.token_hex(8), this_process(), tuple(sorted(set(sha256s))))
        create_durably(self._path(one), _written(one), point="upload")
        return one

    def take_over(self, one: UnderWay) -> UnderWay:
        """Go on with one that was left: nobody else does. Call it while `taking`."""
        mine = UnderWay(one.name, this_process(), one.sha256s)
        write_durably(self._path(mine), _written(mine), point="upload")
        return mine

    def leave(self, one: UnderWay) -> None:
        """Say that its owner does not go on with it."""
        left = UnderWay(one.name, None, one.sha256s)
        write_durably(self._path(one), _written(left), point="upload")

    def finish(self, one: UnderWay) -> None:
        """Strike it off: all of it is in its place, or nothing is."""
        failpoint("upload.before_finish")
        self._path(one).unlink(missing_ok=True)
        failpoint("upload.after_finish")
        fsync_folder(self._folder)

    def left(self) -> list[UnderWay]:
        """Uploads whose owner is gone. Call it while `taking`."""
        if not self._folder.is_dir():
            return []
        sweep_aside(self._folder)
        found = [_read(path) for path in sorted(self._folder.glob("[!.]*.json"))]
        return [one for one in found if one.left]

    def _path(self, one: UnderWay) -> Path:
        return self._folder / f"{one.name}.json"


def _written(one: UnderWay) -> bytes:
    return json.dumps({"process": one.process, "sha256s": one.sha256s}).encode()


def _read(path: Path) -> UnderWay:
    told = json.loads(path.read_bytes())
    return UnderWay(path.stem, told["process"], tuple(told["sha256s"]))

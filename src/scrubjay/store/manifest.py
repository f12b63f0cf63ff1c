"""A version's manifest: every file's size and sha256, where it came from, sealed as a whole."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from scrubjay.core.errors import Damaged, WrongUse

MANIFEST = "manifest.json"
FORMAT = 1
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class FileSeal:
    """What a file must be."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a version's folder.

    Attributes:
        files: path below the folder, `/` between parts -> what it must be; all but the manifest.
        lineage: what it was made from.
    """

    version: str
    created: datetime
    files: Mapping[str, FileSeal]
    lineage: Mapping[str, Any]

    def to_bytes(self) -> bytes:
        """The file: sorted JSON ending in a sha256 of the rest, one spelling for one content."""
        body = {
            "format": FORMAT,
            "version": self.version,
            "created": self.created.isoformat(),
            "lineage": self.lineage,
            "files": {
                path: {"sha256": seal.sha256, "size": seal.size}
                for path, seal in self.files.items()
            },
        }
        return _spelled({**body, "seal": hashlib.sha256(_spelled(body)).hexdigest()})


def read_manifest(folder: Path) -> Manifest:
    """A folder's manifest.

    Raises:
        Damaged: it is missing, or not byte for byte what was written.
    """
    path = folder / MANIFEST
    try:
        written = path.read_bytes()
    except OSError as error:
        raise Damaged(f"{path} cannot be read ({error}); {_MEND}") from error
    return parse_manifest(written, str(path))


def parse_manifest(written: bytes, where: str) -> Manifest:
    """A manifest from its bytes.

    Args:
        where: the file's address, for the message.

    Raises:
        Damaged: it is not byte for byte what was written, or names a file outside its folder.
    """
    try:
        body = json.loads(written)
        seal = body.pop("seal")
        files = {name: FileSeal(one["sha256"], one["size"]) for name, one in body["files"].items()}
        manifest = Manifest(
            body["version"], datetime.fromisoformat(body["created"]), files, body["lineage"]
        )
        intact = hashlib.sha256(_spelled(body)).hexdigest() == seal
        intact = intact and manifest.to_bytes() == written
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Damaged(f"{where} cannot be read ({error}); {_MEND}") from error
    if not intact:
        raise Damaged(f"{where} is not what was written; {_MEND}")
    for name, file in files.items():
        if not _is_below(name) or type(file.size) is not int or not isinstance(file.sha256, str):
            raise Damaged(f"{where} names {name!r}, which is no file of a version; {_MEND}")
    return manifest


def _is_below(name: str) -> bool:
    """Whether a name stays in its folder, whatever the system makes of it."""
    parts = name.split("/")
    return name != MANIFEST and not any(
        part in {"", ".", ".."} or "\\" in part or "\0" in part for part in parts
    )


def sealed_files(folder: Path) -> dict[str, FileSeal]:
    """Every file below a folder with its seal, the manifest left out.

    Raises:
        WrongUse: a link, or something that is neither file nor folder.
    """
    found = {}
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            mode = path.lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise WrongUse(f"{path} is a link or a device; only plain files are registered")
            below = path.relative_to(folder).as_posix()
            if stat.S_ISREG(mode) and below != MANIFEST:
                found[below] = FileSeal(file_sha256(path), path.stat().st_size)
    return dict(sorted(found.items()))


def content_digest(files: Mapping[str, FileSeal]) -> str:
    """One sha256 of all names and contents."""
    content = hashlib.sha256()
    for path, seal in sorted(files.items()):
        content.update(f"{path}\x00{seal.sha256}\x00".encode())
    return content.hexdigest()


def check_files(folder: Path, files: Mapping[str, FileSeal]) -> None:
    """Compare a folder with what must be in it.

    Raises:
        Damaged: a file is missing, changed, a link, or was never part of it; names the files.
    """
    try:
        present = sealed_files(folder)
    except (OSError, WrongUse) as error:
        raise Damaged(f"{folder} is not what was registered: {error}; {_MEND}") from error
    wrong = [f"{name} is missing" for name in files if name not in present]
    wrong += [f"{name} does not belong" for name in present if name not in files]
    wrong += [
        f"{name} was changed" for name, seal in files.items() if present.get(name, seal) != seal
    ]
    if wrong:
        raise Damaged(
            f"{folder} is not what was registered: {', '.join(wrong[:5])}"
            f"{' and more' if len(wrong) > 5 else ''}; {_MEND}"
        )


def file_sha256(path: Path) -> str:
    """The sha256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            digest.update(piece)
    return digest.hexdigest()


_MEND = "restore the folder from a backup, or train again and register anew"


def _spelled(body: Mapping[str, Any]) -> bytes:
    text = json.dumps(body, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8") + b"\n"

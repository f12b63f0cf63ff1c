"""A version's files copied into a folder: complete and verified, or not there at all."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from scrubjay.core.errors import Damaged, WrongUse
from scrubjay.core.protocols import Progress, silent
from scrubjay.store.durable import locked, make_folder, rename_folder
from scrubjay.store.manifest import (
    MANIFEST,
    FileSeal,
    Manifest,
    check_files,
    read_manifest,
    sealed_files,
)

WAIT_S: Final = 600.0
"""Somebody else may be pulling the same gigabytes."""
_ASIDE: Final = ".pulling"
_TRIES: Final = 3

ReadFile = Callable[[str, int], bytes]
"""(name below the version, its size) to the file's bytes; Damaged when they are not there."""


def pull_files(
    manifest: Manifest, target: Path, read: ReadFile, *, progress: Progress = silent
) -> None:
    """Make a folder hold a version, manifest included.

    Files are gathered in a hidden folder beside it, which takes its name when all are right.
    Killed, the next call keeps what was gathered.

    Args:
        target: a folder that is not there, is empty, or holds this version already.
        progress: is told bytes.

    Raises:
        WrongUse: something else is in the folder, or it is no folder of its own.
        Damaged: a file is not what the manifest says.
        Conflict: somebody else has been pulling into this folder for ten minutes.
    """
    target = target.expanduser().resolve()
    if target == Path.cwd():
        raise WrongUse(
            f"{target} is where you are; give the version a folder of its own, such as "
            f"{manifest.version}"
        )
    lock = target.with_name(f".{target.name}{_ASIDE}.lock")
    if _holds(target, manifest):
        lock.unlink(missing_ok=True)  # left by one that was killed when all was done
        return
    with locked(lock, f"pulling into {target}", wait_s=WAIT_S):
        if not _holds(target, manifest):
            aside = target.with_name(f".{target.name}{_ASIDE}")
            gather(manifest, aside, read, progress=progress)
            if target.exists():
                target.rmdir()
            rename_folder(aside, target, point="pull")
        lock.unlink(missing_ok=True)


def gather(manifest: Manifest, folder: Path, read: ReadFile, *, progress: Progress) -> None:
    """Make a folder nobody reads yet hold a version; files in it that are right are kept.

    Raises:
        Damaged: a file is not what the manifest says.
    """
    make_folder(folder)
    done = _keep_right_ones(manifest, folder)
    total = sum(seal.size for seal in manifest.files.values())
    for name, seal in manifest.files.items():
        path = folder / name
        if not path.exists():
            progress("pulling", done, total)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_right_bytes(manifest.version, name, seal, read))
            done += seal.size
    (folder / MANIFEST).write_bytes(manifest.to_bytes())
    check_files(folder, manifest.files)
    progress("pulling", total, total)


def _keep_right_ones(manifest: Manifest, folder: Path) -> int:
    """Remove all that is not as the manifest says; bytes of what is."""
    try:
        present = sealed_files(folder)
    except WrongUse:
        shutil.rmtree(folder)
        make_folder(folder)
        return 0
    kept = 0
    for name, seal in present.items():
        if manifest.files.get(name) == seal:
            kept += seal.size
        else:
            (folder / name).unlink()
    return kept


def _right_bytes(version: str, name: str, seal: FileSeal, read: ReadFile) -> bytes:
    for _ in range(_TRIES):
        data = read(name, seal.size)
        if len(data) == seal.size and hashlib.sha256(data).hexdigest() == seal.sha256:
            return data
    raise Damaged(
        f"{name} of version {version} is not what was registered; restore it from a backup, or "
        f"train again and register anew"
    )


def _holds(target: Path, manifest: Manifest) -> bool:
    """Whether the version is there already; False when nothing is."""
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return False
    try:
        if read_manifest(target) == manifest:
            check_files(target, manifest.files)
            return True
    except Damaged:
        pass
    raise WrongUse(f"{target} holds something else; name a folder that is not there yet")

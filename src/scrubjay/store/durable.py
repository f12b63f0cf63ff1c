"""Bytes that survive a crash: written aside, flushed to the disk, then given their name.

The order is always the same: write the file aside, fsync it, give it its name in one step, fsync
the folder that holds the name. Killed or unplugged anywhere, what was there before is there, or
what was to come; never a mixture.
"""

from __future__ import annotations

import errno
import fcntl
import glob
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scrubjay.core.errors import Conflict
from scrubjay.core.failpoint import failpoint

LOCK_WAIT_S = 60.0
_POLL_S = 0.02
_ASIDE = ".part"
_TRASH = ".trash-"
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


def write_durably(path: Path, data: bytes, *, point: str = "durable") -> None:
    """Replace a file in one step; readers see the old bytes or the new ones.

    Args:
        point: the failpoints are `<point>.before_replace` and `<point>.after_replace`.

    Raises:
        OSError: the folder is missing or not writable, or the disk is full.
    """
    aside = _write_aside(path, data)
    try:
        failpoint(f"{point}.before_replace")
        aside.replace(path)
        failpoint(f"{point}.after_replace")
    finally:
        aside.unlink(missing_ok=True)
    fsync_folder(path.parent)


def create_durably(path: Path, data: bytes, *, point: str = "durable") -> bool:
    """Write a file that must not exist yet.

    Args:
        point: the failpoints are `<point>.before_create` and `<point>.after_create`.

    Returns:
        Whether it was created; False leaves an existing file as it is.

    Raises:
        OSError: the folder is missing or not writable, or the disk is full.
    """
    if path.exists():
        return False
    aside = _write_aside(path, data)
    try:
        return name_durably(aside, path, point=point)
    finally:
        aside.unlink(missing_ok=True)


def name_durably(aside: Path, path: Path, *, point: str = "durable") -> bool:
    """Give a finished file of the same folder a name that must be free; as `create_durably`.

    The other name may be left; whoever wrote the file takes it away.
    """
    fsync_file(aside)
    failpoint(f"{point}.before_create")
    created = _name_if_free(aside, path)
    failpoint(f"{point}.after_create")
    fsync_folder(path.parent)
    return created


@contextmanager
def written_aside(folder: Path, name: str) -> Iterator[Path]:
    """An empty file for what is to become `name`; gone on leaving, unless it was moved."""
    aside = folder / f".{name}.{os.getpid()}-{secrets.token_hex(4)}{_ASIDE}"
    aside.touch(exist_ok=False)
    try:
        yield aside
    finally:
        aside.unlink(missing_ok=True)


def sweep_aside(folder: Path, name: str | None = None) -> None:
    """Remove what killed writers left in a folder. Call it only while holding its lock.

    Args:
        name: only what was to become this file, when the lock held is that file's.
    """
    what = "*" if name is None else f"{glob.escape(name)}.*"
    for left in folder.glob(f".{what}{_ASIDE}"):
        left.unlink(missing_ok=True)


def rename_folder(staging: Path, target: Path, *, point: str) -> None:
    """Give a finished folder its name in one step, after everything in it is on the disk.

    Args:
        point: the failpoints are `<point>.before_rename` and `<point>.after_rename`.

    Raises:
        FileExistsError: a folder of that name is there and is not empty.
    """
    fsync_tree(staging)
    failpoint(f"{point}.before_rename")
    if target.exists():
        raise FileExistsError(errno.EEXIST, "exists already", str(target))
    staging.rename(target)
    failpoint(f"{point}.after_rename")
    fsync_folder(target.parent)


def remove_folder(folder: Path, *, point: str) -> None:
    """Remove a folder so that, killed halfway, no half of it is left under its name.

    Args:
        point: the failpoints are `<point>.before_remove` and `<point>.after_remove`.
    """
    trash = folder.with_name(f"{_TRASH}{secrets.token_hex(8)}")
    failpoint(f"{point}.before_remove")
    folder.rename(trash)
    failpoint(f"{point}.after_remove")
    fsync_folder(folder.parent)
    sweep_trash(folder.parent)


def sweep_trash(folder: Path) -> None:
    """Delete removed folders, those too whose removal was killed or is going on."""
    for left in folder.glob(f"{_TRASH}*"):
        shutil.rmtree(left, ignore_errors=True)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents where they are missing, each name on the disk."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    fsync_folder(folder.parent)


def fsync_file(path: Path) -> None:
    """Flush one file's bytes to the disk."""
    _fsync(path, os.O_RDONLY)


def fsync_folder(path: Path) -> None:
    """Flush a folder's list of names to the disk."""
    _fsync(path, os.O_RDONLY | os.O_DIRECTORY)


def fsync_tree(folder: Path) -> None:
    """Flush every file and folder below, the deepest first, and the folder itself.

    A file that is removed meanwhile (an index drops old versions) is passed over.
    """
    for parent, _, files in os.walk(folder, topdown=False):
        for name in files:
            try:
                fsync_file(Path(parent, name))
            except FileNotFoundError:
                continue
        fsync_folder(Path(parent))


@contextmanager
def locked(path: Path, doing: str, *, wait_s: float = LOCK_WAIT_S) -> Iterator[None]:
    """Hold an advisory lock; the system drops it when the process ends, however it ends.

    Not re-entrant: a thread that holds it and asks again waits for itself.

    Args:
        path: the lock file; it is created and stays.
        doing: what the lock is for, as a person would say it.
        wait_s: how long to wait for whoever holds it.

    Raises:
        Conflict: somebody else held it all that time.
    """
    make_folder(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        _acquire(descriptor, path, doing, wait_s)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, doing: str, wait_s: float) -> None:
    until = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise Conflict(
                    f"another process has been {doing} for more than {wait_s:g} s "
                    f"(it holds {path}); try again when it has finished"
                ) from None
            time.sleep(_POLL_S)
        else:
            return


def _write_aside(path: Path, data: bytes) -> Path:
    aside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}{_ASIDE}")
    try:
        with aside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    return aside


def _name_if_free(aside: Path, path: Path) -> bool:
    try:
        os.link(aside, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # No hard links here (vfat, some network mounts): the caller's lock keeps others away.
        if path.exists():
            return False
        aside.replace(path)
    return True


def _fsync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""A folder to items: found, decoded, hashed, merged, split. Nothing is written."""

from __future__ import annotations

import os
import re
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia, MissingExtra, WrongUse
from scrubjay.core.known import Known
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Item
from scrubjay.media.layout import Entry, Layout, Problem, has_media_name, recognise
from scrubjay.media.sniff import HEAD_BYTES, sniff
from scrubjay.search.examine import examine
from scrubjay.search.merge import Found, merge
from scrubjay.store.objects import list_folder, read_uri

DEFAULT_LIMITS: Final = MediaLimits()
HOME_MARK: Final = "catalog.lance"
"""A folder that holds this is a Scrubjay home, and not part of the collection around it."""

_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_IN_FLIGHT: Final = 4


@dataclass(frozen=True, slots=True)
class Scan:
    """A folder, looked at.

    Attributes:
        items: sorted by first uri; ids and contents are distinct.
        quarantined: files and references set aside, paths relative to the folder.
        layout: as `Layout.name`.
        ignored: files that are no media and do not claim to be.
    """

    items: tuple[Item, ...]
    quarantined: tuple[Problem, ...]
    layout: str
    ignored: int


def scan_folder(
    root: Path,
    *,
    month: str,
    known: Known | None = None,
    held: Callable[[str], Item | None] | None = None,
    limits: MediaLimits = DEFAULT_LIMITS,
    progress: Progress = silent,
    threads: int = 0,
) -> Scan:
    """Look at every file of a folder.

    Files are read, decoded and hashed by worker threads, each holding one file at a time. The
    same folder, month and known items give the same scan.

    Args:
        root: the folder.
        month: month added, `YYYY-MM`, unless a manifest says another.
        known: what is catalogued already; its ids and splits are kept.
        held: the catalogued item of an id. With it, a manifest that gives a catalogued id to
            another file is told from one whose file has changed.
        limits: what each file may cost.
        progress: told after each file.
        threads: workers; 0 means one per available core.

    Raises:
        WrongUse: the folder is missing, empty or without media, the month is not one, or a
            manifest is malformed.
    """
    if not _MONTH.fullmatch(month):
        raise WrongUse(f"{month!r} is not a month; write it like 2026-11")
    root = _folder(root)
    names, refused, ignored = _listing(root)
    reader = _Reader(root, limits)
    layout = recognise(names, reader.manifest, is_media=reader.is_media)
    if not (layout.entries or layout.problems or refused):
        raise WrongUse(
            f"{root} holds no picture or recording Scrubjay can read "
            f"({ignored + layout.ignored} other files); is it the right folder?"
        )
    found, unusable = _examined(layout, reader, progress, threads)
    items, doubtful = merge(found, root=root, month=month, known=known, held=held)
    problems = {*refused, *layout.problems, *unusable, *doubtful}
    return Scan(
        items,
        tuple(sorted(problems, key=lambda one: (one.path, one.reason))),
        layout.name,
        ignored + layout.ignored,
    )


def _folder(root: Path) -> Path:
    path = root.expanduser()
    if not path.exists():
        raise WrongUse(f"there is no folder {root}; check the path")
    if not path.is_dir():
        raise WrongUse(f"{root} is a file; give the folder it is in")
    path = path.resolve()
    if (path / HOME_MARK).exists():
        raise WrongUse(f"{root} is a Scrubjay home; give a folder with pictures or recordings")
    return path


def _listing(root: Path) -> tuple[list[str], list[Problem], int]:
    """Names of the usable files, media that must not be opened, and how many to ignore."""
    listed = [info.name for info in list_folder(root)]
    if not listed:
        raise WrongUse(f"{root} is empty; give a folder with pictures or recordings")
    mark = f"/{HOME_MARK}/"
    homes = tuple({f"{name.partition(mark)[0]}/" for name in listed if mark in name})
    usable: list[str] = []
    problems = []
    for name in listed:
        if name.startswith(homes):
            continue
        reason = _why_refused(root, name)
        if reason is None:
            usable.append(name)
        elif has_media_name(name):
            problems.append(Problem(name.encode("utf-8", "backslashreplace").decode(), reason))
    return usable, problems, len(listed) - len(usable) - len(problems)


def _why_refused(root: Path, name: str) -> str | None:
    try:
        name.encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8; rename it"
    inside = Path(os.path.realpath(root / name)).is_relative_to(root)
    return None if inside else "a link that leaves the folder"


class _Reader:
    """The folder's files as bytes; sizes are checked before anything is read."""

    def __init__(self, root: Path, limits: MediaLimits) -> None:
        self._root = root
        self.limits = limits

    def read(self, name: str) -> bytes:
        return read_uri(str(self._root / name), max_bytes=self.limits.max_bytes)

    def manifest(self, name: str) -> bytes:
        try:
            return self.read(name)
        except BadMedia as error:
            raise WrongUse(f"{name}: {error.reason}; mend it and add the folder again") from error

    def is_media(self, name: str) -> bool:
        """By name; by content where the name says nothing."""
        if has_media_name(name):
            return True
        try:
            with (self._root / name).open("rb") as file:
                return sniff(file.read(HEAD_BYTES)) is not None
        except OSError:
            return False


def _examined(
    layout: Layout, reader: _Reader, progress: Progress, threads: int
) -> tuple[list[Found], list[Problem]]:
    found: list[Found] = []
    problems: list[Problem] = []

    def look(entry: Entry) -> Found | Problem:
        try:
            return Found(entry, examine(reader.read(entry.path), reader.limits))
        except (BadMedia, MissingExtra) as error:
            reason = error.reason if isinstance(error, BadMedia) else str(error)
            return Problem(entry.path, reason)

    total = len(layout.entries)
    with warnings.catch_warnings():
        # Damage that matters becomes a problem; the rest is not for a person's terminal.
        warnings.filterwarnings("ignore", module=r"PIL\.")
        for done, result in enumerate(_in_threads(look, layout.entries, threads), start=1):
            if isinstance(result, Found):
                found.append(result)
            else:
                problems.append(result)
            progress("looking at files", done, total)
    return found, problems


def _in_threads(
    look: Callable[[Entry], Found | Problem], entries: Sequence[Entry], threads: int
) -> Iterator[Found | Problem]:
    """Results in the entries' order, a few files ahead of the caller and never more."""
    workers = threads or len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(workers, thread_name_prefix="scan") as pool:
        waiting: deque[Future[Found | Problem]] = deque()
        try:
            for entry in entries:
                waiting.append(pool.submit(look, entry))
                if len(waiting) >= _IN_FLIGHT * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()

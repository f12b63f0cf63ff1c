"""A collection to items: found, decoded, hashed, merged, split. Nothing is written."""

from __future__ import annotations

import os
import re
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from scrubjay.core.config import MediaLimits, VideoLimits
from scrubjay.core.errors import BadMedia, MissingExtra, WrongUse
from scrubjay.core.known import Known
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Item
from scrubjay.media.layout import (
    Entry,
    Layout,
    Problem,
    has_media_name,
    has_playlist_name,
    recognise,
)
from scrubjay.media.sniff import HEAD_BYTES, PLAYLIST, claims_media
from scrubjay.media.video import DEFAULT_LIMITS as DEFAULT_VIDEO
from scrubjay.search.examine import Facts, examine_file
from scrubjay.search.merge import Found, merge
from scrubjay.store.objects import list_folder, read_uri

DEFAULT_LIMITS: Final = MediaLimits()
HOME_MARK: Final = "catalog.lance"
"""A folder that holds this is a Scrubjay home, and not part of the collection around it."""

_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_IN_FLIGHT: Final = 4


class Source(Protocol):
    """A collection as a scan asks it; names are below its root, with `/` between parts."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    def names(self) -> Names:
        """Everything listed."""
        ...

    def uri(self, name: str) -> str:
        """An absolute address."""
        ...

    def manifest(self, name: str) -> bytes:
        """The bytes of a file that may describe others.

        Raises:
            WrongUse: it cannot be read.
        """
        ...

    def is_media(self, name: str) -> bool:
        """Whether a file is media or claims to be."""
        ...

    def facts(self, name: str) -> Facts:
        """What a file is. Called from several threads.

        Raises:
            BadMedia: it cannot be used.
            MissingExtra: it needs an extra.
        """
        ...


@dataclass(frozen=True, slots=True)
class Names:
    """A listing, divided.

    Attributes:
        usable: to be looked at.
        refused: media that must not be opened.
        ignored: how many others there are.
    """

    usable: tuple[str, ...]
    refused: tuple[Problem, ...] = ()
    ignored: int = 0


@dataclass(frozen=True, slots=True)
class Scan:
    """A collection, looked at.

    Attributes:
        items: sorted by first uri; ids and contents are distinct.
        quarantined: files and references set aside, paths relative to the root.
        layout: as `Layout.name`.
        ignored: files that are no media and do not claim to be.
        whole: whether everything that manifests say is of files that are there.
    """

    items: tuple[Item, ...]
    quarantined: tuple[Problem, ...]
    layout: str
    ignored: int
    whole: bool = True


def scan_folder(
    root: Path,
    *,
    month: str,
    known: Known | None = None,
    held: Callable[[str], Item | None] | None = None,
    limits: MediaLimits = DEFAULT_LIMITS,
    video: VideoLimits = DEFAULT_VIDEO,
    progress: Progress = silent,
    threads: int = 0,
) -> Scan:
    """Look at every file of a folder; as `scan`.

    Raises:
        WrongUse: the folder is missing, empty or without media, the month is not one, or a
            manifest is malformed.
    """
    checked_month(month)
    source = _Folder(root, limits, video)
    return with_media(
        scan(source, month=month, known=known, held=held, progress=progress, threads=threads),
        source,
    )


def scan(
    source: Source,
    *,
    month: str,
    known: Known | None = None,
    held: Callable[[str], Item | None] | None = None,
    progress: Progress = silent,
    threads: int = 0,
) -> Scan:
    """Look at everything a source lists.

    Files are read, decoded and hashed by worker threads, each holding one file at a time. The
    same files, month and known items give the same scan.

    Args:
        source: what to look at.
        month: month added, `YYYY-MM`, unless a manifest says another.
        known: what is catalogued already; its ids and splits are kept.
        held: the catalogued item of an id. With it, a manifest that gives a catalogued id to
            another file is told from one whose file has changed.
        progress: told after each file.
        threads: workers; 0 means one per available core.

    Raises:
        WrongUse: a manifest is malformed.
    """
    names = source.names()
    layout = recognise(names.usable, source.manifest, is_media=source.is_media)
    found, unusable = _examined(layout, source, progress, threads)
    items, doubtful = merge(found, uri=source.uri, month=month, known=known, held=held)
    problems = {*names.refused, *layout.problems, *unusable, *doubtful}
    return Scan(
        items,
        tuple(sorted(problems, key=lambda one: (one.path, one.reason))),
        layout.name,
        names.ignored + layout.ignored,
        whole=not layout.problems,
    )


def checked_month(month: str) -> str:
    """The month, when it is one.

    Raises:
        WrongUse: it is not written `YYYY-MM`.
    """
    if not _MONTH.fullmatch(month):
        raise WrongUse(f"{month!r} is not a month; write it like 2026-11")
    return month


def with_media(found: Scan, source: Source) -> Scan:
    """The scan, when it found anything at all.

    Raises:
        WrongUse: there is nothing in the source that is, or claims to be, media.
    """
    if not (found.items or found.quarantined):
        raise WrongUse(
            f"{source.name} holds no picture, recording or video Scrubjay can read "
            f"({found.ignored} other files); is it the right one?"
        )
    return found


class _Folder:
    """A folder's files as they are; sizes are checked before anything is read."""

    def __init__(self, root: Path, limits: MediaLimits, video: VideoLimits) -> None:
        self.name = str(root)
        self._root = checked_folder(root)
        self._limits = limits
        self._video = video

    def names(self) -> Names:
        listed = [info.name for info in list_folder(self._root)]
        if not listed:
            raise WrongUse(f"{self.name} is empty; give a folder with pictures or other media")
        return folder_names(self._root, listed)

    def uri(self, name: str) -> str:
        return str(self._root / name)

    def manifest(self, name: str) -> bytes:
        try:
            return self._read(name)
        except BadMedia as error:
            raise unreadable_manifest(name, error) from error

    def is_media(self, name: str) -> bool:
        """By name; by content where the name says nothing."""
        if has_media_name(name):
            return True
        try:
            with (self._root / name).open("rb") as file:
                return claims_media(file.read(HEAD_BYTES))
        except OSError:
            return False

    def facts(self, name: str) -> Facts:
        return examine_file(self._root / name, self._limits, self._video)

    def _read(self, name: str) -> bytes:
        return read_uri(self.uri(name), max_bytes=self._limits.max_bytes)


def unreadable_manifest(name: str, error: BadMedia) -> WrongUse:
    """What a manifest that cannot be read is to the one who gave it."""
    return WrongUse(f"{name}: {error.reason}; mend it and add the folder again")


def checked_folder(root: Path) -> Path:
    """A collection's folder, absolute and without links.

    Raises:
        WrongUse: it is missing, a file, or a Scrubjay home.
    """
    path = root.expanduser()
    if not path.exists():
        raise WrongUse(f"there is no folder {root}; check the path")
    if not path.is_dir():
        raise WrongUse(f"{root} is a file; give the folder it is in")
    path = path.resolve()
    if (path / HOME_MARK).exists():
        raise WrongUse(f"{root} is a Scrubjay home; give a folder with pictures or other media")
    return path


def folder_names(root: Path, listed: Sequence[str]) -> Names:
    """Which of a folder's files may be looked at: no other home's, none outside, all with names."""
    usable: list[str] = []
    problems = []
    for name in outside_homes(listed):
        reason = _why_refused(root, name)
        if reason is None:
            usable.append(name)
        elif has_media_name(name):
            problems.append(Problem(name.encode("utf-8", "backslashreplace").decode(), reason))
    return Names(tuple(usable), tuple(problems), len(listed) - len(usable) - len(problems))


def outside_homes(listed: Sequence[str]) -> list[str]:
    """The names that are not inside a Scrubjay home somewhere below the root."""
    mark = f"/{HOME_MARK}/"
    homes = tuple({f"{name.partition(mark)[0]}/" for name in listed if mark in name})
    return [name for name in listed if not name.startswith(homes)]


def _why_refused(root: Path, name: str) -> str | None:
    try:
        name.encode()
    except UnicodeEncodeError:
        return "its name is not UTF-8; rename it"
    inside = Path(os.path.realpath(root / name)).is_relative_to(root)
    return None if inside else "a link that leaves the folder"


def _examined(
    layout: Layout, source: Source, progress: Progress, threads: int
) -> tuple[list[Found], list[Problem]]:
    found: list[Found] = []
    problems: list[Problem] = []

    def look(entry: Entry) -> Found | Problem:
        if has_playlist_name(entry.path):
            return Problem(entry.path, PLAYLIST)
        try:
            return Found(entry, source.facts(entry.path))
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

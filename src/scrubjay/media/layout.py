"""How a collection is laid out, found by looking at its listing and its manifests.

Three layouts: `descriptions` (a descriptions.json beside or above its pictures), `manifest` (CSV or
JSONL tables with columns that name files), and `tree` (media and nothing else).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final

from scrubjay.core.errors import BadMedia
from scrubjay.core.types import AttributeValue, Split
from scrubjay.media.attributes import as_text, tags
from scrubjay.media.manifest import (
    DESCRIPTIONS,
    Manifest,
    Role,
    is_manifest_name,
    read_manifest,
)
from scrubjay.media.references import Listing
from scrubjay.media.rows import TypedRow, typed_rows

PLAYLIST_SUFFIXES: Final = frozenset(
    {".m3u", ".m3u8", ".pls", ".mpd", ".ffconcat", ".xspf", ".asx", ".smil"}
)
"""Names that claim to be lists of media."""

MEDIA_SUFFIXES: Final = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"),
        *(".heic", ".heif", ".avif"),
        *(".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".m4a", ".m4b", ".aac", ".weba"),
        *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ogv"),
        *PLAYLIST_SUFFIXES,
    }
)
"""Names that claim to be media: such a file is an item or it is set aside, never just ignored."""

SPLIT_NAMES: Final[Mapping[str, Split]] = {
    **dict.fromkeys(("train", "training"), Split.TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "dev", "development"), Split.VAL),
    **dict.fromkeys(("test", "testing"), Split.TEST),
}
HELD_OUT: Final = (Split.TEST, Split.VAL, Split.TRAIN)
"""Where names of one thing disagree, the most held-out part wins: training must not see it."""

MAX_ID: Final = 200
"""Characters an item's id may have."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One file or reference set aside, and why; `path` is relative to the collection."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a collection and what its manifest says of it.

    Attributes:
        path: relative to the collection, as listed.
        id: the manifest's, or None.
        linked: pictures that the rows naming this recording name too.
    """

    path: str
    captions: tuple[str, ...] = ()
    id: str | None = None
    group: str | None = None
    split: Split | None = None
    language: str | None = None
    tags: tuple[str, ...] = ()
    month: str | None = None
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    linked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """A collection, recognised.

    Attributes:
        name: `descriptions`, `manifest` or `tree`.
        entries: one a file, sorted by path.
        ignored: files that neither are nor claim to be media, manifests included.
    """

    name: str
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    ignored: int


def has_media_name(name: str) -> bool:
    """Whether a file's name claims that it is media."""
    return PurePosixPath(name).suffix.lower() in MEDIA_SUFFIXES


def has_playlist_name(name: str) -> bool:
    """Whether a file's name claims that it only names other files."""
    return PurePosixPath(name).suffix.lower() in PLAYLIST_SUFFIXES


def recognise(
    names: Sequence[str],
    read: Callable[[str], bytes],
    *,
    is_media: Callable[[str], bool] = has_media_name,
) -> Layout:
    """Find out how a collection is laid out and what it says of each file.

    Manifests are looked for at the root, and if there are none, one folder down; one there speaks
    for its own folder, and files elsewhere that it does not name are items without words.

    Args:
        names: paths relative to the collection, `/` between parts.
        read: a listed file's bytes; called for manifests only.
        is_media: whether a file is media or claims to be.

    Raises:
        WrongUse: a manifest is malformed; the message names the file and the line.
    """
    visible = sorted(name for name in names if not _hidden(name))
    manifests, problems = _manifests(visible, read)
    listing = Listing(visible)
    said = _Said()
    for manifest, rows in zip(manifests, typed_rows(manifests), strict=True):
        for row in rows:
            _place(row, manifest, listing, said)
    entries = {path: _entry(path, said) for path in said.rows}
    _one_id_a_row(entries)
    spoken_of = said.refused | {problem.path for problem in problems}
    tables = {manifest.name for manifest in manifests}
    ignored = len(names) - len(visible)
    for name in visible:
        if name in entries or name in spoken_of:
            continue
        if name in tables or not is_media(name):
            ignored += 1
        elif (speaker := _speaking_for(name, manifests)) is None:
            entries[name] = Entry(name)
        else:
            problems.append(Problem(name, f"no entry in {speaker.name}"))
    return Layout(
        _name(manifests),
        tuple(entries[path] for path in sorted(entries)),
        tuple(sorted({*problems, *said.problems}, key=lambda one: (one.path, one.reason))),
        ignored,
    )


@dataclass(slots=True)
class _Said:
    """What all rows say, by file."""

    rows: dict[str, list[TypedRow]] = field(default_factory=dict)
    linked: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    refused: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def _hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def _manifests(
    names: Sequence[str], read: Callable[[str], bytes]
) -> tuple[list[Manifest], list[Problem]]:
    """Manifests at the root, else one folder down; blank files of such names are problems."""
    for depth in (1, 2):
        found: list[Manifest] = []
        problems: list[Problem] = []
        for name in names:
            if not is_manifest_name(name) or len(PurePosixPath(name).parts) != depth:
                continue
            data = read(name)
            manifest = read_manifest(name, data)
            if not data.strip():
                problems.append(Problem(name, "empty manifest"))
            elif manifest is not None and _names_some_file(manifest, names):
                found.append(manifest)
        if found or problems:
            return found, problems
    return [], []


def _names_some_file(manifest: Manifest, names: Sequence[str]) -> bool:
    """A table whose only file column is a general one (`path`) must name a file that is there."""
    roles = manifest.roles()
    column = next((header for header, role in roles.items() if role is Role.FILE), None)
    if column is None or PurePosixPath(manifest.name).name.lower() == DESCRIPTIONS:
        return True
    listed = {PurePosixPath(name).name for name in names}
    paths = (as_text(row.cells.get(column)).replace("\\", "/") for row in manifest.rows)
    return any(PurePosixPath(path).name in listed for path in paths)


def _name(manifests: Sequence[Manifest]) -> str:
    if not manifests:
        return "tree"
    names = {PurePosixPath(manifest.name).name.lower() for manifest in manifests}
    return "descriptions" if DESCRIPTIONS in names else "manifest"


def _speaking_for(name: str, manifests: Iterable[Manifest]) -> Manifest | None:
    return next(
        (one for one in manifests if not one.folder or name.startswith(f"{one.folder}/")), None
    )


def _place(row: TypedRow, manifest: Manifest, listing: Listing, said: _Said) -> None:
    """Put a row with every file it names; what cannot be placed becomes a problem."""
    where = manifest.name + (f", line {row.line}" if row.line else "")
    if not row.files:
        said.problems.append(Problem(where, "names no file"))
        return
    wrong = _wrong(row)
    found: dict[Role, str] = {}
    for role, reference in row.files:
        try:
            path = listing.find(reference, folder=manifest.folder)
        except BadMedia as error:
            said.problems.append(Problem(as_text(reference), f"{error.reason} (named in {where})"))
            continue
        if wrong:
            said.problems.append(Problem(path, f"{wrong} ({where})"))
            said.refused.add(path)
        else:
            found[role] = path
    for path in dict.fromkeys(found.values()):
        said.rows.setdefault(path, []).append(row)
    if Role.IMAGE in found and Role.AUDIO in found:
        said.linked[found[Role.AUDIO]][found[Role.IMAGE]] = None


def _wrong(row: TypedRow) -> str | None:
    """Why nothing a row says can be used, or None."""
    split = as_text(row.said.get(Role.SPLIT))
    if split and split.casefold() not in SPLIT_NAMES:
        return f"unknown split {split[:40]!r}; use train, val or test"
    if len(as_text(row.said.get(Role.ID))) > MAX_ID:
        return f"an id of over {MAX_ID} characters"
    return None


def _entry(path: str, said: _Said) -> Entry:
    """Merge what all rows say of one file; a single value on which they disagree is left out."""
    rows = said.rows[path]
    splits = {SPLIT_NAMES[name.casefold()] for name in _values(rows, Role.SPLIT)}
    return Entry(
        path,
        captions=tuple(dict.fromkeys(text for row in rows for text in row.captions)),
        id=_agreed(rows, Role.ID),
        group=next(iter(_values(rows, Role.GROUP)), None),
        split=next((split for split in HELD_OUT if split in splits), None),
        language=_agreed(rows, Role.LANGUAGE),
        tags=tuple(dict.fromkeys(t for row in rows for t in tags(row.said.get(Role.TAGS)))),
        month=_agreed(rows, Role.MONTH),
        attributes=agreed([row.attributes for row in rows]),
        linked=tuple(said.linked.get(path, ())),
    )


def agreed(said: Sequence[Mapping[str, AttributeValue]]) -> dict[str, AttributeValue]:
    """The attributes on which all that give them agree."""
    values: dict[str, AttributeValue] = {}
    disputed = set()
    for attributes in said:
        for name, value in attributes.items():
            if values.setdefault(name, value) != value:
                disputed.add(name)
    return {name: value for name, value in values.items() if name not in disputed}


def _values(rows: Iterable[TypedRow], role: Role) -> list[str]:
    return list(dict.fromkeys(as_text(row.said[role]) for row in rows if role in row.said))


def _agreed(rows: Iterable[TypedRow], role: Role) -> str | None:
    values = _values(rows, role)
    return values[0] if len(values) == 1 else None


def _one_id_a_row(entries: dict[str, Entry]) -> None:
    """A row's id is its picture's; its recording has it only where the picture has another."""
    for path, entry in entries.items():
        pictures = (entries[name] for name in entry.linked)
        if entry.id is not None and any(picture.id == entry.id for picture in pictures):
            entries[path] = replace(entry, id=None)

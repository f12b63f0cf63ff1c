"""Files to items: the same bytes are one item, an id belongs to one item, groups share a split."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.known import About, Known
from scrubjay.core.types import Item, Split
from scrubjay.media.layout import HELD_OUT, Entry, Problem, agreed
from scrubjay.media.phash import near_pairs
from scrubjay.search.examine import Facts
from scrubjay.search.splits import Member, assign_splits

ID_DIGITS: Final = 16
"""Hex digits of sha256 that make an id where no manifest gives one."""


@dataclass(frozen=True, slots=True)
class Found:
    """One usable file: what its manifest says and what its bytes say."""

    entry: Entry
    facts: Facts


@dataclass(frozen=True, slots=True)
class _Content:
    """The files that hold the same bytes, and the id they share."""

    id: str
    facts: Facts
    entries: tuple[Entry, ...]


def merge(
    found: Sequence[Found],
    *,
    uri: Callable[[str], str],
    month: str,
    known: Known | None,
    held: Callable[[str], Item | None] | None,
) -> tuple[tuple[Item, ...], tuple[Problem, ...]]:
    """Make items of usable files.

    Args:
        found: sorted by path.
        uri: a file's absolute address, by its path.
        month: for items whose manifest names none.
        known: what is catalogued already.
        held: the catalogued item of an id.

    Returns:
        Items in the order of their first path, and the files set aside because their id belongs
        to other bytes, their bytes to another id, or to something that was forgotten.
    """
    contents, problems = _contents(found, uri, known, held)
    sha256s = {entry.path: one.facts.sha256 for one in contents for entry in one.entries}
    groups = {one.facts.sha256: _group(one, sha256s) for one in contents}
    members = [Member(groups[one.facts.sha256], _given(one), one.facts.phash) for one in contents]
    splits = assign_splits(members, known=known, ties=_ties(contents, sha256s, groups))
    items = tuple(
        _item(one, uri=uri, month=month, group=groups[one.facts.sha256], split=split)
        for one, split in zip(contents, splits, strict=True)
    )
    return items, tuple(problems)


def about(found: Sequence[Found], phashes: NDArray[np.uint64]) -> About:
    """Which part of the catalog decides what becomes of some files; the rest need not be read.

    Args:
        phashes: (n,) all different, of the catalogued pictures.
    """
    sha256s = {one.facts.sha256 for one in found}
    new = {one.facts.phash for one in found if one.facts.phash is not None}
    hashes = np.array(sorted(new), np.uint64)
    near = [right for _, right in near_pairs(hashes, phashes)]
    return About(
        ids=frozenset(
            {sha256[:ID_DIGITS] for sha256 in sha256s}
            | {one.entry.id for one in found if one.entry.id}
        ),
        sha256s=frozenset(sha256s),
        groups=frozenset(sha256s | {one.entry.group for one in found if one.entry.group}),
        phashes=frozenset(phashes[np.concatenate(near)].tolist()) if near else frozenset(),
    )


def _contents(
    found: Sequence[Found],
    uri: Callable[[str], str],
    known: Known | None,
    held: Callable[[str], Item | None] | None,
) -> tuple[list[_Content], list[Problem]]:
    by_sha256: dict[str, list[Found]] = {}
    for one in found:
        by_sha256.setdefault(one.facts.sha256, []).append(one)
    contents = []
    problems = []
    owners: dict[str, str] = {}
    for sha256, files in by_sha256.items():
        if known is not None and (forgotten := known.why_forgotten(sha256)):
            problems += [Problem(one.entry.path, forgotten) for one in files]
            continue
        item_id, kept, misnamed = _same_id(sha256, files, known)
        problems += misnamed
        if not kept:
            continue
        path = kept[0].path
        taken = owners.get(item_id) or _catalogued_owner(item_id, sha256, kept, uri, known, held)
        if taken is not None:
            problems += [
                Problem(entry.path, f"duplicate id {item_id!r}: {taken} has it") for entry in kept
            ]
            continue
        owners[item_id] = path
        contents.append(_Content(item_id, files[0].facts, tuple(kept)))
    return contents, problems


def _same_id(
    sha256: str, files: Sequence[Found], known: Known | None
) -> tuple[str, list[Entry], list[Problem]]:
    """The id of some bytes; files whose manifest gives them another are set aside."""
    entries = [one.entry for one in files]
    catalogued = known.ids_by_sha256.get(sha256) if known is not None else None
    given = next((entry.id for entry in entries if entry.id is not None), None)
    item_id = catalogued or given or sha256[:ID_DIGITS]
    kept = [entry for entry in entries if entry.id in {None, item_id}]
    misnamed = [
        Problem(entry.path, f"the same bytes are item {item_id!r}; id {entry.id!r} was not given")
        for entry in entries
        if entry.id not in {None, item_id}
    ]
    return item_id, kept, misnamed


def _catalogued_owner(
    id: str,
    sha256: str,
    entries: Sequence[Entry],
    uri: Callable[[str], str],
    known: Known | None,
    held: Callable[[str], Item | None] | None,
) -> str | None:
    """Who has this id in the catalog, when it is another file and not an older state of this."""
    if known is None or held is None or id not in known.ids:
        return None
    item = held(id)
    if item is None or item.sha256 == sha256:
        return None
    own = {uri(entry.path) for entry in entries}
    return None if own & set(item.uris) else item.uri


def _group(content: _Content, sha256s: Mapping[str, str]) -> str:
    """The manifest's group, else the linked picture's content, else its own."""
    given = (entry.group for entry in content.entries if entry.group is not None)
    return next(given, None) or next(_linked(content, sha256s), content.facts.sha256)


def _linked(content: _Content, sha256s: Mapping[str, str]) -> Iterator[str]:
    """Contents of the usable pictures linked to a recording."""
    for entry in content.entries:
        for path in entry.linked:
            if path in sha256s:
                yield sha256s[path]


def _ties(
    contents: Sequence[_Content], sha256s: Mapping[str, str], groups: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Groups that must not be separated: of linked files, and of one file with two groups."""
    for one in contents:
        own = groups[one.facts.sha256]
        yield from ((own, groups[sha256]) for sha256 in _linked(one, sha256s))
        yield from ((own, entry.group) for entry in one.entries if entry.group is not None)


def _given(content: _Content) -> Split | None:
    splits = {entry.split for entry in content.entries}
    return next((split for split in HELD_OUT if split in splits), None)


def _item(
    content: _Content, *, uri: Callable[[str], str], month: str, group: str, split: Split
) -> Item:
    entries, facts = content.entries, content.facts
    languages = {entry.language for entry in entries} - {None}
    return Item(
        id=content.id,
        kind=facts.kind,
        uris=tuple(uri(entry.path) for entry in entries),
        sha256=facts.sha256,
        group=group,
        split=split,
        month=next((entry.month for entry in entries if entry.month is not None), month),
        size=facts.size,
        captions=tuple(dict.fromkeys(text for entry in entries for text in entry.captions)),
        language=languages.pop() if len(languages) == 1 else None,
        tags=tuple(dict.fromkeys(tag for entry in entries for tag in entry.tags)),
        attributes=agreed([entry.attributes for entry in entries]),
        phash=facts.phash,
        width=facts.width,
        height=facts.height,
        duration_s=facts.duration_s,
    )

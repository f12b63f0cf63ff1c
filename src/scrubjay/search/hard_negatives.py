"""What looks alike and is not: hard negatives for training, mined from a generation's rows.

Hardest are the nearest in the space of the version served, for these are what it mistakes (Xuan et
al. 2020). Too near is suspicious: what shows or says the same is no negative (Robinson et al. 2021,
false negatives). So groups tied by a near-duplicate picture or an equal caption, and rows nearer
than a ceiling, are passed over.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import BadConfig
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Item, Kind, Modality, Split
from scrubjay.media.phash import near_pairs
from scrubjay.store.feedback import Judgement
from scrubjay.store.index import Generation

NEAREST = 20
"""Groups named for each group, at most."""
CEILING = 0.98
"""Cosine above which two groups are taken to show the same."""
BLOCK = 2048
"""Groups compared with as many others at once: what memory holds."""
READ = 2000
"""Items whose rows are read at once."""


@dataclass(frozen=True, slots=True)
class _Thing:
    """A content group of the train split.

    Attributes:
        shown: the modality whose rows stand for it.
        family: groups of one family are taken to show or say the same.
    """

    group: str
    shown: Modality
    family: int


def hard_negatives(
    items: Sequence[Item],
    generation: Generation,
    *,
    nearest: int = NEAREST,
    ceiling: float = CEILING,
    block: int = BLOCK,
    first: Mapping[str, Sequence[str]] | None = None,
    progress: Progress = silent,
) -> dict[str, tuple[str, ...]]:
    """For every content group of the train split those that are nearest and not the same.

    Pictures stand for a group that has some, else its recordings: the mean of their rows. Only
    groups that are seen the same way are compared. Vectors wait on the disk; memory holds `block`
    groups, what they are compared with, and the answer.

    Args:
        items: of all splits; only those of the train split count. Videos do not.
        generation: in whatever version's space; items without a row are passed over.
        nearest: groups named for each, at most.
        ceiling: cosine above which a group is taken to show the same and is passed over.
        block: groups compared with as many others at once.
        first: groups to name in front: what people marked as wrong.
        progress: told of groups compared.

    Returns:
        Group to groups, hardest first; groups without any are left out.

    Raises:
        BadConfig: a setting that cannot be.
    """
    if nearest < 1 or block < 1 or not -1 < ceiling <= 1:
        raise BadConfig(
            f"hard negatives need nearest and block of 1 or more and a ceiling in (-1, 1], not "
            f"{nearest}, {block} and {ceiling}"
        )
    train = [one for one in items if one.split is Split.TRAIN and one.kind is not Kind.VIDEO]
    things = _things(train)
    found: dict[str, tuple[str, ...]] = {}
    with _vectors(train, things, generation) as vectors:
        for places in _seen_alike(things, vectors):
            families = np.array([things[at].family for at in places])
            for start in range(0, len(places), block):
                rows = slice(start, start + block)
                best = _nearest(vectors, places, families, rows, nearest, ceiling, block)
                for at, others in zip(places[rows], best, strict=True):
                    if others:
                        found[things[at].group] = tuple(things[one].group for one in others)
                progress("hard negatives", min(start + block, len(places)), len(places))
    return _in_front(first or {}, found, {one.group for one in things})


def marked_wrong(
    judgements: Sequence[Judgement], items: Iterable[Item]
) -> dict[str, tuple[str, ...]]:
    """What people marked as wrong, as hard negatives: for `hard_negatives(first=...)`.

    Words that were answered wrongly speak of the groups marked as right for them, and of those that
    have them as a caption. The group of the wrong hit is a hard negative of these, and they of it.

    Args:
        judgements: what people said of hits, the oldest first; the newest is named first.
        items: what may be learned from.
    """
    group_of: dict[str, str] = {}
    meant: dict[str, dict[str, None]] = defaultdict(dict)
    for item in items:
        group_of[item.id] = item.group
        for caption in item.captions:
            meant[_plain(caption)][item.group] = None
    for hit in judgements:
        if hit.right and hit.item in group_of:
            meant[_plain(hit.query)][group_of[hit.item]] = None
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for miss in reversed(judgements):
        other = None if miss.right else group_of.get(miss.item)
        for group in meant.get(_plain(miss.query), ()):
            if other is not None and other != group:
                found[group][other] = None
                found[other][group] = None
    return {group: tuple(others) for group, others in found.items()}


def _things(train: Sequence[Item]) -> list[_Thing]:
    """The groups that have something to be seen or heard by, in order of appearance."""
    shown: dict[str, Modality] = {}
    for item in train:
        if item.kind is Kind.IMAGE:
            shown[item.group] = Modality.IMAGE
        elif item.kind is Kind.SPEECH:
            shown.setdefault(item.group, Modality.SPEECH)
    families = _families(train)
    return [_Thing(group, how, families[group]) for group, how in shown.items()]


def _families(train: Sequence[Item]) -> dict[str, int]:
    """Group to a number that tied groups share: by a caption, or by pictures that look the same."""
    numbers = {group: at for at, group in enumerate(dict.fromkeys(one.group for one in train))}
    above = list(range(len(numbers)))

    def eldest(at: int) -> int:
        while above[at] != at:
            above[at] = above[above[at]]
            at = above[at]
        return at

    def tie(one: str, other: str) -> None:
        a, b = eldest(numbers[one]), eldest(numbers[other])
        above[max(a, b)] = min(a, b)

    said: dict[str, str] = {}
    looks: dict[int, str] = {}
    for item in train:
        for caption in filter(None, map(_plain, item.captions)):
            tie(said.setdefault(caption, item.group), item.group)
        if item.phash is not None:
            tie(looks.setdefault(item.phash, item.group), item.group)
    hashes, owners = np.array(list(looks), np.uint64), list(looks.values())
    for left, right in near_pairs(hashes):
        for i, j in zip(left.tolist(), right.tolist(), strict=True):
            tie(owners[i], owners[j])
    return {group: eldest(at) for group, at in numbers.items()}


@contextmanager
def _vectors(
    train: Sequence[Item], things: Sequence[_Thing], generation: Generation
) -> Iterator[NDArray[np.float32]]:
    """(n, dim) unit vectors of the things, on the disk; zeros where the index has no row."""
    place = {thing.group: at for at, thing in enumerate(things)}
    owner = {one.id: place[one.group] for one in train if one.group in place}
    ids = sorted(owner)
    with tempfile.TemporaryFile(prefix="scrubjay-negatives-") as file:
        vectors: NDArray[np.float32] | None = None
        for start in range(0, len(ids), READ):
            for modality, (names, rows) in generation.views(ids[start : start + READ]).items():
                if vectors is None:
                    size = (max(1, len(things)), rows.shape[1])
                    vectors = np.memmap(file, np.float32, mode="w+", shape=size)
                at = np.array([owner[name] for name in names], np.int64)
                mine = np.array([things[one].shown is modality for one in at], bool)
                np.add.at(vectors, at[mine], rows[mine])
        if vectors is None:
            vectors = np.zeros((len(things), 1), np.float32)
        for start in range(0, len(things), READ):
            part = vectors[start : start + READ]
            part /= np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-12)
        yield vectors


def _seen_alike(
    things: Sequence[_Thing], vectors: NDArray[np.float32]
) -> Iterator[NDArray[np.int64]]:
    """Places of the things that have a row, one modality after the other."""
    for modality in Modality:
        places = np.array(
            [at for at, thing in enumerate(things) if thing.shown is modality], np.int64
        )
        there = [bool(vectors[at].any()) for at in places]
        if sum(there) > 1:
            yield places[np.array(there)]


def _nearest(
    vectors: NDArray[np.float32],
    places: NDArray[np.int64],
    families: NDArray[np.int64],
    rows: slice,
    nearest: int,
    ceiling: float,
    block: int,
) -> list[list[int]]:
    """The places of the nearest allowed for some of the places, nearest first."""
    asked = vectors[places[rows]]
    best = np.full((len(asked), nearest), -np.inf, np.float32)
    who = np.full((len(asked), nearest), -1, np.int64)
    for start in range(0, len(places), block):
        columns = slice(start, start + block)
        scores = asked @ vectors[places[columns]].T
        same = families[rows][:, None] == families[columns][None, :]
        scores[same | (scores > ceiling)] = -np.inf
        beside = np.concatenate([best, scores], axis=1)
        names = np.concatenate([who, np.broadcast_to(places[columns], scores.shape)], axis=1)
        kept = np.argpartition(-beside, nearest - 1, axis=1)[:, :nearest]
        order = np.argsort(-np.take_along_axis(beside, kept, axis=1), axis=1, kind="stable")
        kept = np.take_along_axis(kept, order, axis=1)
        best, who = (np.take_along_axis(one, kept, axis=1) for one in (beside, names))
    return [
        [int(one) for one, score in zip(names, scores, strict=True) if np.isfinite(score)]
        for names, scores in zip(who, best, strict=True)
    ]


def _in_front(
    first: Mapping[str, Sequence[str]], found: Mapping[str, tuple[str, ...]], known: set[str]
) -> dict[str, tuple[str, ...]]:
    """What was marked before what was mined; of other groups than these nothing is said."""
    joined: dict[str, tuple[str, ...]] = {}
    for group in dict.fromkeys([*found, *first]):
        others = [*first.get(group, ()), *found.get(group, ())]
        kept = tuple(one for one in dict.fromkeys(others) if one in known and one != group)
        if group in known and kept:
            joined[group] = kept
    return joined


def _plain(words: str) -> str:
    return " ".join(words.casefold().split()).rstrip(".! ")

"""Which part of the data a thing belongs to: the same for all that shows or says the same."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.known import Known
from scrubjay.core.types import Split
from scrubjay.media.layout import HELD_OUT
from scrubjay.media.phash import near_pairs

TRAIN_UNTIL: Final = 0.8
VAL_UNTIL: Final = 0.9


@dataclass(frozen=True, slots=True)
class Member:
    """What a split is decided from.

    Attributes:
        group: its content group.
        given: the split its manifest gives, or None.
        phash: as `Item.phash`.
    """

    group: str
    given: Split | None = None
    phash: int | None = None


def split_of(group: str) -> Split:
    """Draw a group's split from its hash: 80% train, 10% val, 10% test; the same for ever."""
    place = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") / 2**64
    if place < TRAIN_UNTIL:
        return Split.TRAIN
    return Split.VAL if place < VAL_UNTIL else Split.TEST


def assign_splits(
    members: Sequence[Member],
    *,
    known: Known | None = None,
    ties: Iterable[tuple[str, str]] = (),
) -> list[Split]:
    """Decide every member's split.

    The first of these that applies: what its manifest gives; what the manifest gives another
    member of its group; what its group has already; what a near-duplicate has (its group tied to
    others by near-duplicate pictures or by `ties`, however many steps away); what `split_of`
    draws for the first group, in sorted order, of those tied together. Where several answers
    apply at one step the most held-out one wins: training must not see what evaluation asks.

    The result does not depend on the order of members or ties.

    Args:
        members: in any order; members of one group may repeat it.
        known: what is catalogued already; its groups keep their splits.
        ties: pairs of groups that must not be separated for other reasons.

    Returns:
        One split a member, in the members' order.
    """
    settled = dict(known.splits_by_group) if known is not None else {}
    given: dict[str, set[Split]] = defaultdict(set)
    for member in members:
        if member.given is not None:
            given[member.group].add(member.given)
    settled.update({group: _most_held_out(splits) for group, splits in given.items()})
    drawn = _drawn({member.group for member in members}, settled, [*ties, *_near(members, known)])
    return [member.given or drawn[member.group] for member in members]


def _most_held_out(splits: Iterable[Split]) -> Split:
    return min(splits, key=HELD_OUT.index)


def _drawn(
    groups: set[str], settled: Mapping[str, Split], ties: Sequence[tuple[str, str]]
) -> dict[str, Split]:
    """Every group's split: its own where settled, else that of what it is tied to."""
    families = _Families()
    for one, other in ties:
        families.join(one, other)
    tied = {group for pair in ties for group in pair} | groups
    by_family: dict[str, set[Split]] = defaultdict(set)
    for group in tied & settled.keys():
        by_family[families.eldest(group)].add(settled[group])
    drawn = {}
    for group in groups:
        eldest = families.eldest(group)
        splits = {settled[group]} if group in settled else by_family[eldest] or {split_of(eldest)}
        drawn[group] = _most_held_out(splits)
    return drawn


class _Families:
    """Groups tied together; the eldest is the first in sorted order, whoever was joined first."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def eldest(self, group: str) -> str:
        while (above := self._above.get(group, group)) != group:
            self._above[group] = self._above.get(above, above)
            group = above
        return group

    def join(self, one: str, other: str) -> None:
        first, second = sorted((self.eldest(one), self.eldest(other)))
        if first != second:
            self._above[second] = first


def _near(members: Sequence[Member], known: Known | None) -> list[tuple[str, str]]:
    """Pairs of groups with pictures that nearly look the same."""
    new = _groups_by_hash((m.phash, m.group) for m in members if m.phash is not None)
    ties = [(groups[0], group) for groups in new.values() for group in groups[1:]]
    ties += _near_ties(new, new, near_pairs(_hashes(new)))
    if known is not None:
        old = _groups_by_hash(zip(known.phashes.tolist(), known.phash_groups, strict=True))
        ties += _near_ties(new, old, near_pairs(_hashes(new), _hashes(old)))
    return ties


def _groups_by_hash(pictures: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    groups: dict[int, dict[str, None]] = defaultdict(dict)
    for phash, group in pictures:
        groups[phash][group] = None
    return {phash: sorted(names) for phash, names in groups.items()}


def _hashes(groups: Mapping[int, list[str]]) -> NDArray[np.uint64]:
    return np.fromiter(groups, dtype=np.uint64, count=len(groups))


def _near_ties(
    new: Mapping[int, list[str]],
    old: Mapping[int, list[str]],
    pairs: Iterable[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> list[tuple[str, str]]:
    """Pairs of places as ties: one group of the left hash with every group of the right one."""
    left_groups, right_groups = list(new.values()), list(old.values())
    return [
        (left_groups[i][0], group)
        for left, right in pairs
        for i, j in zip(left.tolist(), right.tolist(), strict=True)
        for group in right_groups[j]
    ]

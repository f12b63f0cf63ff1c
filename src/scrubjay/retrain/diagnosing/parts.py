"""Nested parts of what is trained on: each holds the smaller ones."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import Final

from scrubjay.core.types import Item, Kind, Split

GROUPS, ITEMS = "content groups", "items"

FEWEST_GROUPS: Final = 16
"""Content groups below which parts are taken within them, as of digits or other classes."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one training of the curve learns from.

    Attributes:
        n: content groups or items of it.
        items: of the train split.
    """

    n: int
    items: tuple[Item, ...]


def nested_parts(
    items: Sequence[Item], shares: Sequence[float], held_out: Collection[str], *, seed: int = 0
) -> tuple[str, list[Part]]:
    """Parts of the train split, the smallest first, and what they are counted in.

    By whole content groups: a group that is partly there would be another kind of data. Only where
    groups are classes - few, or the held-out ones among them - the same share of each is taken.

    Args:
        items: of all splits; only those of the train split count.
        shares: of the whole, rising, the last usually 1.
        held_out: content groups asked about.
    """
    trained = [item for item in items if item.split is Split.TRAIN and item.kind is not Kind.VIDEO]
    groups = sorted({item.group for item in trained}, key=lambda group: _drawn(seed, group))
    classes = len(groups) < FEWEST_GROUPS or not set(groups).isdisjoint(held_out)
    parts = []
    for share in shares:
        if classes:
            some = _of_each(trained, share, seed)
            parts.append(Part(len(some), tuple(some)))
        else:
            kept = set(groups[: ceil(share * len(groups))])
            some = [item for item in trained if item.group in kept]
            parts.append(Part(len(kept), tuple(some)))
    return (ITEMS if classes else GROUPS), parts


def month_of(items: Sequence[Item], unit: str) -> tuple[int, int]:
    """(how much the median month brought to learn from, months): in `unit` of the train split."""
    months: dict[str, set[str]] = defaultdict(set)
    for item in items:
        if item.split is Split.TRAIN and item.kind is not Kind.VIDEO:
            months[item.month].add(item.group if unit == GROUPS else item.id)
    if not months:
        return 0, 0
    return max(1, round(median(len(found) for found in months.values()))), len(months)


def _of_each(items: Sequence[Item], share: float, seed: int) -> list[Item]:
    """The same share of each group's pictures, recordings and texts, at least one of each."""
    members: dict[tuple[str, Kind], list[Item]] = defaultdict(list)
    for item in items:
        members[item.group, item.kind].append(item)
    kept = {
        item.id
        for found in members.values()
        for item in sorted(found, key=lambda one: _drawn(seed, one.id))[: ceil(share * len(found))]
    }
    return [item for item in items if item.id in kept]


def _drawn(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}:{name}".encode()).digest()

"""What a month learns from: everything new, and enough of the old that it is not forgotten.

Old content groups are drawn by a hash of the group and the run: the same run draws the same ones
again, however its items are ordered, and another month draws others.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from scrubjay.core.types import Item, Modality, Split
from scrubjay.training.pairs import group_items

HELD_OUT = 200
"""Old content groups of the validation split that may always be taken: fewer measure nothing."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """The items of one fit, in order of id.

    Attributes:
        train: of the train split.
        held_out: of the validation split.
        new: content groups of the train split with an item of this month.
        old: the others among them.
    """

    train: tuple[Item, ...]
    held_out: tuple[Item, ...]
    new: int
    old: int


def replayed(
    items: Sequence[Item],
    *,
    new: Collection[str],
    replay: float | None,
    modalities: frozenset[Modality],
    seed: str,
) -> Replayed:
    """All new pairs and `replay` times as many old ones.

    Only content groups that can be seen in two of the modalities count and are taken. A group with
    a new item is new, its old items included. Validation groups are drawn likewise, but for that
    `HELD_OUT` old ones are taken whenever there are so many.

    Args:
        items: of all months and splits; those of the test split are never taken.
        new: ids of this month's items.
        replay: old content groups a new one; None takes all.
        modalities: the encoder's.
        seed: of the draw.
    """
    train, new_groups, old_groups = _drawn(items, new, replay, modalities, seed, Split.TRAIN, 0)
    held_out, _, _ = _drawn(items, new, replay, modalities, seed, Split.VAL, HELD_OUT)
    return Replayed(train, held_out, new_groups, old_groups)


def _drawn(
    items: Iterable[Item],
    new: Collection[str],
    replay: float | None,
    modalities: frozenset[Modality],
    seed: str,
    split: Split,
    least: int,
) -> tuple[tuple[Item, ...], int, int]:
    """Items of one split in order of id, and how many new and old groups they are of."""
    mine = sorted((item for item in items if item.split is split), key=lambda item: item.id)
    pairs = {group.id for group in group_items(mine, modalities) if len(group.modalities()) > 1}
    fresh = {item.group for item in mine if item.id in new} & pairs
    old = sorted(pairs - fresh, key=lambda group: sha256(f"{seed}\0{group}".encode()).digest())
    if replay is not None:
        old = old[: max(least, math.ceil(replay * len(fresh)))]
    taken = fresh | set(old)
    return tuple(item for item in mine if item.group in taken), len(fresh), len(old)

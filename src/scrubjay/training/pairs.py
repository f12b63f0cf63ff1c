"""Which views belong together: items by content group, and one draw of a group's views."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from scrubjay.core.types import Item, Kind, Modality


@dataclass(frozen=True, slots=True)
class Group:
    """Everything that shows or says one thing.

    Attributes:
        number: position among the groups, what losses compare.
        captions: of all its items, each once, in order.
    """

    number: int
    id: str
    pictures: tuple[Item, ...]
    recordings: tuple[Item, ...]
    captions: tuple[str, ...]

    def modalities(self) -> frozenset[Modality]:
        """What it can be seen, heard or read as."""
        views = {
            Modality.IMAGE: self.pictures,
            Modality.SPEECH: self.recordings,
            Modality.TEXT: self.captions,
        }
        return frozenset(modality for modality, found in views.items() if found)


@dataclass(frozen=True, slots=True)
class Anchor:
    """One item that an epoch visits once."""

    group: Group
    item: Item


@dataclass(frozen=True, slots=True)
class Draw:
    """One view of each modality a group has."""

    group: int
    picture: Item | None
    recording: Item | None
    caption: str | None


def group_items(items: Iterable[Item], modalities: frozenset[Modality]) -> list[Group]:
    """Items by content group, in order of appearance; only views the modalities allow.

    Videos, their words too, and items without a usable view are left out, groups without any view
    as well.
    """
    members: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item.kind is not Kind.VIDEO:
            members[item.group].append(item)
    groups: list[Group] = []
    for name, found in members.items():
        group = Group(
            number=len(groups),
            id=name,
            pictures=_of(Kind.IMAGE, found) if Modality.IMAGE in modalities else (),
            recordings=_of(Kind.SPEECH, found) if Modality.SPEECH in modalities else (),
            captions=_captions(found) if Modality.TEXT in modalities else (),
        )
        if group.modalities():
            groups.append(group)
    return groups


def _of(kind: Kind, items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(item for item in items if item.kind is kind)


def _captions(items: Iterable[Item]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for item in items for text in item.captions if text.strip()))


def anchors_of(groups: Iterable[Group]) -> list[Anchor]:
    """What one epoch visits: the items of each group's more numerous medium.

    A picture with five spoken captions is visited five times, once with each recording. Groups with
    views of one modality only make no pair and are not visited.
    """
    return [
        Anchor(group, item)
        for group in groups
        if len(group.modalities()) > 1
        for item in max(group.pictures, group.recordings, key=len)
    ]


def draw(anchor: Anchor, random: np.random.Generator) -> Draw:
    """One view of each modality of an anchor's group: the anchor itself, partners at random.

    The caption is the recording's own when it has one, else the picture's, else any of the group's.
    """
    group, item = anchor.group, anchor.item
    picture = item if item.kind is Kind.IMAGE else _any(group.pictures, random)
    recording = item if item.kind is Kind.SPEECH else _any(group.recordings, random)
    return Draw(group.number, picture, recording, _caption(group, picture, recording, random))


def _caption(
    group: Group, picture: Item | None, recording: Item | None, random: np.random.Generator
) -> str | None:
    if not group.captions:
        return None
    for item in (recording, picture):
        own = [text for text in item.captions if text.strip()] if item else []
        if own:
            return own[int(random.integers(len(own)))]
    return group.captions[int(random.integers(len(group.captions)))]


def _any(items: Sequence[Item], random: np.random.Generator) -> Item | None:
    return items[int(random.integers(len(items)))] if items else None


def epoch_batches(
    n_anchors: int, batch_size: int, *, seed: int, epoch: int
) -> list[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Positions of anchors, shuffled and cut into batches of nearly equal size.

    Nothing is dropped and no batch is larger than `batch_size`; equal arguments give equal batches.
    """
    order = np.random.default_rng([seed, epoch]).permutation(n_anchors)
    return list(np.array_split(order, -(-n_anchors // batch_size)))

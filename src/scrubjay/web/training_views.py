"""A sample of what the champion learned from, to hold queries against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scrubjay.core.types import Champion, Item, Kind, Modality, Split
from scrubjay.evaluate.drift import Vectors
from scrubjay.store.home import Home

TRAINING = "training"
COLLECTION = "collection"
DRAWN = 4
"""Items drawn for each view wanted: an item has one modality, and not all have a caption."""


@dataclass(frozen=True, slots=True)
class TrainingSample:
    """Some items of the snapshot a version was trained on, at most one a content group.

    Attributes:
        reference: TRAINING, or COLLECTION where the version was not trained on this home's items.
        captions: one of each item that has any.
        caption_groups: their content groups.
        stored: vectors the generation has of them, by modality, with their content groups.
    """

    reference: str
    captions: tuple[str, ...]
    caption_groups: tuple[str, ...]
    stored: Mapping[Modality, Vectors]


def draw_sample(home: Home, champion: Champion, *, most: int, seed: int = 0) -> TrainingSample:
    """Draw at random from the snapshot in the version's lineage, else from the whole collection.

    Args:
        most: views of each kind.

    Raises:
        ScrubjayError: a table or the registry cannot be read.
    """
    reference, ids = _learned_from(home, champion.version)
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(len(ids))[: DRAWN * most]
    items = list(home.catalog.items(ids={ids[int(place)] for place in drawn}))
    if reference == TRAINING:
        items = [item for item in items if item.split is Split.TRAIN]
    items = [item for item in items if item.kind is not Kind.VIDEO]
    captioned = [item for item in _one_a_group(items) if item.captions][:most]
    texts = tuple(item.captions[int(rng.integers(len(item.captions)))] for item in captioned)
    groups = {item.id: item.group for item in items}
    generation = home.generations.open(champion.generation)
    stored: dict[Modality, Vectors] = {
        modality: Vectors(rows[:most], [groups[one] for one in of[:most]])
        for modality, (of, rows) in generation.views(groups).items()
        if modality is not Modality.TEXT
    }
    return TrainingSample(reference, texts, tuple(item.group for item in captioned), stored)


def _learned_from(home: Home, version: str) -> tuple[str, Sequence[str]]:
    """What the version's training saw, of all that the home still has."""
    lineage = next((one.lineage for one in home.registry.versions() if one.id == version), {})
    snapshot = lineage.get("snapshot")
    if snapshot in home.catalog.snapshots():
        return TRAINING, home.catalog.read_snapshot(snapshot).ids
    return COLLECTION, sorted(home.catalog.known().ids)


def _one_a_group(items: Sequence[Item]) -> list[Item]:
    return list({item.group: item for item in reversed(items)}.values())

"""How much the home holds, and who serves it: read from the disk, for the metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from scrubjay.core.types import Champion, Modality
from scrubjay.store.home import Home


@dataclass(frozen=True, slots=True)
class Holdings:
    """What was found at one moment.

    Attributes:
        rows: vectors of the generation that answers, by modality.
        mapped: of these, the ones another version made.
        items: in the catalogue.
        quarantined: files that could not be used, by source.
        named: the pair the registry says is to be served.
    """

    rows: Mapping[Modality, int]
    mapped: int
    items: int
    quarantined: Mapping[str, int]
    named: Champion | None


def hold(home: Home, serving: Champion | None) -> Holdings:
    """Look at what is there; reads no vector and no media.

    Args:
        serving: the pair that answers; None where none does yet.

    Raises:
        ScrubjayError: a table or the registry cannot be read.
    """
    rows: dict[Modality, int] = {}
    mapped = 0
    if serving is not None:
        generation = home.generations.open(serving.generation)
        rows = generation.modalities()
        by = generation.versions()
        mapped = sum(by.values()) - by.get(generation.version, 0)
    return Holdings(
        rows=rows,
        mapped=mapped,
        items=home.catalog.count(),
        quarantined=Counter(one.root for one in home.quarantine.all()),
        named=home.registry.champion(),
    )

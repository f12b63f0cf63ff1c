"""Rows of videos taken by lot, to see how near a query is to what it does not look for."""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Modality
from scrubjay.store.rows import KEY, VECTOR
from scrubjay.store.table import StoredTable, sql_in

SAMPLE: Final = 512
"""Rows of each modality."""


def sampled(table: StoredTable, dim: int) -> dict[Modality, NDArray[np.float32]]:
    """Modality -> (n, dim) vectors of at most SAMPLE rows of videos; only what there is.

    The lot falls by what a row is called, so that it is the same for every query and hardly
    changes while videos come and go.
    """
    there = table.rows([KEY, "modality"], where="`clue` IS NOT NULL")
    keys = there[KEY].to_pylist()
    named = there["modality"].to_pylist()
    lots: dict[str, list[tuple[int, str]]] = {}
    for key, modality in zip(keys, named, strict=True):
        lots.setdefault(modality, []).append((zlib.crc32(key.encode()), key))
    found = {}
    for modality in Modality:
        if drawn := sorted(key for _, key in sorted(lots.get(modality.value, ()))[:SAMPLE]):
            rows = table.rows([KEY, VECTOR], where=sql_in(KEY, drawn)).sort_by(KEY)
            flat = rows[VECTOR].combine_chunks().flatten().to_numpy(zero_copy_only=False)
            found[modality] = flat.reshape(-1, dim).astype(np.float32)
    return found

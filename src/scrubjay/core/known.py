"""What a home already holds, as far as a scan must know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Split


def _no_hashes() -> NDArray[np.uint64]:
    return np.empty(0, np.uint64)


@dataclass(frozen=True, slots=True)
class Known:
    """The catalog, reduced to what decides a new file's id, group and split.

    Attributes:
        ids_by_sha256: content -> id; the smallest id where several items share the bytes.
        ids: every id.
        phashes: (n,) uint64 perceptual hashes of the pictures that have one, in order of id.
        phash_groups: (n) the content group of each of them.
        splits_by_group: every content group's split.
    """

    ids_by_sha256: Mapping[str, str] = field(default_factory=dict)
    ids: frozenset[str] = frozenset()
    phashes: NDArray[np.uint64] = field(default_factory=_no_hashes)
    phash_groups: tuple[str, ...] = ()
    splits_by_group: Mapping[str, Split] = field(default_factory=dict)

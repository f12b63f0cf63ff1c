"""What a home already holds, as far as a scan must know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Split

FORGOTTEN = "forgotten on request"
"""How the reason of a file begins that is set aside without being bad."""


def _no_hashes() -> NDArray[np.uint64]:
    return np.empty(0, np.uint64)


@dataclass(frozen=True, slots=True)
class About:
    """Which part of the catalog decides about some files.

    Attributes:
        ids: they may get.
        sha256s: of their bytes.
        groups: content groups they may join.
        phashes: of catalogued pictures that nearly look like them, whose groups decide too.
    """

    ids: frozenset[str] = frozenset()
    sha256s: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    phashes: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """The catalog, reduced to what decides a new file's id, group and split; or a part of that.

    Attributes:
        ids_by_sha256: content -> id; the smallest id where several items share the bytes.
        ids: every id.
        phashes: (n,) uint64 perceptual hashes of the pictures that have one, in order of id.
        phash_groups: (n) the content group of each of them.
        splits_by_group: every content group's split.
        forgotten: content that was forgotten on request -> the id it had.
    """

    ids_by_sha256: Mapping[str, str] = field(default_factory=dict)
    ids: frozenset[str] = frozenset()
    phashes: NDArray[np.uint64] = field(default_factory=_no_hashes)
    phash_groups: tuple[str, ...] = ()
    splits_by_group: Mapping[str, Split] = field(default_factory=dict)
    forgotten: Mapping[str, str] = field(default_factory=dict)

    def why_forgotten(self, sha256: str) -> str | None:
        """Why some bytes are not taken; None for all that may be."""
        if sha256 not in self.forgotten or sha256 in self.ids_by_sha256:
            return None
        item_id = self.forgotten[sha256]
        return f"{FORGOTTEN}; `scrubjay forget --allow {item_id}` lets it be taken again"

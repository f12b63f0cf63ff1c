"""A snapshot: what a training run saw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An immutable, named list of items.

    Attributes:
        name: `<YYYY-MM>-<hex of content>`: the newest month among its items, and what is in it.
        created: when the catalog last looked like this, UTC.
        ids: item ids, sorted.
        sha256s: the bytes each of them had, in the same order.
    """

    name: str
    created: datetime
    ids: tuple[str, ...]
    sha256s: tuple[str, ...]

    def __len__(self) -> int:
        """How many items it lists."""
        return len(self.ids)

"""Looking through a catalog without a query: pages, the newest first, and what there is of what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scrubjay.store.table import StoredTable, sql_text

COUNTED = ("month", "kind", "language", "tags")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item stands in a catalog's order."""

    month: str
    id: str


@dataclass(frozen=True, slots=True)
class Facets:
    """How many items there are of each month, kind, language and tag, the largest first.

    Attributes:
        months: the newest first.
    """

    total: int
    months: Mapping[str, int]
    kinds: Mapping[str, int]
    languages: Mapping[str, int]
    tags: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "total": self.total,
            "months": dict(self.months),
            "kinds": dict(self.kinds),
            "languages": dict(self.languages),
            "tags": dict(self.tags),
        }


def places(
    table: StoredTable, limit: int, *, after: Place | None = None, where: str | None = None
) -> list[Place]:
    """The next items in order: newest month first, within a month by id.

    Args:
        after: the last one that was shown.
        where: a Lance filter.
    """
    parts = [] if where is None else [f"({where})"]
    if after is not None:
        month, last = sql_text(after.month), sql_text(after.id)
        parts.append(f"(`month` < {month} OR (`month` = {month} AND `id` > {last}))")
    rows = table.rows(["month", "id"], where=" AND ".join(parts) or None)
    if not rows.num_rows:
        return []
    rows = rows.sort_by([("month", "descending"), ("id", "ascending")]).slice(0, limit)
    return [
        Place(month, item_id)
        for month, item_id in zip(rows["month"].to_pylist(), rows["id"].to_pylist(), strict=True)
    ]


def facets(table: StoredTable) -> Facets:
    """Counts over all items."""
    rows = table.rows(list(COUNTED))
    if not rows.num_rows:
        return Facets(0, {}, {}, {}, {})
    values = {name: rows[name].to_pylist() for name in COUNTED}
    tags = Counter(tag for one in values["tags"] for tag in set(one or ()))
    return Facets(
        total=rows.num_rows,
        months=dict(sorted(Counter(values["month"]).items(), reverse=True)),
        kinds=_largest_first(Counter(values["kind"])),
        languages=_largest_first(Counter(one for one in values["language"] if one)),
        tags=_largest_first(tags),
    )


def _largest_first(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))

"""The approximate index of a large generation: partitions of vectors kept in 8 bits (IVF_SQ)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from scrubjay.store.rows import VECTOR
from scrubjay.store.table import StoredTable

PARTITION_ROWS = 4096
"""Rows a partition should have; there are enough of them to be worth searching few."""

GATHER_ABOVE = 32
"""Small files a generation may have before they are gathered; gathering rewrites its vectors."""
UNINDEXED_SHARE = 0.05
"""Rows an approximate index may not know yet; they are compared one by one until it does."""
KEEP = timedelta(hours=1)
"""Old versions are kept for searches that are under way."""


@dataclass(frozen=True, slots=True)
class Partitioned:
    """The index there is.

    Attributes:
        partitions: 0 without an index.
        unindexed: rows added since; a search compares them one by one.
    """

    partitions: int = 0
    unindexed: int = 0


def partitioned(table: StoredTable) -> Partitioned:
    """What index a table has. Its name says how many partitions it was built with."""
    handle = table.current()
    with table.reading():
        for index in handle.list_indices():
            if match := re.fullmatch(r"vector_(\d+)", index.name):
                stats = handle.index_stats(index.name)
                return Partitioned(int(match[1]), int(stats.num_unindexed_rows) if stats else 0)
    return Partitioned()


def keep_level(table: StoredTable, *, least: int) -> None:
    """Build or extend the index and gather small files, where that is due.

    Args:
        least: rows of a table that has an index.
    """
    count = table.count()
    there = partitioned(table)
    due = there.partitions > 0 and there.unindexed > UNINDEXED_SHARE * count
    if due or table.small_files() > GATHER_ABOVE:
        table.compact(keep=KEEP)
    if count >= max(least, 1):
        partition(table, count, there.partitions)


def partition(table: StoredTable, rows: int, now: int) -> None:
    """Build the index, unless the one there was built for at least half as many rows.

    Args:
        now: its partitions, 0 without one.
    """
    wanted = max(1, rows // PARTITION_ROWS)
    if wanted <= 2 * now:
        return
    _build(table, wanted)


def repartition(table: StoredTable, rows: int, *, least: int) -> None:
    """Make the index anew: the one there was made of rows that are gone, too.

    Args:
        rows: that are left; fewer than `least` need none.
    """
    if rows < max(least, 1):
        table.commit("dropping the index", partial(_drop_but, None))
    else:
        _build(table, max(1, rows // PARTITION_ROWS))


def _build(table: StoredTable, wanted: int) -> None:
    from lancedb.index import IvfSq

    name = f"vector_{wanted}"
    config = IvfSq(distance_type="cosine", num_partitions=wanted)

    def build(handle: Any) -> None:  # noqa: ANN401 - a lancedb table
        handle.create_index(VECTOR, config=config, name=name)

    table.commit("building the index", build)
    table.commit("dropping the old index", partial(_drop_but, name))


def _drop_but(name: str | None, handle: Any) -> None:  # noqa: ANN401 - a lancedb table
    for index in handle.list_indices():
        if index.name != name:
            handle.drop_index(index.name)

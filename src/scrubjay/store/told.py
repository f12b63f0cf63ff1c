"""What a generation's rows say of some items, read back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Clue, Item, Modality
from scrubjay.store.rows import KEY, VECTOR, Span, described, row_columns, span
from scrubjay.store.table import StoredTable, batched, sql_in

if TYPE_CHECKING:
    import pyarrow as pa

BATCH: Final = 2_000
"""Items asked for at once."""
_IN_TIME: Final = [("start_s", "ascending"), (KEY, "ascending")]


def spans_of(table: StoredTable, item_id: str) -> list[Span]:
    """The rows of an item in order of time."""
    rows = table.rows([KEY, *row_columns(table.schema())], where=sql_in("id", [item_id]))
    return [span(row) for row in rows.sort_by(_IN_TIME).to_pylist()] if rows.num_rows else []


def vectors_of(table: StoredTable, item_id: str, dim: int) -> NDArray[np.float32]:
    """(n, dim) vectors of an item in order of their spans; n is 0 of an item that is not there.

    Of a video those of one clue only, of the first there is of what is seen, heard, said and read:
    vectors of different towers have no middle that means anything.
    """
    clue = ["clue"] if "clue" in table.schema().names else []
    rows = table.rows([KEY, "start_s", *clue, VECTOR], where=sql_in("id", [item_id]))
    if not rows.num_rows:
        return np.empty((0, dim), np.float32)
    rows = rows.sort_by(_IN_TIME)
    if clue and rows["clue"].null_count < rows.num_rows:
        import pyarrow.compute as pc

        there = set(rows["clue"].to_pylist())
        best = next(one for one in Clue if one.value in there)
        rows = rows.filter(pc.field("clue") == best.value)
    return matrix(rows, dim)


def views_of(
    table: StoredTable, ids: Collection[str], modalities: Iterable[Modality], dim: int
) -> dict[Modality, tuple[list[str], NDArray[np.float32]]]:
    """Modality -> (item ids, (n, dim) vectors) of the rows of these items, in order of key."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = [KEY, "id", "modality", VECTOR]
    parts = [
        table.rows(columns, where=sql_in("id", batch)) for batch in batched(sorted(set(ids)), BATCH)
    ]
    found: dict[Modality, tuple[list[str], NDArray[np.float32]]] = {}
    if parts:
        rows = pa.concat_tables(parts).sort_by(KEY)
        for modality in modalities:
            mine = rows.filter(pc.field("modality") == modality.value)
            if mine.num_rows:
                found[modality] = (mine["id"].to_pylist(), matrix(mine, dim))
    return found


def described_anew(table: StoredTable, items: Mapping[str, Item]) -> pa.Table | None:
    """Keys and item columns of rows that say something else of these items; None: no row does."""
    import pyarrow as pa

    schema = table.schema()
    columns = [*described(next(iter(items.values())), schema)]
    rows = table.rows([KEY, *columns], where=sql_in("id", list(items)))
    says = {one: described(item, schema) for one, item in items.items()}
    changed = []
    # A film has thousands of rows, which must not all be Python's at once.
    for batch in rows.to_batches(max_chunksize=BATCH):
        for row in batch.to_pylist():
            key = row.pop(KEY)
            if says[row["id"]] != row:
                changed.append({KEY: key, **says[row["id"]]})
    if not changed:
        return None
    fields = [schema.field(name) for name in (KEY, *columns)]
    return pa.Table.from_pylist(changed, schema=pa.schema(fields))


def tally(table: StoredTable, column: str) -> dict[str, int]:
    """Value of a column of strings -> rows."""
    counted = table.rows([column])[column].value_counts().to_pylist()
    return {one["values"]: one["counts"] for one in counted}


def matrix(rows: pa.Table, dim: int) -> NDArray[np.float32]:
    """(n, dim) float32 vectors of rows."""
    flat = rows[VECTOR].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    vectors: NDArray[np.float32] = flat.reshape(-1, dim).astype(np.float32)
    return vectors

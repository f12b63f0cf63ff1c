"""A small generation in memory, compared row by row: one matrix product a query.

Lance's own scan of 50,000 vectors of 512 takes about 90 ms on one core; this takes about 4, for
100 MB of memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class ExactRows:
    """All rows of one version of a table.

    Attributes:
        vectors: (n, dim) float32, unit rows.
        row_ids: (n,) uint64, Lance's, ascending.
        items: (n,) a number for each row's item, the same for rows of the same item.
        shown: the columns a result shows, n rows.
    """

    vectors: NDArray[np.float32]
    row_ids: NDArray[np.uint64]
    items: NDArray[np.int64]
    shown: Any

    @classmethod
    def of(cls, rows: pa.Table, dim: int) -> ExactRows:
        """Take a table with `vector`, `_rowid` and what a result shows apart."""
        if np.any(np.diff(rows["_rowid"].to_numpy().astype(np.int64)) < 0):
            rows = rows.sort_by("_rowid")
        vectors = rows["vector"].combine_chunks()
        flat = vectors.flatten().to_numpy(zero_copy_only=False)
        ids = rows["id"].combine_chunks().dictionary_encode()
        return cls(
            vectors=flat.reshape(len(vectors), dim).astype(np.float32, copy=False),
            row_ids=rows["_rowid"].to_numpy(),
            items=ids.indices.to_numpy(zero_copy_only=False).astype(np.int64),
            shown=rows.drop_columns(["vector", "_rowid"]).combine_chunks(),
        )

    def best(
        self, query: NDArray[np.float32], k: int, *, allowed: NDArray[np.uint64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The best row of each of the k best items.

        Args:
            query: (dim,) unit vector.
            allowed: row ids to choose from, each one there; default all.

        Returns:
            (at most k,) places of the rows, best first, and their cosines.
        """
        scores = self.vectors @ query
        places = np.arange(len(scores))
        if allowed is not None:
            places = np.searchsorted(self.row_ids, np.sort(allowed))
            scores = scores[places]
        fetch = k
        while True:
            top = top_places(scores, fetch)
            chosen = top[first_of_each(self.items[places[top]])]
            if len(chosen) >= k or len(top) == len(scores):
                return places[chosen[:k]], scores[chosen[:k]]
            fetch *= 2


def top_places(scores: NDArray[np.float32], n: int) -> NDArray[np.int64]:
    """Places of the n largest, largest first."""
    some = n < len(scores)
    top = np.sort(np.argpartition(-scores, n)[:n]) if some else np.arange(len(scores))
    return top[np.argsort(-scores[top], kind="stable")]


def first_of_each(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places where a value is met for the first time, in order."""
    _, first = np.unique(values, return_index=True)
    return np.sort(first)

"""Which rows are found as one: those of an item, or of one moment of a video."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Clue

if TYPE_CHECKING:
    import pyarrow as pa

Moment: TypeAlias = tuple[str, float]
"""An item's id, and the second at which a moment of it begins."""

GROUPED: Final = ("id", "clue", "moment_s")
"""The columns that tell; a table that was begun earlier has no more than the first."""

_NO_CLUE: Final = -1
_CLUES: Final = tuple(Clue)


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Rows that are found as one have one number.

    Attributes:
        numbers: (n,) a row's group.
        clues: what rows are made of -> places of those rows, ascending; under None those of items
            that are no videos. Only what there is.
        moments: every moment -> its group.
        order: (n,) places in order of group; empty without moments.
        ordered: (n,) the groups in that order.
    """

    numbers: NDArray[np.int64]
    clues: Mapping[Clue | None, NDArray[np.int64]]
    moments: Mapping[Moment, int]
    order: NDArray[np.int64]
    ordered: NDArray[np.int64]

    @classmethod
    def of(cls, rows: pa.Table) -> Groups:
        """Look at a table's GROUPED columns, as far as it has them."""
        ids = rows["id"].combine_chunks().dictionary_encode()
        numbers = ids.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        numbers, moments = _parted(numbers, ids.dictionary, rows)
        order = np.argsort(numbers, kind="stable") if moments else np.empty(0, np.int64)
        return cls(numbers, _by_clue(rows), moments, order, numbers[order])

    def places(self, moment: Moment) -> NDArray[np.int64]:
        """Places of a moment's rows, ascending; none of one that is not there."""
        number = self.moments.get(moment)
        if number is None:
            return np.empty(0, np.int64)
        first, last = np.searchsorted(self.ordered, [number, number + 1])
        return self.order[first:last]


def _parted(
    items: NDArray[np.int64], ids: pa.Array, rows: pa.Table
) -> tuple[NDArray[np.int64], dict[Moment, int]]:
    """Numbers of items, with a further number for each moment instead; and which is whose."""
    if "moment_s" not in rows.column_names or rows["moment_s"].null_count == rows.num_rows:
        return items, {}
    begins = rows["moment_s"].to_numpy(zero_copy_only=False).astype(np.float64)
    there = np.flatnonzero(~np.isnan(begins))
    _, begun = np.unique(begins[there], return_inverse=True)
    both = items[there] * (int(begun.max()) + 1) + begun
    _, first, inverse = np.unique(both, return_index=True, return_inverse=True)
    numbers = items.copy()
    numbers[there] = len(ids) + inverse
    names = ids.take(items[there[first]]).to_pylist()
    starts = begins[there[first]].tolist()
    return numbers, {one: len(ids) + n for n, one in enumerate(zip(names, starts, strict=True))}


def _by_clue(rows: pa.Table) -> dict[Clue | None, NDArray[np.int64]]:
    if "clue" not in rows.column_names or rows["clue"].null_count == rows.num_rows:
        return {None: np.arange(rows.num_rows)} if rows.num_rows else {}
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pa.array([one.value for one in _CLUES])
    codes = pc.fill_null(pc.index_in(rows["clue"], value_set=known), _NO_CLUE).to_numpy()
    places: dict[Clue | None, NDArray[np.int64]] = {None: np.flatnonzero(codes == _NO_CLUE)}
    for code, clue in enumerate(_CLUES):
        places[clue] = np.flatnonzero(codes == code)
    return {clue: some for clue, some in places.items() if len(some)}

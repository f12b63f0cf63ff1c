"""A large generation in memory with the rows of each clue apart, as they are searched.

Cosines with what is seen and with what is said are not alike, so that a query looks for the best
of each. A home without videos has one shelf.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Clue
from scrubjay.store.clustered import ClusteredRows
from scrubjay.store.exact import of_moments
from scrubjay.store.groups import GROUPED, Groups, Moment

if TYPE_CHECKING:
    import pyarrow as pa

Centres: TypeAlias = Mapping[Clue | None, NDArray[np.float32]]
Shown: TypeAlias = tuple[dict[str, Any], float]
"""A row as results show it, and its cosine."""


@dataclass(frozen=True, slots=True)
class Shelves:
    """All rows of one version of a table.

    Attributes:
        rows: by what they are made of; under None those of items that are no videos.
    """

    rows: Mapping[Clue | None, ClusteredRows]

    @classmethod
    def of(cls, rows: pa.Table, dim: int, *, centres: Centres | None = None) -> Shelves:
        """Take a table with `vector` and what a result shows apart.

        Args:
            centres: of an earlier version.
        """
        known = {} if centres is None else centres
        names = [one for one in GROUPED if one in rows.column_names]
        clues = Groups.of(rows.select(names)).clues
        if len(clues) == 1:  # As it is: taking every row would copy every vector.
            (clue,) = clues
            return cls({clue: ClusteredRows.of(rows, dim, centres=known.get(clue))})
        return cls(
            {
                clue: ClusteredRows.of(rows.take(places), dim, centres=known.get(clue))
                for clue, places in clues.items()
            }
        )

    @property
    def centres(self) -> Centres:
        """Of the clusters, to begin the next version with."""
        return {clue: one.centres for clue, one in self.rows.items()}

    def best(self, query: NDArray[np.float32], k: int) -> list[Shown]:
        """The best row of each of the k best items or moments, whatever it is made of.

        Args:
            query: (dim,) unit vector.

        Returns:
            At most k rows as results show them, best first, and their cosines.
        """
        every = [found for shelf in self.rows for found in self._best(shelf, query, k)]
        if len(self.rows) == 1:
            return every
        firsts: dict[tuple[str, float | None], Shown] = {}
        for row, score in sorted(every, key=lambda one: -one[1]):
            firsts.setdefault((row["id"], row["moment_s"]), (row, score))
        return list(firsts.values())[:k]

    def best_by_clue(
        self, query: NDArray[np.float32], k: int, clues: Collection[Clue | None]
    ) -> dict[Clue | None, list[Shown]]:
        """As `best` among the rows of each of these clues alone; under None of those without."""
        return {clue: self._best(clue, query, k) for clue in self.rows if clue in clues}

    def of_moments(self, query: NDArray[np.float32], moments: Collection[Moment]) -> list[Shown]:
        """All rows of some moments, and their cosines."""
        found = []
        for clue, one in self.rows.items():
            if clue is None:
                continue
            found += _shown(one, *of_moments(one.vectors, one.groups, query, moments))
        return found

    def _best(self, clue: Clue | None, query: NDArray[np.float32], k: int) -> list[Shown]:
        one = self.rows[clue]
        return _shown(one, *one.best(query, k))


def _shown(
    rows: ClusteredRows, places: NDArray[np.int64], scores: NDArray[np.float32]
) -> list[Shown]:
    return list(zip(rows.shown.take(places).to_pylist(), scores.tolist(), strict=True))

"""A large generation in memory, in clusters: a search compares the rows of the nearest few.

Beside Lance's index, which reads candidates and what they show from the disk: of 100,000 rows of
512 Lance takes 8 ms of a processor, this 0.5. Clusters are found by spherical k-means, searched by
inverted lists: Sivic and Zisserman 2003, "Video Google"; cosines are float32, not quantised.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.store.exact import first_of_each, top_places
from scrubjay.store.groups import Groups

if TYPE_CHECKING:
    import pyarrow as pa

ROUNDS = 8
"""Of k-means; more find hardly better clusters."""
SAMPLE = 48
"""Rows a cluster is found from."""
AT_ONCE = 8_192
"""Rows that are assigned at once."""
COMPARED = 16
"""Clusters of middling size that are searched at least."""
SHARE = 40
"""One row in so many is compared at least: 16 clusters of a million rows miss one hit in twelve."""
PER_HIT = 64
"""Rows that are compared at least, for each one asked for."""


@dataclass(frozen=True, slots=True)
class ClusteredRows:
    """All rows of one version of a table, those of a cluster side by side.

    Attributes:
        vectors: (n, dim) float32, unit rows.
        groups: which rows are found as one.
        shown: the columns a result shows, n rows.
        centres: (c, dim) float32, unit rows.
        starts: (c + 1,) where each cluster begins; the last is n.
    """

    vectors: NDArray[np.float32]
    groups: Groups
    shown: Any
    centres: NDArray[np.float32]
    starts: NDArray[np.int64]

    @classmethod
    def of(
        cls, rows: pa.Table, dim: int, *, centres: NDArray[np.float32] | None = None
    ) -> ClusteredRows:
        """Take a table with `vector` and what a result shows apart.

        Args:
            centres: of an earlier version, used again where their number still fits.
        """
        flat = rows["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        vectors = flat.reshape(rows.num_rows, dim).astype(np.float32, copy=False)
        wanted = clusters_of(len(vectors))
        if centres is None or not wanted / 2 <= len(centres) <= 2 * wanted:
            centres = found_centres(vectors, wanted)
        nearest = assigned(vectors, centres)
        order = np.argsort(nearest, kind="stable")
        shown = rows.drop_columns(["vector"]).take(order).combine_chunks()
        sizes = np.bincount(nearest, minlength=len(centres))
        return cls(
            vectors=vectors[order],
            groups=Groups.of(shown),
            shown=shown,
            centres=centres,
            starts=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        )

    def best(
        self, query: NDArray[np.float32], k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The best row of each of the k best items or moments, of those in the nearest clusters.

        All clusters are compared before fewer than k of them are given.

        Args:
            query: (dim,) unit vector.

        Returns:
            (at most k,) places of the rows, best first, and their cosines.
        """
        near = np.argsort(-np.vecdot(self.centres, query), kind="stable")
        reach = np.cumsum(np.diff(self.starts)[near])
        n = len(self.vectors)
        rows = max(PER_HIT * k, COMPARED * n // max(1, len(self.centres)), n // SHARE)
        while True:
            chosen = near[: int(np.searchsorted(reach, rows)) + 1]
            places, scores = self._compared(query, np.sort(chosen))
            fetch = k
            while True:
                top = top_places(scores, fetch)
                first = top[first_of_each(self.groups.numbers[places[top]])]
                if len(first) >= k or len(top) == len(scores):
                    break
                fetch *= 2
            if len(first) >= k or len(places) == n:
                return places[first[:k]], scores[first[:k]]
            rows *= 4

    def _compared(
        self, query: NDArray[np.float32], clusters: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        spans = [(int(self.starts[one]), int(self.starts[one + 1])) for one in clusters]
        # Not `@`: for so few rows it wakes threads, which the encoder keeps busy.
        scores = [np.vecdot(self.vectors[start:end], query) for start, end in spans]
        places = [np.arange(start, end) for start, end in spans]
        return np.concatenate(places), np.concatenate(scores)


def clusters_of(rows: int) -> int:
    """As many that finding the nearest costs about as much as comparing their rows."""
    return max(1, round(2 * math.sqrt(rows)))


def found_centres(vectors: NDArray[np.float32], n: int, *, seed: int = 0) -> NDArray[np.float32]:
    """(n, dim) unit centres of clusters of (rows, dim) unit vectors, from a sample of them."""
    random = np.random.default_rng(seed)
    chosen = random.choice(len(vectors), min(len(vectors), n * SAMPLE), replace=False)
    sample = vectors[np.sort(chosen)]
    centres = sample[random.choice(len(sample), n, replace=n > len(sample))]
    for _ in range(ROUNDS):
        nearest = assigned(sample, centres)
        filled, sums = _sums(sample, nearest)
        lengths = np.linalg.norm(sums, axis=1)
        centres[filled] = sums / np.maximum(lengths, np.finfo(np.float32).tiny)[:, None]
        # A centre that lost its rows begins again at one of them.
        lost = np.setdiff1d(np.arange(n), filled[lengths > 0])
        centres[lost] = sample[random.choice(len(sample), len(lost))]
    return centres


def assigned(vectors: NDArray[np.float32], centres: NDArray[np.float32]) -> NDArray[np.int64]:
    """(n,) the nearest of the centres to each of (n, dim) vectors."""
    nearest = np.empty(len(vectors), np.int64)
    for start in range(0, len(vectors), AT_ONCE):
        some = vectors[start : start + AT_ONCE]
        nearest[start : start + AT_ONCE] = np.argmax(some @ centres.T, axis=1)
    return nearest


def _sums(
    vectors: NDArray[np.float32], groups: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The groups there are, and the sum of the vectors of each."""
    order = np.argsort(groups, kind="stable")
    there, starts = np.unique(groups[order], return_index=True)
    sums: NDArray[np.float32] = np.add.reduceat(vectors[order], starts, axis=0)
    return there, sums

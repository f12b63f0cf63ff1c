"""How far two encoders of one space agree about the same things."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 10
ROWS_AT_ONCE = 1024


def mean_cosine(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> float:
    """Mean cosine of the two vectors of each thing.

    Args:
        ours: (n, dim) unit rows, n of 1 or more.
        theirs: (n, dim) unit rows of the same things.
    """
    return float(np.mean(np.sum(ours * theirs, axis=1, dtype=np.float64)))


def shared_neighbours(
    ours: NDArray[np.float32], theirs: NDArray[np.float32], *, k: int = NEIGHBOURS
) -> float | None:
    """Mean share of a thing's k nearest others that both encoders name.

    Args:
        ours: (n, dim) unit rows.
        theirs: (n, any) unit rows of the same things.
        k: neighbours compared; all others where there are fewer.

    Returns:
        In [0, 1]; about k / (n - 1) by chance. None where it could be nothing else than 1.
    """
    n = len(ours)
    if n - 1 <= k:
        return None
    shared = 0
    for start in range(0, n, ROWS_AT_ONCE):
        named = [_nearest(rows, start, k) for rows in (ours, theirs)]
        shared += sum(len(np.intersect1d(*pair)) for pair in zip(*named, strict=True))
    return shared / (n * k)


def _nearest(rows: NDArray[np.float32], start: int, k: int) -> NDArray[np.int64]:
    chunk = rows[start : start + ROWS_AT_ONCE]
    cosines = chunk @ rows.T
    cosines[np.arange(len(chunk)), start + np.arange(len(chunk))] = -np.inf
    found: NDArray[np.int64] = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
    return found

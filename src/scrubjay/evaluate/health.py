"""Whether embeddings are what a search may store: finite numbers, rows of unit length."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class RowHealth:
    """What was found in the embeddings of one encoder.

    Attributes:
        rows: how many were looked at.
        not_finite: rows with a number that is none, or infinite.
        worst_length: the largest distance of a finite row's length from 1.
    """

    rows: int
    not_finite: int
    worst_length: float

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "rows": self.rows,
            "not_finite": self.not_finite,
            "worst_length": self.worst_length,
        }


def inspect_rows(batches: Iterable[NDArray[np.float32]]) -> RowHealth:
    """Look at every row of some (n, dim) batches."""
    rows, not_finite, worst = 0, 0, 0.0
    for batch in batches:
        finite = np.isfinite(batch).all(axis=1)
        rows += len(batch)
        not_finite += int(np.count_nonzero(~finite))
        lengths = np.linalg.norm(batch[finite].astype(np.float64), axis=1)
        worst = max(worst, float(np.abs(lengths - 1).max(initial=0.0)))
    return RowHealth(rows, not_finite, worst)

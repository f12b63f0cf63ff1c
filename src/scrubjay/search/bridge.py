"""A bridge: rows of one version's space carried into another's, by one matrix product a row.

The idea is Drift-Adapter's (Vejendla, "Drift-Adapter: a practical approach to near zero-downtime
embedding model upgrades in vector databases", EMNLP 2025, arXiv 2509.23471), which maps queries
into the old space; here the stored rows are mapped into the new one, so that a search costs what
it always does and rows can be re-embedded one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Modality

_SHORTEST = 1e-6


class BridgeKind(StrEnum):
    """How a bridge was learned."""

    NONE = "none"
    PROCRUSTES = "procrustes"
    AFFINE = "affine"


@dataclass(frozen=True, slots=True, eq=False)
class Bridge:
    """The map of one modality's rows from one version's space into another's.

    Attributes:
        source: the version that made the rows.
        target: the version whose space they are mapped into.
        matrix: (old dim, new dim) float32.
        offset: (new dim,) float32.

    Raises:
        WrongUse: shapes that do not fit, or numbers that are not finite.
    """

    modality: Modality
    source: str
    target: str
    kind: BridgeKind
    matrix: NDArray[np.float32]
    offset: NDArray[np.float32]

    def __post_init__(self) -> None:
        """Refuse a map that is none."""
        if self.matrix.ndim != 2 or self.offset.shape != self.matrix.shape[1:]:
            raise WrongUse(
                f"a bridge's matrix {self.matrix.shape} and offset {self.offset.shape} do not fit"
            )
        if self.matrix.dtype != np.float32 or self.offset.dtype != np.float32:
            raise WrongUse("a bridge's matrix and offset must be float32")
        if not (np.isfinite(self.matrix).all() and np.isfinite(self.offset).all()):
            raise WrongUse("a bridge's matrix or offset holds numbers that are not finite")

    def map(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Carry rows over.

        Args:
            rows: (n, old dim) float32, n may be 0.

        Returns:
            (n, new dim) float32, rows of unit length.

        Raises:
            WrongUse: the rows' shape, a row that is not finite or is mapped to nothing.
        """
        if rows.ndim != 2 or rows.shape[1] != self.matrix.shape[0]:
            raise WrongUse(
                f"the bridge from {self.source} takes rows of {self.matrix.shape[0]} numbers, "
                f"not {rows.shape}"
            )
        # What is not finite is looked for in the lengths, once, and named.
        with np.errstate(invalid="ignore", over="ignore"):
            mapped = rows.astype(np.float32, copy=False) @ self.matrix
            mapped += self.offset
            lengths = np.sqrt(np.einsum("ij,ij->i", mapped, mapped))
        wrong = np.flatnonzero(~(np.isfinite(lengths) & (lengths > _SHORTEST)))
        if len(wrong):
            raise WrongUse(
                f"row {wrong[0]} cannot be mapped from {self.source} to {self.target}: it is not "
                f"finite, or nothing of it is left; embed its item anew"
            )
        mapped /= lengths[:, None]
        return mapped

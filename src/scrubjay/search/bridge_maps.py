"""Maps between two vector spaces, learned from rows of the same items in both: NumPy only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[np.float64]

_STAY = 1e-8
"""How much an identity weighs against the pairs: only where they say nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearMap:
    """`rows @ matrix + offset`, rows then made of unit length.

    Attributes:
        rank: of what was added to the rotation; 0 is the rotation alone.
        ridge: penalty it was fitted with, relative to the rows' mean variance.
    """

    matrix: Rows
    offset: Rows
    rank: int = 0
    ridge: float = 0.0

    def cosine(self, old: Rows, new: Rows) -> float:
        """Mean cosine between mapped old rows and the unit rows they should be."""
        mapped = old @ self.matrix + self.offset
        lengths = np.maximum(np.linalg.norm(mapped, axis=1), np.finfo(np.float64).tiny)
        return float((np.einsum("ij,ij->i", mapped, new) / lengths).mean())


def procrustes(old: Rows, new: Rows) -> LinearMap:
    """The rotation (or reflection) that brings old rows nearest to new ones.

    Orthogonal Procrustes: U V' of the singular value decomposition of old' new (Schönemann, "A
    generalized solution of the orthogonal Procrustes problem", Psychometrika 1966). Where the
    widths differ the map is semi-orthogonal: into more dimensions it keeps all angles; into fewer
    it keeps what the two spaces share most (Gower and Dijksterhuis, *Procrustes Problems*, 2004,
    section 5). Directions the pairs say nothing of, as when there are fewer pairs than dimensions,
    stay as they are.

    Args:
        old: (n, old dim).
        new: (n, new dim) of the same items.
    """
    cross = old.T @ new
    cross += _STAY * np.linalg.norm(cross) * np.eye(*cross.shape)
    left, _, right = np.linalg.svd(cross, full_matrices=False)
    return LinearMap(left @ right, np.zeros(new.shape[1]))


def low_rank_affine(
    old: Rows, new: Rows, rotation: LinearMap, *, ranks: Sequence[int], ridges: Sequence[float]
) -> Iterator[LinearMap]:
    """The rotation with an offset and a low-rank matrix added, for each ridge and rank.

    What the rotation leaves over is regressed on the old rows by reduced-rank ridge regression
    (Mukherjee and Zhu, "Reduced rank ridge regression and its kernel extensions", Statistical
    Analysis and Data Mining 2011): the ridge solution, projected onto the directions its own fitted
    values vary in most. The offset is not penalised.

    Args:
        ranks: each at most min(old dim, new dim); 0 adds the offset alone.
        ridges: above zero, relative to the mean variance of the old rows.
    """
    left_over = new - (old @ rotation.matrix + rotation.offset)
    old_mean, left_mean = old.mean(axis=0), left_over.mean(axis=0)
    centred = old - old_mean
    values, axes = np.linalg.eigh(centred.T @ centred / len(old))
    along = axes.T @ (centred.T @ (left_over - left_mean)) / len(old)
    for ridge in ridges:
        damped = np.maximum(values, 0) + ridge * max(float(values.mean()), np.finfo(float).tiny)
        slope = axes @ (along / damped[:, None])
        _, directions = np.linalg.eigh(along.T @ (along / damped[:, None]))
        strongest = directions[:, ::-1]
        for rank in ranks:
            kept = strongest[:, :rank]
            added = (slope @ kept) @ kept.T
            yield LinearMap(
                matrix=rotation.matrix + added,
                offset=rotation.offset + left_mean - old_mean @ added,
                rank=rank,
                ridge=ridge,
            )

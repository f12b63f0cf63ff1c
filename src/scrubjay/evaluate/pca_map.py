"""A plane through a space of vectors, and which rows of it can be shown without overlap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_FITTED = 20_000
"""Rows the plane is laid through; more are taken at even steps."""


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Rows of several modalities on their first two principal components.

    Attributes:
        places: modality to (n, 2), in the order of its rows.
        share: of the variance about each modality's own centre, what either axis shows.
    """

    places: Mapping[str, NDArray[np.float64]]
    share: tuple[float, float]


def principal_plane(views: Mapping[str, NDArray[np.float32]]) -> Plane:
    """The plane that keeps most of the differences within modalities.

    Every modality is centred by itself, so that the gap between them does not take the first axis.
    The axes are the first two right singular vectors (Pearson 1901), each turned so that its
    largest number is positive: the same vectors give the same map.

    Args:
        views: modality to (n, dim) rows.
    """
    centred = {
        name: np.asarray(rows, np.float64) - np.asarray(rows, np.float64).mean(axis=0)
        for name, rows in views.items()
        if len(rows)
    }
    if not centred:
        return Plane({}, (0.0, 0.0))
    rows = np.concatenate([one for _, one in sorted(centred.items())])
    rows = rows[:: max(1, -(-len(rows) // MOST_FITTED))]
    # The right singular vectors of rows are the eigenvectors of dim x dim, however many rows.
    eigen, vectors = np.linalg.eigh(rows.T @ rows)
    order = np.argsort(eigen)[::-1][:2]
    axes = vectors[:, order].T
    if len(axes) < 2:
        axes = np.concatenate([axes, np.zeros((2 - len(axes), axes.shape[1]))])
    largest = np.abs(axes).argmax(axis=1)
    signs = np.sign(axes[np.arange(2), largest])
    axes *= np.where(signs == 0, 1.0, signs)[:, None]
    total = float(np.clip(eigen, 0.0, None).sum())
    kept = [max(0.0, float(eigen[i])) / total if total > 0 else 0.0 for i in order]
    return Plane(
        {name: one @ axes.T for name, one in centred.items()},
        (kept[0], kept[1] if len(kept) > 1 else 0.0),
    )


def apart(places: NDArray[np.float64], most: int) -> list[int]:
    """At most `most` rows that lie apart: one a cell of a grid, the finest that stays within.

    Of a cell the row nearest its middle is kept. Returned in the order given.
    """
    if len(places) <= most:
        return list(range(len(places)))
    low, high = places.min(axis=0), places.max(axis=0)
    side = np.maximum(high - low, 1e-12)
    kept: list[int] = []
    fine, coarse = max(2, int(np.ceil(np.sqrt(most))) * 4), 1
    while fine - coarse > 1:
        cells = (fine + coarse) // 2
        found = _one_a_cell((places - low) / side, cells)
        if len(found) <= most:
            kept, coarse = found, cells
        else:
            fine = cells
    return kept or _one_a_cell((places - low) / side, 1)


def _one_a_cell(unit: NDArray[np.float64], cells: int) -> list[int]:
    where = np.minimum((unit * cells).astype(np.int64), cells - 1)
    away = (((unit * cells) - where - 0.5) ** 2).sum(axis=1)
    number = where[:, 0] * cells + where[:, 1]
    order = np.lexsort((np.arange(len(unit)), away, number))
    first = np.concatenate([[True], number[order][1:] != number[order][:-1]])
    return sorted(int(i) for i in order[first])

"""Bootstrap intervals over content groups: how far a figure might move with other data.

Queries of one content group (five captions of one picture) succeed and fail together, so groups
are resampled, not queries: the cluster bootstrap of Davison and Hinkley, *Bootstrap Methods and
their Application* (1997), section 3.8, with percentile intervals (section 5.3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
CONFIDENCE = 0.95
_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the interval it would fall into in 95 of 100 such collections."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {"value": self.value, "low": self.low, "high": self.high}


def bootstrap_mean(
    values: NDArray[np.float64],
    groups: NDArray[np.int64],
    *,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> list[Estimate]:
    """Means of several measures and their intervals, from the same resampled groups.

    Args:
        values: (n, m), one row a query, one column a measure.
        groups: (n,) the content group of each query, any integers.
        resamples: how many collections are drawn.
        confidence: share of the drawn figures inside the interval.
        seed: the same seed gives the same intervals.

    Returns:
        One estimate a column. A collection of one group has an interval of no width: it says
        nothing of other collections.
    """
    codes, n_groups = group_codes(groups)
    totals = np.stack(
        [np.bincount(codes, weights=column, minlength=n_groups) for column in values.T], axis=1
    )
    sizes = np.bincount(codes, minlength=n_groups).astype(np.float64)
    drawn = np.concatenate(
        [
            (weights @ totals) / (weights @ sizes)[:, None]
            for weights in group_weights(n_groups, resamples, seed)
        ]
    )
    lows, highs = _percentiles(drawn, confidence)
    means = values.mean(axis=0)
    return [
        Estimate(float(mean), float(low), float(high))
        for mean, low, high in zip(means, lows, highs, strict=True)
    ]


def bootstrap_median(
    values: NDArray[np.float64],
    groups: NDArray[np.int64],
    *,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = 0,
) -> Estimate:
    """The median of one measure (n,) and its interval; arguments as in `bootstrap_mean`."""
    codes, n_groups = group_codes(groups)
    order = np.argsort(values, kind="stable")
    ordered, codes = values[order], codes[order]
    cells = max(n_groups, len(values))
    drawn = np.concatenate(
        [
            _weighted_medians(ordered, weights[:, codes])
            for weights in group_weights(n_groups, resamples, seed, cells=cells)
        ]
    )
    low, high = _percentiles(drawn[:, None], confidence)
    return Estimate(float(np.median(values)), float(low[0]), float(high[0]))


def group_codes(groups: NDArray[Any]) -> tuple[NDArray[np.int64], int]:
    """Each query's group as a whole number from 0, and how many groups there are."""
    known, codes = np.unique(groups, return_inverse=True)
    return codes.astype(np.int64), len(known)


def group_weights(
    n_groups: int, resamples: int, seed: int, *, cells: int | None = None
) -> Iterator[NDArray[np.float64]]:
    """(some resamples, n_groups): how often each group was drawn; pieces bounded in memory."""
    rng = np.random.default_rng(seed)
    at_once = max(1, _CELLS // (cells or n_groups))
    for start in range(0, resamples, at_once):
        piece = np.empty((min(at_once, resamples - start), n_groups))
        for row in piece:
            row[:] = np.bincount(rng.integers(0, n_groups, n_groups), minlength=n_groups)
        yield piece


def _weighted_medians(
    ordered: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Median of each resample: `ordered` repeated by each row of whole-number `weights`."""
    reached = np.cumsum(weights, axis=1)
    total = reached[:, -1:]
    lower = (reached > (total - 1) // 2).argmax(axis=1)
    upper = (reached > total // 2).argmax(axis=1)
    middles: NDArray[np.float64] = (ordered[lower] + ordered[upper]) / 2
    return middles


def _percentiles(
    drawn: NDArray[np.float64], confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    tail = 100 * (1 - confidence) / 2
    low, high = np.percentile(drawn, [tail, 100 - tail], axis=0)
    return low, high

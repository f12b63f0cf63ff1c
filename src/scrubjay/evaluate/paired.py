"""Two models on the same queries: how much better one is, and how sure that is.

Both answer the same queries, so differences are taken query by query; queries of one content
group succeed and fail together, so groups are resampled (the cluster bootstrap of Davison and
Hinkley, *Bootstrap Methods and their Application*, 1997, section 3.8). For retrieval and language
models the paired bootstrap is Koehn, "Statistical significance tests for machine translation
evaluation", EMNLP 2004.

Two intervals are common: the percentile one (Davison and Hinkley, section 5.3.1) and the basic
one, which shifts the resamples to the hypothesis (section 5.2.1; Berg-Kirkpatrick et al., "An
empirical investigation of statistical significance in NLP", EMNLP 2012). Where few groups differ
the resamples are skewed and one of the two promises too much - four gains and no loss pass the
percentile test at 0.025, though one in sixteen fair coins falls so - hence the more cautious of
both counts, on either side. Nor is a p ever below 2^-m when only m groups speak for or against the
hypothesis: no sign-flip test over m groups could say less (Fisher's randomisation test).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import WrongUse

ALPHA = 0.025
RESAMPLES = 10_000
_TIE = 1e-12
_CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class PairedGain:
    """What the challenger gains over the champion, per query.

    Attributes:
        value: mean of challenger minus champion over the queries.
        low: with error `alpha`, the gain is above it.
        high: with error `alpha`, the gain is below it; low to high is a 1 - 2 alpha interval.
        alpha: error of each side.
        error: standard error of the gain, from the resamples.
        n_queries: queries both answered.
        n_groups: content groups among them, the units resampled.
    """

    value: float
    low: float
    high: float
    alpha: float
    error: float
    n_queries: int
    n_groups: int
    _drawn: NDArray[np.float64] = field(repr=False)
    _cells: NDArray[np.float64] = field(repr=False)

    def p_at_most(self, threshold: float) -> float:
        """The p of the hypothesis that the gain is at most `threshold`: small speaks for more.

        Where many groups differ it is at most `alpha` exactly when `low` is above `threshold`.
        """
        return max(_p(self._drawn, self.value, threshold), self._smallest_p(threshold))

    def p_at_least(self, threshold: float) -> float:
        """The p of the hypothesis that the gain is at least `threshold`: small speaks for less."""
        return max(_p(-self._drawn, -self.value, -threshold), self._smallest_p(threshold))

    def chance_to_show(self, margin: float) -> float:
        """How often a challenger just as good as the champion is shown to lose less than `margin`.

        Normal approximation with the observed standard error: it says what the set can tell, not
        what it told.
        """
        if self.error == 0:
            return 1.0
        normal = NormalDist()
        return normal.cdf(margin / self.error - normal.inv_cdf(1 - self.alpha))

    def groups_to_show(self, margin: float, chance: float) -> int:
        """Content groups at which `chance_to_show` would be `chance`, the spread being the same."""
        normal = NormalDist()
        errors = normal.inv_cdf(1 - self.alpha) + max(0.0, normal.inv_cdf(chance))
        return math.ceil(self.n_groups * (errors * self.error / margin) ** 2)

    def _smallest_p(self, threshold: float) -> float:
        """2^-m for the m groups whose mean difference is not the threshold itself."""
        totals, sizes, counts = self._cells
        speaking = counts[np.abs(totals - threshold * sizes) > _TIE].sum()
        return float(0.5**speaking)

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "confidence": 1 - 2 * self.alpha,
            "error": self.error,
        }


def paired_gain(
    champion: NDArray[np.float64],
    challenger: NDArray[np.float64],
    groups: Sequence[str] | NDArray[Any],
    *,
    alpha: float = ALPHA,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> PairedGain:
    """The challenger's mean gain with one-sided bounds, from resampled content groups.

    Groups that are alike (same size, same total difference) are drawn together, by a multinomial:
    the same distribution as drawing them one by one, at a cost that does not grow with them.

    Args:
        champion: (n,) success of each query, 0 to 1.
        challenger: (n,) of the same queries in the same order.
        groups: n content groups.
        alpha: error of each one-sided bound, below 0.5.
        resamples: how many collections are drawn; at least 2 / alpha.
        seed: the same seed gives the same figures.

    Raises:
        WrongUse: no query, lengths that differ, a success outside 0 to 1, too few resamples.
    """
    if not 0 < alpha < 0.5 or resamples < 2 / alpha:
        raise WrongUse(
            f"alpha {alpha:g} needs to lie between 0 and 0.5 and {resamples} resamples to be at "
            f"least 2 / alpha; raise the resamples"
        )
    first, second = successes("champion", champion), successes("challenger", challenger)
    if not len(first) == len(second) == len(groups):
        raise WrongUse(
            f"{len(first)} queries of the champion, {len(second)} of the challenger and "
            f"{len(groups)} groups; both must answer the same queries, each with one group"
        )
    cells = _cells(second - first, groups)
    n_groups = int(cells[2].sum())
    value = float(cells[0] @ cells[2] / (cells[1] @ cells[2]))
    drawn = _drawn(cells, resamples, seed)
    ordered = np.sort(drawn)
    # The place where the add-one p (Davison and Hinkley, section 4.2.5) crosses alpha.
    out = math.floor(alpha * (resamples + 1) + _TIE) - 1
    below, above = float(ordered[out]), float(ordered[-1 - out])
    return PairedGain(
        value=value,
        low=min(below, 2 * value - above),
        high=max(above, 2 * value - below),
        alpha=alpha,
        error=float(drawn.std()),
        n_queries=len(first),
        n_groups=n_groups,
        _drawn=drawn,
        _cells=cells,
    )


def successes(whose: str, given: NDArray[np.float64]) -> NDArray[np.float64]:
    """Successes of queries as (n,) float64.

    Raises:
        WrongUse: none, not one row of numbers, or one that is not between 0 and 1.
    """
    values = np.asarray(given, np.float64)
    if values.ndim != 1 or not len(values):
        raise WrongUse(f"the {whose}'s successes must be one row of numbers, not {values.shape}")
    wrong = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if len(wrong):
        raise WrongUse(
            f"the {whose}'s success at query {wrong[0]} is {values[wrong[0]]:g}; "
            f"it must lie between 0 and 1"
        )
    return values


def _p(drawn: NDArray[np.float64], value: float, threshold: float) -> float:
    percentile = np.count_nonzero(drawn <= threshold + _TIE)
    basic = np.count_nonzero(drawn >= 2 * value - threshold - _TIE)
    return float((1 + max(percentile, basic)) / (len(drawn) + 1))


def _cells(
    differences: NDArray[np.float64], groups: Sequence[str] | NDArray[Any]
) -> NDArray[np.float64]:
    """(3, kinds): total difference, queries, and how many groups have just these."""
    _, codes = np.unique(np.asarray(groups), return_inverse=True)
    totals = np.bincount(codes, weights=differences)
    sizes = np.bincount(codes)
    kinds, counts = np.unique(np.stack([totals, sizes], axis=1), axis=0, return_counts=True)
    return np.concatenate([kinds.T, counts[None].astype(np.float64)])


def _drawn(cells: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """(resamples,) gains of collections drawn from the groups, memory bounded."""
    totals, sizes, counts = cells
    n_groups = int(counts.sum())
    rng = np.random.default_rng(seed)
    at_once = max(1, _CELLS_AT_ONCE // len(counts))
    pieces = []
    for start in range(0, resamples, at_once):
        weights = rng.multinomial(
            n_groups, counts / n_groups, size=min(at_once, resamples - start)
        ).astype(np.float64)
        pieces.append((weights @ totals) / (weights @ sizes))
    return np.concatenate(pieces)

"""How far a share of few might move (Wilson, "Probable inference", JASA 22, 1927)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from scrubjay.evaluate.bootstrap import Estimate, bootstrap_mean

Z = 1.959964
"""Of a 95% interval."""


def wilson(share: float, n: int) -> tuple[float, float]:
    """The 95% interval of a share of n; a mean in [0, 1] varies no more than that."""
    middle = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    spread = math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) * Z / (1 + Z * Z / n)
    return max(0.0, middle - spread), min(1.0, middle + spread)


def estimated(values: Sequence[float], groups: Sequence[str]) -> Estimate:
    """The mean of one measure in [0, 1] with a 95% interval: the wider of two, side by side.

    Wilson's (1927) does not shrink to nothing where all is right; the bootstrap over groups knows
    that queries of one content group succeed and fail together.
    """
    if not values:
        return Estimate(0.0, 0.0, 1.0)
    mean = sum(values) / len(values)
    low, high = wilson(mean, len(values))
    known = {group: at for at, group in enumerate(dict.fromkeys(groups))}
    codes = np.array([known[group] for group in groups], np.int64)
    (drawn,) = bootstrap_mean(np.array(values, np.float64)[:, None], codes)
    return Estimate(mean, min(low, drawn.low), max(high, drawn.high))

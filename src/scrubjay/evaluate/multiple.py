"""Several tests at once: how sure each is when all of them were looked at.

Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics
6 (1979), needs nothing but the p of each test. Westfall and Young, *Resampling-Based Multiple
Testing* (1993), algorithm 4.1, compares each statistic with the largest of all those it competes
with in data drawn under the hypothesis: it knows which tests say the same thing, and a thousand
draws are enough for any number of them. Both hold the chance of even one false claim at the level.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import WrongUse

_TIE = 1e-9


def holm(ps: Sequence[float]) -> list[float]:
    """The p of each of several tests taken together (Holm 1979), in the order given."""
    order = sorted(range(len(ps)), key=lambda at: ps[at])
    adjusted = [0.0] * len(ps)
    largest = 0.0
    for rank, at in enumerate(order):
        largest = max(largest, min(1.0, (len(ps) - rank) * ps[at]))
        adjusted[at] = largest
    return adjusted


def alone(observed: NDArray[np.float64], drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """(m,) the p of each test by itself: how often a draw says as much or more.

    The observed one counts as one of the draws (Davison and Hinkley 1997, section 4.3), so that
    no p is zero.

    Args:
        observed: (m,) statistics; large speaks against the hypothesis.
        drawn: (draws, m) the same of data drawn under the hypothesis.
    """
    _checked(observed, drawn)
    more: NDArray[np.float64] = ((drawn >= observed - _TIE).sum(axis=0) + 1.0) / (len(drawn) + 1)
    return more


def step_down(observed: NDArray[np.float64], drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """(m,) the p of each test taken together with the others (Westfall and Young 1993).

    Statistics should be on one scale; arguments as in `alone`, the rows of `drawn` each from one
    draw for all tests.
    """
    _checked(observed, drawn)
    order = np.argsort(-observed, kind="stable")
    # The largest of this one and of all that speak less loudly.
    rivals = np.maximum.accumulate(drawn[:, order][:, ::-1], axis=1)[:, ::-1]
    adjusted = np.empty(len(observed))
    adjusted[order] = np.maximum.accumulate(alone(observed[order], rivals))
    return adjusted


def _checked(observed: NDArray[np.float64], drawn: NDArray[np.float64]) -> None:
    if drawn.ndim != 2 or not len(drawn) or drawn.shape[1:] != observed.shape:
        raise WrongUse(
            f"statistics of shape {observed.shape} cannot be held against draws of shape "
            f"{drawn.shape}; one column a test"
        )

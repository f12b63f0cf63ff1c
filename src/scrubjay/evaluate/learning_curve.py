"""What more data would bring: a power law through the errors of trainings on parts of the data.

error = a + b n^-c, with n the amount learned from: a is what no data of this kind mends, c how fast
the rest goes (Hestness et al., "Deep learning scaling is predictable, empirically", 2017; Viering
and Loog, "The shape of learning curves: a review", 2021, who also show where it does not hold).

The interval comes from two sources. Held-out content groups are drawn anew, all sizes being asked
the same ones; and each drawn curve's own misfit, widened for the parameters spent, is added, since
every size was trained once only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import WrongUse
from scrubjay.evaluate.bootstrap import CONFIDENCE, Estimate

RESAMPLES = 500
FEWEST_SIZES = 3
FURTHEST = 2.0
"""Predictions go no further than this many times the most that was learned from."""

WORTH = 0.005
"""A gain in error below half a point is no reason to gather data."""

TELLING = 0.03
"""A gain that cannot be ruled out above this: nobody may say that there is none."""

EXPONENTS = np.exp(np.linspace(math.log(0.05), math.log(2.0), 60))
"""Exponents tried: outside, a curve cannot be told from a line or a step."""

BAD_MISFIT = 0.5
"""Share of the fall between first and last size that the misfit may reach."""


class Verdict(StrEnum):
    """What the curve says of more data."""

    FALLING = "falling"
    FLAT = "flat"
    UNSURE = "unsure"
    USELESS = "useless"


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """error = a + b n^-c."""

    a: float
    b: float
    c: float

    def at(self, n: float) -> float:
        """The error after learning from n."""
        return float(self.a + self.b * n**-self.c)

    def to_json(self) -> dict[str, float]:
        """The documented JSON object."""
        return {"a": self.a, "b": self.b, "c": self.c}


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a curve promises.

    Attributes:
        sizes: what was learned from, rising.
        errors: measured at each, with their intervals.
        law: the fitted curve; None where it is useless.
        n: the size asked about.
        predicted: the error there; None where nothing may be said.
        gain: how much lower that is than the curve at the largest size.
        why: in words, for a person.
    """

    verdict: Verdict
    sizes: tuple[int, ...]
    errors: tuple[Estimate, ...]
    law: PowerLaw | None
    n: int
    predicted: Estimate | None
    gain: Estimate | None
    misfit: float
    why: str

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "verdict": self.verdict.value,
            "sizes": list(self.sizes),
            "errors": [one.to_json() for one in self.errors],
            "law": self.law.to_json() if self.law else None,
            "n": self.n,
            "predicted": self.predicted.to_json() if self.predicted else None,
            "gain": self.gain.to_json() if self.gain else None,
            "misfit": self.misfit,
            "why": self.why,
        }


def fit_power_law(
    sizes: Sequence[float] | NDArray[np.float64], errors: NDArray[np.float64]
) -> PowerLaw:
    """The least-squares a + b n^-c with 0 <= a, 0 <= b and c among `EXPONENTS`.

    Args:
        sizes: at least two different ones.
        errors: (sizes,) in [0, 1].
    """
    a, b, c = _fitted(np.asarray(sizes, np.float64), np.asarray(errors, np.float64)[None, :])
    return PowerLaw(float(a[0]), float(b[0]), float(c[0]))


def outlook(
    sizes: Sequence[int],
    errors: NDArray[np.float64],
    groups: Sequence[str] | NDArray[Any],
    *,
    n: int,
    chance: float = 1.0,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Outlook:
    """Fit a curve to trainings on parts of the data and say what n would bring.

    Args:
        sizes: amounts learned from, rising.
        errors: (queries, sizes): what each held-out query lost at each size, 0 to 1.
        groups: the content group of each query.
        n: the amount asked about.
        chance: the error of answers in any order.

    Raises:
        WrongUse: sizes that do not rise, or errors that do not fit them.
    """
    table = np.asarray(errors, np.float64)
    if table.ndim != 2 or table.shape[1] != len(sizes) or len(table) != len(groups):
        raise WrongUse(f"{len(sizes)} sizes need a column of errors each, not {table.shape}")
    if not len(table) or any(b <= a for a, b in pairwise(sizes)):
        raise WrongUse(f"a curve needs held-out queries and rising sizes, not {list(sizes)}")
    drawn = _resampled(table, groups, resamples, seed)
    means = table.mean(axis=0)
    measured = tuple(_estimate(float(m), drawn[:, i]) for i, m in enumerate(means))
    counts = np.asarray(sizes, np.float64)

    def told(
        verdict: Verdict,
        why: str,
        law: PowerLaw | None = None,
        predicted: Estimate | None = None,
        gain: Estimate | None = None,
        misfit: float = 0.0,
    ) -> Outlook:
        return Outlook(verdict, tuple(sizes), measured, law, n, predicted, gain, misfit, why)

    if len(sizes) < FEWEST_SIZES:
        return told(
            Verdict.USELESS,
            f"{len(sizes)} sizes do not make a curve: {FEWEST_SIZES} or more are needed",
        )
    if measured[-1].high >= chance:
        return told(
            Verdict.USELESS,
            f"with all the data the error is {means[-1]:.3f}, no better than the {chance:.3f} of "
            f"chance: the training learns nothing yet; train longer, or hold out more",
        )
    fall = means[0] - means[-1]
    falls = drawn[:, 0] - drawn[:, -1]
    law = fit_power_law(counts, means)
    fitted = law.a + law.b * counts**-law.c
    misfit = _misfit(means - fitted)
    surely_falls = float(np.mean(falls <= 0)) < (1 - CONFIDENCE) / 2
    if surely_falls and misfit > BAD_MISFIT * fall:
        return told(
            Verdict.USELESS,
            f"the errors do not follow a power law: it misses them by {misfit:.3f} where they fall "
            f"by {fall:.3f}; train on more sizes, or longer",
            misfit=misfit,
        )
    if float(np.mean(falls >= 0)) < (1 - CONFIDENCE) / 2:
        return told(
            Verdict.USELESS,
            f"the error rises with more data, by {-fall:.3f}: the training, not the amount of "
            f"data, decides here; look at its settings first",
            misfit=misfit,
        )
    if n > FURTHEST * sizes[-1]:
        return told(
            Verdict.USELESS,
            f"{n:,} is more than {FURTHEST:g} times the {sizes[-1]:,} measured: nothing is "
            f"predicted that far",
            law=law,
            misfit=misfit,
        )
    a, b, c = _fitted(counts, drawn)
    noise = np.random.default_rng(seed + 1).normal(0.0, 1.0, len(a)) * misfit
    there, here = a + b * float(n) ** -c, a + b * counts[-1] ** -c
    predicted = _estimate(law.at(n), np.clip(there + noise, 0.0, 1.0))
    slack = misfit * (1.0 - (counts[-1] / n) ** law.c)  # a curve that misses is less sure of a step
    gained = here - there + np.random.default_rng(seed + 2).normal(0.0, 1.0, len(a)) * slack
    gain = _estimate(law.at(counts[-1]) - law.at(n), gained)
    verdict, why = _judged(gain, surely_falls, fall)
    return told(verdict, why, law, predicted, gain, misfit)


def brought_by(
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    groups: Sequence[str] | NDArray[Any],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[Estimate, Estimate]:
    """The error before a training, and how much lower it is after it.

    Args:
        before: (queries,) what each query lost, 0 to 1.
        after: the same queries, trained.
        groups: the content group of each query.

    Raises:
        WrongUse: there are no queries, or not as many of each.
    """
    if not len(before) or not len(before) == len(after) == len(groups):
        raise WrongUse(
            f"{len(before)} queries before and {len(after)} after are not the same, of "
            f"{len(groups)} groups"
        )
    table = np.stack([before, before - after], axis=1).astype(np.float64)
    drawn = _resampled(table, groups, resamples, seed)
    means = table.mean(axis=0)
    return _estimate(float(means[0]), drawn[:, 0]), _estimate(float(means[1]), drawn[:, 1])


def _judged(gain: Estimate, surely_falls: bool, fall: float) -> tuple[Verdict, str]:
    if not surely_falls and gain.high > TELLING:
        return (
            Verdict.UNSURE,
            f"the error falls by {fall:.3f} from the smallest to the largest part, no more than "
            f"chance, and one more month may bring {gain.high:.3f}: what is held out is too little "
            f"to tell",
        )
    if not surely_falls:
        return (
            Verdict.FLAT,
            f"between the smallest and the largest part the error falls by {fall:.3f}, no more "
            f"than chance: no more is to be had from more of the same",
        )
    if gain.high < WORTH:
        return (
            Verdict.FLAT,
            f"the curve has levelled off: {gain.value:.3f} less error, {gain.high:.3f} at most; no "
            f"more is to be had from more of the same",
        )
    if gain.low >= WORTH:
        return (
            Verdict.FALLING,
            f"the curve still falls: {gain.value:.3f} less error ({gain.low:.3f} to "
            f"{gain.high:.3f})",
        )
    return (
        Verdict.UNSURE,
        f"the curve falls, by how much is not sure: {gain.value:.3f} less error ({gain.low:.3f} to "
        f"{gain.high:.3f})",
    )


def _fitted(
    sizes: NDArray[np.float64], errors: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """a, b, c of each row of errors (m, sizes): for each exponent a line, the best line kept."""
    scale = float(sizes[-1])
    best = np.full(len(errors), np.inf)
    a, b, c = (np.zeros(len(errors)) for _ in range(3))
    mean = errors.mean(axis=1)
    for exponent in EXPONENTS:
        x = (sizes / scale) ** -exponent
        centred = x - x.mean()
        slope = np.maximum(0.0, (errors - mean[:, None]) @ centred / (centred @ centred))
        start = mean - slope * x.mean()
        through = np.maximum(0.0, errors @ x / (x @ x))  # the best line with a = 0
        below = start < 0
        slope, start = np.where(below, through, slope), np.where(below, 0.0, start)
        loss = ((errors - start[:, None] - slope[:, None] * x) ** 2).sum(axis=1)
        better = loss < best - 1e-15
        best = np.where(better, loss, best)
        a, b = np.where(better, start, a), np.where(better, slope * scale**exponent, b)
        c = np.where(better, exponent, c)
    return a, b, c


def _misfit(residuals: NDArray[np.float64]) -> float:
    """Standard deviation of one training about the curve, for three parameters spent."""
    free = max(1, len(residuals) - 3)
    return float(np.sqrt((residuals**2).sum() / free))


def _resampled(
    table: NDArray[np.float64], groups: Sequence[str] | NDArray[Any], resamples: int, seed: int
) -> NDArray[np.float64]:
    """(resamples, sizes) mean errors of held-out groups drawn anew."""
    known, codes = np.unique(np.asarray(groups), return_inverse=True)
    totals = np.stack([np.bincount(codes, weights=column) for column in table.T], axis=1)
    counts = np.bincount(codes).astype(np.float64)
    rng = np.random.default_rng(seed)
    drawn = np.empty((resamples, table.shape[1]))
    for row in drawn:
        weights = np.bincount(rng.integers(0, len(known), len(known)), minlength=len(known))
        row[:] = (weights @ totals) / (weights @ counts)
    return drawn


def _estimate(value: float, drawn: NDArray[np.float64]) -> Estimate:
    tail = 100 * (1 - CONFIDENCE) / 2
    low, high = np.percentile(drawn, [tail, 100 - tail])
    return Estimate(value, float(min(low, value)), float(max(high, value)))

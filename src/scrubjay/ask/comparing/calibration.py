"""Whether a model is right as often as it says it is sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of about one confidence.

    Attributes:
        low: confidences in it are above this (the first holds 0, too) and at most `high`.
        confidence: their mean; 0 where there are none.
        right: share of them that is right; 0 where there are none.
    """

    low: float
    high: float
    n: int
    confidence: float
    right: float

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "low": self.low,
            "high": self.high,
            "n": self.n,
            "confidence": round(self.confidence, 4),
            "right": round(self.right, 4),
        }


@dataclass(frozen=True, slots=True)
class Calibration:
    """Of all answers whose model says how sure it is.

    Attributes:
        ece: expected calibration error, 0 to 1; small is good.
        brier: mean squared difference of confidence and being right, 0 to 1; small is good.
    """

    n: int
    ece: float
    brier: float
    bins: tuple[Bin, ...]

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "n": self.n,
            "ece": round(self.ece, 4),
            "brier": round(self.brier, 4),
            "bins": [one.to_json() for one in self.bins],
        }


def calibration(
    confidences: Sequence[float], right: Sequence[float], *, bins: int = BINS
) -> Calibration | None:
    """Expected calibration error over bins of equal width, and the Brier score.

    Naeini et al., "Obtaining well calibrated probabilities using Bayesian binning", AAAI 2015, with
    bins as Guo et al., "On calibration of modern neural networks", ICML 2017, section 2; Brier,
    "Verification of forecasts expressed in terms of probability", 1950.

    Args:
        confidences: in [0, 1].
        right: of the same answers, in [0, 1].

    Returns:
        None where there are no answers.
    """
    pairs = list(zip(confidences, right, strict=True))
    if not pairs:
        return None
    made = []
    for at in range(bins):
        low, high = at / bins, (at + 1) / bins
        there = [one for one in pairs if low < one[0] <= high or (at == 0 and one[0] <= 0)]
        n = len(there)
        mean, share = (sum(side) / n for side in zip(*there, strict=True)) if n else (0.0, 0.0)
        made.append(Bin(low, high, n, mean, share))
    return Calibration(
        n=len(pairs),
        ece=sum(one.n * abs(one.confidence - one.right) for one in made) / len(pairs),
        brier=sum((sure - is_so) ** 2 for sure, is_so in pairs) / len(pairs),
        bins=tuple(made),
    )

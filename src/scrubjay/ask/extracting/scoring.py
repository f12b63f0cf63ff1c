"""How sure it is that a candidate is what was asked for: a conditional logit over candidates.

Every candidate has a score, linear in its features; that none is right has the score 0. Chances
are the softmax of these (McFadden 1974), and equal values share theirs. The coefficients were
fitted on generated labels (`bench/extract_fit.py`) and stand in `coefficients.json`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from scrubjay.ask.extracting.features import NAMES
from scrubjay.core.errors import Damaged

FILE: Final = "coefficients.json"


@dataclass(frozen=True, slots=True)
class Coefficients:
    """What a feature is worth, with a model that looks and without.

    Attributes:
        alone: name -> weight, where only text was read.
        fused: name -> weight, where a model has looked at the candidates, too.
        least: chance under which nothing is answered, alone.
        least_fused: the same, with a model.
    """

    alone: Mapping[str, float]
    fused: Mapping[str, float]
    least: float
    least_fused: float

    def to_json(self) -> dict[str, Any]:
        """As the file has it."""
        return {
            "alone": {"least": self.least, "weights": dict(self.alone)},
            "fused": {"least": self.least_fused, "weights": dict(self.fused)},
        }


@lru_cache(maxsize=1)
def shipped() -> Coefficients:
    """Those of the package.

    Raises:
        Damaged: the file is not what was shipped.
    """
    try:
        told = json.loads(files(__package__).joinpath(FILE).read_text(encoding="utf-8"))
        alone, fused = told["alone"], told["fused"]
        return Coefficients(
            {name: float(value) for name, value in alone["weights"].items()},
            {name: float(value) for name, value in fused["weights"].items()},
            float(alone["least"]),
            float(fused["least"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{FILE} of the package cannot be used: {error}; install it again") from error


def score(
    weights: Mapping[str, float], row: Sequence[float], names: Sequence[str] = NAMES
) -> float:
    """Of one candidate."""
    return sum(weights.get(name, 0.0) * value for name, value in zip(names, row, strict=True))


def chances(scores: Sequence[float]) -> list[float]:
    """Of each candidate; what is left to 1 is the chance that none is right."""
    highest = max([0.0, *scores])
    parts = [math.exp(one - highest) for one in scores]
    whole = math.exp(-highest) + sum(parts)
    return [one / whole for one in parts]

"""Whether one point is better than another, or only luckier."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from scrubjay.evaluate.multiple import holm

ALPHA: Final = 0.05


@dataclass(frozen=True, slots=True)
class Versus:
    """Two points on the same questions.

    Attributes:
        won: questions that only the first has right.
        lost: questions that only the second has right.
        p: of so uneven a split, or a more uneven one, if both were equally good.
        adjusted: the same, all comparisons of a table taken together.
    """

    first: str
    second: str
    won: int
    lost: int
    p: float
    adjusted: float

    @property
    def better(self) -> str | None:
        """The point that is shown to be better; None: neither is."""
        if self.adjusted >= ALPHA or self.won == self.lost:
            return None
        return self.first if self.won > self.lost else self.second

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "first": self.first,
            "second": self.second,
            "only_first_right": self.won,
            "only_second_right": self.lost,
            "p": round(self.p, 6),
            "p_adjusted": round(self.adjusted, 6),
            "better": self.better,
        }


def mcnemar(won: int, lost: int) -> float:
    """The exact two-sided p of McNemar's test (1947): a binomial over the discordant questions."""
    n = won + lost
    tail = sum(math.comb(n, k) for k in range(min(won, lost) + 1))
    return min(1.0, 2 * tail / (1 << n))


def compared(right: Mapping[str, Sequence[bool]]) -> tuple[Versus, ...]:
    """Every two points, each tested on the same questions.

    Args:
        right: point -> for each question whether it was answered right.
    """
    pairs = []
    for first, second in combinations(right, 2):
        both = list(zip(right[first], right[second], strict=True))
        won, lost = sum(a and not b for a, b in both), sum(b and not a for a, b in both)
        pairs.append((first, second, won, lost, mcnemar(won, lost)))
    together = holm([pair[-1] for pair in pairs])
    return tuple(Versus(*pair, p) for pair, p in zip(pairs, together, strict=True))

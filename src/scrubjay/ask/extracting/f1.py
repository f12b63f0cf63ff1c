"""F1 by the rules of the Amazon ML Challenge 2024.

Right is an answer where one is told and it equals it. Wrong is any other answer; missed is a value
that nothing was answered for. Nothing, where there is nothing, does not count.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

_ANSWER: Final = re.compile(
    r"(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s+([a-z]+(?: [a-z]+)*)", re.IGNORECASE
)
_CLOSE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class F1:
    """Counts, and what follows from them."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    silent: int = 0

    @property
    def precision(self) -> float:
        """Share of the answers that are right; 0 where there are none."""
        return self.right / answers if (answers := self.right + self.wrong) else 0.0

    @property
    def recall(self) -> float:
        """Right answers of those and the missed; as that challenge counts, wrong ones are not."""
        return self.right / told if (told := self.right + self.missed) else 0.0

    @property
    def value(self) -> float:
        """The harmonic mean of precision and recall; 0 where both are."""
        precision, recall = self.precision, self.recall
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "f1": self.value,
            "precision": self.precision,
            "recall": self.recall,
            "true_positives": self.right,
            "false_positives": self.wrong,
            "false_negatives": self.missed,
            "true_negatives": self.silent,
        }


def f1(pairs: Iterable[tuple[str, str]]) -> F1:
    """Count (answer, truth) pairs."""
    right = wrong = missed = silent = 0
    for answer, truth in pairs:
        if answer.strip():
            agreed = bool(truth.strip()) and equal(answer, truth)
            right, wrong = right + agreed, wrong + (not agreed)
        elif truth.strip():
            missed += 1
        else:
            silent += 1
    return F1(right, wrong, missed, silent)


def equal(answer: str, truth: str) -> bool:
    """Whether two answers are the same number and unit; other texts when they are alike."""
    one, other = (_ANSWER.fullmatch(text.strip()) for text in (answer, truth))
    if one is None or other is None:
        return answer.strip().casefold() == truth.strip().casefold()
    same = math.isclose(float(one[1]), float(other[1]), rel_tol=_CLOSE, abs_tol=0.0)
    return same and one[2].casefold() == other[2].casefold()

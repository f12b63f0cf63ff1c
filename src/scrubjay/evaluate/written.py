"""How near a written answer is to the right one, and how much nearer after than before.

`exact` and `token_f1` are those of SQuAD (Rajpurkar et al. 2016) without its article rule, which is
English only; `rouge_l` is the F-measure of the longest common subsequence of words (Lin, "ROUGE",
2004, section 3).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.evaluate.bootstrap import Estimate, bootstrap_mean
from scrubjay.evaluate.paired import paired_gain

LOSS = "loss"


def words(text: str) -> list[str]:
    """Its words and numbers, without case."""
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())


def exact(said: str, right: str) -> float:
    """1 where the words are the same, in order."""
    return float(words(said) == words(right))


def token_f1(said: str, right: str) -> float:
    """Harmonic mean of precision and recall of words, however they are ordered."""
    told, wanted = words(said), words(right)
    shared = sum((Counter(told) & Counter(wanted)).values())
    return 2 * shared / (len(told) + len(wanted)) if told or wanted else 1.0


def rouge_l(said: str, right: str) -> float:
    """The same of words that come in the right order."""
    told, wanted = words(said), words(right)
    if not told or not wanted:
        return float(told == wanted)
    row = [0] * (len(wanted) + 1)
    for one in told:
        before = 0
        for place, other in enumerate(wanted, start=1):
            before, row[place] = (
                row[place],
                before + 1 if one == other else max(row[place], row[place - 1]),
            )
    return 2 * row[-1] / (len(told) + len(wanted))


MEASURES = {"exact": exact, "token_f1": token_f1, "rouge_l": rouge_l}


@dataclass(frozen=True, slots=True)
class Change:
    """One measure before and after, on the same rows.

    Attributes:
        gain: after minus before, with its paired interval.
    """

    name: str
    before: Estimate
    after: Estimate
    gain: Estimate

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "name": self.name,
            "before": self.before.to_json(),
            "after": self.after.to_json(),
            "gain": self.gain.to_json(),
        }


def scores(said: Sequence[str], right: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Each measure of each answer: name to (n,)."""
    return {
        name: np.array([measure(*pair) for pair in zip(said, right, strict=True)], np.float64)
        for name, measure in MEASURES.items()
    }


def changes(
    before: Mapping[str, NDArray[np.float64]],
    after: Mapping[str, NDArray[np.float64]],
    groups: NDArray[np.int64],
    *,
    seed: int = 0,
) -> list[Change]:
    """What became of every measure; rows of one group are resampled together.

    Args:
        before: name to (n,) of the same rows.
        after: likewise.
        groups: (n,) numbers.
        seed: of the resamples.
    """
    made = []
    for name in before:
        columns = np.stack([before[name], after[name], after[name] - before[name]], axis=1)
        first, second, gain = bootstrap_mean(columns, groups, seed=seed)
        if name != LOSS:
            paired = paired_gain(before[name], after[name], groups, seed=seed)
            gain = Estimate(paired.value, paired.low, paired.high)
        made.append(Change(name, first, second, gain))
    return made

"""Which content groups are taken for each other, from vectors and groups: NumPy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from scrubjay.evaluate.examples import View
from scrubjay.evaluate.retrieval import TIE

_CELLS = 4_000_000


@dataclass(slots=True)
class Tally:
    """Two content groups and how often one was found first where the other was asked for.

    Attributes:
        first: sorted before `second`; nothing else tells them apart.
        by_direction: `text->image` to the queries of either that found the other first.
        margin: sum over those queries of how far the wrong answer was ahead of the right one.
        rows: per modality one row of each group that took part, (of `first`, of `second`).
    """

    first: str
    second: str
    by_direction: dict[str, int] = field(default_factory=dict)
    margin: float = 0.0

    @property
    def count(self) -> int:
        """Queries in all directions."""
        return sum(self.by_direction.values())


def tally(
    tallies: dict[tuple[str, str], Tally], direction: str, queries: View, gallery: View
) -> tuple[int, int]:
    """Count, into `tallies`, every query whose first answer is of another group.

    A wrong answer as good as the right one counts as first. Queries without a right answer in the
    gallery are not asked.

    Returns:
        How many were asked, and how many found another group first.
    """
    known, codes = np.unique(
        np.concatenate([np.asarray(queries.groups), np.asarray(gallery.groups)]),
        return_inverse=True,
    )
    asked, offered = codes[: len(queries)], codes[len(queries) :]
    places = np.flatnonzero(np.isin(asked, offered))
    missed = 0
    at_once = max(1, _CELLS // max(1, len(gallery)))
    for start in range(0, len(places), at_once):
        piece = places[start : start + at_once]
        scores = queries.vectors[piece] @ gallery.vectors.T
        right = asked[piece, None] == offered[None, :]
        best = np.where(right, scores, -np.inf).max(axis=1)
        wrong = np.where(right, -np.inf, scores)
        first = wrong.argmax(axis=1)
        ahead = wrong[np.arange(len(piece)), first] - best
        for row in np.flatnonzero(ahead >= -TIE):
            missed += 1
            mine, other = asked[piece[row]], offered[first[row]]
            pair = (str(known[min(mine, other)]), str(known[max(mine, other)]))
            one = tallies.setdefault(pair, Tally(*pair))
            one.by_direction[direction] = one.by_direction.get(direction, 0) + 1
            one.margin += float(ahead[row])
    return len(places), missed


def most_confused(tallies: dict[tuple[str, str], Tally], n: int) -> list[Tally]:
    """The n pairs most often taken for each other; of equals, the ones further off."""
    order: Sequence[Tally] = sorted(
        tallies.values(), key=lambda one: (-one.count, -one.margin, one.first, one.second)
    )
    return list(order[:n])

"""Probes that people made: of two items for one query, the one marked right must come first.

A query counts by its best row of an item. Queries are the units of the interval: the probes of one
query succeed and fail together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.evaluate.bootstrap import RESAMPLES, Estimate, bootstrap_mean
from scrubjay.evaluate.retrieval import TIE

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FeedbackProbe:
    """A query with an item that is right and one that is wrong.

    Attributes:
        right_item: id; None where nobody knows a right one. Then the wrong one must not be the
            first of all.
        held_out: whether no training learned from the marks it is made of.
    """

    query: str
    right_item: str | None
    wrong_item: str
    held_out: bool = False


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What became of one probe.

    Attributes:
        margin: cosine of the right item (where none is known: of the best other one) less that of
            the wrong one.
        passed: whether the margin is more than a tie.
    """

    probe: FeedbackProbe
    margin: float
    passed: bool


@dataclass(frozen=True, slots=True)
class ProbeFigures:
    """How many probes pass.

    Attributes:
        accuracy: share that passes; None where there is no probe.
        n_queries: different queries among them, the units of the interval.
        left_out: probes of a query or item without a vector.
        results: of every probe that counts, those that fail most clearly first.
    """

    accuracy: Estimate | None
    n: int
    n_queries: int
    left_out: int
    results: tuple[ProbeResult, ...]

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "accuracy": self.accuracy.to_json() if self.accuracy else None,
            "n": self.n,
            "n_queries": self.n_queries,
            "left_out": self.left_out,
            "failed": [
                {
                    "query": one.probe.query,
                    "right_item": one.probe.right_item,
                    "wrong_item": one.probe.wrong_item,
                    "held_out": one.probe.held_out,
                    "margin": one.margin,
                }
                for one in self.results
                if not one.passed
            ],
        }


def probe_figures(
    probes: Sequence[FeedbackProbe],
    *,
    queries: Mapping[str, Vectors],
    items: Mapping[str, Vectors],
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> ProbeFigures:
    """Measure probes; ties fail.

    Args:
        queries: query -> (dim,) unit vector.
        items: item id -> (n, dim) unit rows, n at least 1; of all items that may be found, since a
            probe without a right item is held against all of them.
        resamples: of the bootstrap over queries.
        seed: the same seed gives the same interval.
    """
    wrong: dict[str, set[str]] = {}
    for probe in probes:
        wrong.setdefault(probe.query, set()).add(probe.wrong_item)
    results = []
    for probe in probes:
        margin = _margin(probe, queries, items, wrong[probe.query])
        if margin is not None:
            results.append(ProbeResult(probe, margin, margin > TIE))
    accuracy = None
    if results:
        numbers = {
            query: n for n, query in enumerate(dict.fromkeys(r.probe.query for r in results))
        }
        (accuracy,) = bootstrap_mean(
            np.array([[result.passed] for result in results], np.float64),
            np.array([numbers[result.probe.query] for result in results], np.int64),
            resamples=resamples,
            seed=seed,
        )
    return ProbeFigures(
        accuracy=accuracy,
        n=len(results),
        n_queries=len({result.probe.query for result in results}),
        left_out=len(probes) - len(results),
        results=tuple(sorted(results, key=lambda one: one.margin)),
    )


def _margin(
    probe: FeedbackProbe,
    queries: Mapping[str, Vectors],
    items: Mapping[str, Vectors],
    wrong: set[str],
) -> float | None:
    asked = queries.get(probe.query)
    if asked is None or probe.wrong_item not in items:
        return None
    if probe.right_item is None:
        rivals = [rows for item_id, rows in items.items() if item_id not in wrong]
    else:
        rivals = [items[probe.right_item]] if probe.right_item in items else []
    if not rivals:
        return None
    best = max(float((rows @ asked).max()) for rows in rivals)
    return best - float((items[probe.wrong_item] @ asked).max())

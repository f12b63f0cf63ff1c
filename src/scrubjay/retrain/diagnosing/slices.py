"""Recall by slice of a version, and how each slice changed since another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import NotReady
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Modality
from scrubjay.evaluate.bootstrap import Estimate
from scrubjay.evaluate.retrieval import Direction
from scrubjay.evaluate.slices import (
    ALPHA,
    CUTOFFS,
    RESAMPLES,
    SliceFigures,
    judged_cutoff,
    measure_slices,
    ranked,
    with_changes,
)
from scrubjay.retrain.diagnosing.material import Material
from scrubjay.retrain.diagnosing.slicing import LEAST_QUERIES, brightness_of, slices_of


@dataclass(frozen=True, slots=True)
class DirectionSlices:
    """The slices of one direction, those shown to be worse first.

    Attributes:
        name: `text->image`.
        n_groups: content groups among the queries.
        judged_at: the cut-off differences and tests are about.
        recall: over all queries.
        compared: whether another version was asked the same.
    """

    name: str
    n_queries: int
    n_groups: int
    judged_at: int
    recall: dict[int, Estimate]
    compared: bool
    slices: tuple[SliceFigures, ...]

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "name": self.name,
            "n_queries": self.n_queries,
            "n_groups": self.n_groups,
            "judged_at": self.judged_at,
            "recall": {str(k): one.to_json() for k, one in self.recall.items()},
            "slices": [one.to_json() for one in self.slices],
        }


@dataclass(frozen=True, slots=True)
class Slices:
    """Every direction by slice.

    Attributes:
        against: the other version, where there is one.
    """

    directions: tuple[DirectionSlices, ...]
    against: str | None = None
    alpha: float = ALPHA
    resamples: int = RESAMPLES
    least: int = LEAST_QUERIES

    @property
    def count(self) -> int:
        """Slices of all directions: those that compete."""
        return sum(len(one.slices) for one in self.directions)

    @property
    def worse(self) -> list[tuple[DirectionSlices, SliceFigures]]:
        """What is shown to be worse than the rest, the largest deficit first."""
        found = [
            (direction, one)
            for direction in self.directions
            for one in direction.slices
            if one.worse
        ]
        return sorted(found, key=lambda pair: pair[1].difference.value)

    def changed(self, sign: int) -> list[tuple[DirectionSlices, SliceFigures]]:
        """What is shown to do better (1) or worse (-1) than under the other version."""
        found = [
            (direction, one)
            for direction in self.directions
            for one in direction.slices
            if one.change is not None
            and one.change.adjusted < self.alpha
            and sign * one.change.gain.value > 0
        ]
        return sorted(found, key=lambda pair: -sign * pair[1].change.gain.value)  # type: ignore[union-attr]

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "against": self.against,
            "alpha": self.alpha,
            "resamples": self.resamples,
            "least_queries": self.least,
            "directions": [one.to_json() for one in self.directions],
        }


def measure(material: Material, against: Material | None, *, progress: Progress = silent) -> Slices:
    """Every direction by slice.

    Raises:
        NotReady: nothing can be asked, or nothing divides the queries.
    """
    directions = material.evaluation.directions
    if not directions:
        raise NotReady(
            f"no content group of the {len(material.items)} items has two of the modalities that "
            f"{material.version} knows"
        )
    brightness = brightness_of(material, progress)
    divided = []
    for done, one in enumerate(directions):
        progress("dividing into slices", done, len(directions))
        divided.append(slices_of(material, one, brightness))
    if not any(divided):
        raise NotReady(
            f"nothing divides the queries into parts of {LEAST_QUERIES} and more: add items, "
            f"captions, tags or attributes"
        )
    names = [_groups(material, one) for one in directions]
    cutoffs = [judged_cutoff(one.ranks) for one in directions]
    figures = []
    for done, (one, groups, slices, k) in enumerate(
        zip(directions, names, divided, cutoffs, strict=True)
    ):
        progress("measuring slices", done, len(directions))
        figures.append(
            measure_slices(
                one.ranks,
                groups,
                slices,
                judged_at=k,
                directions=sum(bool(each) for each in divided),
            )
        )
    others = [_ranks_of(against, material, one) for one in directions]
    if against is not None:
        progress("comparing slices", 0, None)
        figures = with_changes(
            figures, divided, [one.ranks for one in directions], others, names, cutoffs
        )
    return Slices(
        tuple(
            DirectionSlices(
                name=one.name,
                n_queries=one.n_queries,
                n_groups=one.n_groups,
                judged_at=k,
                recall={cutoff: one.recall[cutoff] for cutoff in CUTOFFS},
                compared=bool(other.any()),
                slices=tuple(ranked(measured)),
            )
            for one, k, other, measured in zip(directions, cutoffs, others, figures, strict=True)
        ),
        against.version if against is not None else None,
    )


def _groups(material: Material, direction: Direction) -> NDArray[Any]:
    view = material.evaluation.views[Modality(direction.name.partition("->")[0])]
    return np.asarray(view.groups)[direction.queries]


def _ranks_of(
    against: Material | None, material: Material, direction: Direction
) -> NDArray[np.int64]:
    """Ranks under the other version of the direction's queries; 0 where it has none."""
    ranks = np.zeros(direction.n_queries, np.int64)
    if against is None:
        return ranks
    theirs = next(
        (one for one in against.evaluation.directions if one.name == direction.name), None
    )
    if theirs is None:
        return ranks
    known = dict(zip(_keys(against, theirs), theirs.ranks.tolist(), strict=True))
    return np.array([known.get(key, 0) for key in _keys(material, direction)], np.int64)


def _keys(material: Material, direction: Direction) -> list[tuple[str, str, str]]:
    """What each query is, whatever version is asked."""
    view = material.evaluation.views[Modality(direction.name.partition("->")[0])]
    return [
        (view.groups[place], view.uris[place], view.texts[place])
        for place in direction.queries.tolist()
    ]

"""Single queries worth looking at: where an encoder is best, and where it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Modality
from scrubjay.evaluate.retrieval import Direction, top_hits


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One modality's side of a collection: what is searched with, and what is searched.

    Attributes:
        vectors: (n, dim) unit rows.
        groups: n content groups.
        uris: n names; "" for texts.
        texts: n texts; of a picture or recording its first caption, or "".
    """

    modality: Modality
    vectors: NDArray[np.float32]
    groups: tuple[str, ...]
    uris: tuple[str, ...]
    texts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.groups)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a view, as a person sees it."""

    modality: Modality
    uri: str
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One row a query found; `right` when it is of the query's group."""

    entry: Entry
    score: float
    right: bool


@dataclass(frozen=True, slots=True)
class Example:
    """One query, the rank of its first right answer, and its first answers."""

    query: Entry
    rank: int
    answers: tuple[Answer, ...]


def best_and_worst(
    direction: Direction, queries: View, gallery: View, *, n: int = 6, answers: int = 5
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """The n queries with the best ranks and the n with the worst, one a content group.

    A query is never in both: with few queries the best come first, and the worst are of the rest.
    """
    order = [int(i) for i in np.argsort(direction.ranks, kind="stable")]
    best = _one_a_group(order, direction, queries, n)
    shown = set(best)
    rest = [i for i in reversed(order) if i not in shown and direction.ranks[i] > 1]
    worst = _one_a_group(rest, direction, queries, n)
    return (
        _examples(best, direction, queries, gallery, answers),
        _examples(worst, direction, queries, gallery, answers),
    )


def _one_a_group(order: Sequence[int], direction: Direction, queries: View, n: int) -> list[int]:
    chosen: dict[str, int] = {}
    for i in order:
        if len(chosen) == n:
            break
        chosen.setdefault(queries.groups[direction.queries[i]], i)
    return list(chosen.values())


def _examples(
    chosen: Sequence[int], direction: Direction, queries: View, gallery: View, answers: int
) -> tuple[Example, ...]:
    places = [int(direction.queries[i]) for i in chosen]
    positions, scores = top_hits(queries.vectors[places], gallery.vectors, answers)
    return tuple(
        Example(
            _entry(queries, place),
            int(direction.ranks[i]),
            tuple(
                Answer(
                    _entry(gallery, int(position)),
                    float(score),
                    gallery.groups[position] == queries.groups[place],
                )
                for position, score in zip(positions[row], scores[row], strict=True)
            ),
        )
        for row, (i, place) in enumerate(zip(chosen, places, strict=True))
    )


def _entry(view: View, place: int) -> Entry:
    return Entry(view.modality, view.uris[place], view.texts[place])

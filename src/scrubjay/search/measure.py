"""How well an encoder finds a collection's own answers: items to vectors to retrieval figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.config import MediaLimits
from scrubjay.core.protocols import Encoder, Progress, silent
from scrubjay.core.types import Item, Kind, Modality
from scrubjay.evaluate.examples import View
from scrubjay.evaluate.retrieval import Direction, evaluate_direction
from scrubjay.media.layout import Problem
from scrubjay.search.decode import DEFAULT_LIMITS, Read
from scrubjay.search.embed import BATCH_SIZE, embed, middle
from scrubjay.search.films import NOT_FINITE

ALL = "all"


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The figures of one version on one part of a collection.

    Attributes:
        split: `train`, `val` or `test` when every item is of it, else `all`.
        n_items: items given, whether or not they could be embedded.
        directions: one for each ordered pair of modalities that share a content group.
        views: the embedded sides, for a report of single queries.
        problems: items whose file could not be used, captions and files without finite numbers.
    """

    version: str
    split: str
    n_items: int
    directions: tuple[Direction, ...]
    views: Mapping[Modality, View] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    @property
    def not_finite(self) -> int:
        """Captions and files left out because the encoder gave numbers that are not finite."""
        return sum(one.reason == NOT_FINITE for one in self.problems)

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object; vectors are left out."""
        return {
            "version": self.version,
            "split": self.split,
            "n_items": self.n_items,
            "directions": [direction.to_json() for direction in self.directions],
            "problems": [
                {"path": problem.path, "reason": problem.reason} for problem in self.problems
            ],
        }


def evaluate_items(
    items: Iterable[Item],
    encoder: Encoder,
    *,
    read: Read,
    limits: MediaLimits = DEFAULT_LIMITS,
    threads: int = 0,
    progress: Progress = silent,
) -> Evaluation:
    """Measure every direction the items and the encoder allow.

    Captions are text views of their item's group; the same caption twice in a group is one view.
    A recording longer than the encoder hears at once counts once, as the mean of its windows.
    Videos count for nothing: no version learns from one.

    Returns:
        An evaluation without directions when no content group has two modalities.
    """
    given = [item for item in items if item.kind is not Kind.VIDEO]
    problems: list[Problem] = []
    seen = _media_views(
        given,
        encoder,
        lambda item, reason: problems.append(Problem(item.uri, reason)),
        read=read,
        limits=limits,
        threads=threads,
        progress=progress,
    )
    if Modality.TEXT in encoder.spec.modalities:
        texts = _text_view(
            given,
            encoder,
            lambda caption: problems.append(Problem(f'caption "{caption}"', NOT_FINITE)),
            progress,
        )
        if len(texts):
            seen[Modality.TEXT] = texts
    splits = {item.split.value for item in given}
    return Evaluation(
        version=encoder.spec.version,
        split=splits.pop() if len(splits) == 1 else ALL,
        n_items=len(given),
        directions=_directions(seen, progress),
        views=seen,
        problems=tuple(problems),
    )


def _directions(seen: Mapping[Modality, View], progress: Progress) -> tuple[Direction, ...]:
    pairs = [
        (seen[query], seen[gallery])
        for query, gallery in permutations(Modality, 2)
        if query in seen
        and gallery in seen
        and not set(seen[query].groups).isdisjoint(seen[gallery].groups)
    ]
    measured = []
    for done, (query, gallery) in enumerate(pairs):
        progress("ranking", done, len(pairs))
        measured.append(
            evaluate_direction(
                f"{query.modality.value}->{gallery.modality.value}",
                query.vectors,
                gallery.vectors,
                query.groups,
                gallery.groups,
            )
        )
    return tuple(measured)


def _media_views(
    items: Sequence[Item],
    encoder: Encoder,
    on_problem: Callable[[Item, str], None],
    *,
    read: Read,
    limits: MediaLimits,
    threads: int,
    progress: Progress,
) -> dict[Modality, View]:
    """One row a picture and one a recording."""
    found: dict[Modality, list[tuple[Item, NDArray[np.float32]]]] = {}
    wanted = [
        item
        for item in items
        if (item.kind is Kind.IMAGE and Modality.IMAGE in encoder.spec.modalities)
        or (item.kind is Kind.SPEECH and Modality.SPEECH in encoder.spec.modalities)
    ]
    for rows, vectors in embed(
        wanted,
        encoder,
        read=read,
        on_problem=on_problem,
        limits=limits,
        threads=threads,
        progress=progress,
    ):
        starts = [
            place
            for place, row in enumerate(rows)
            if not place or row.item is not rows[place - 1].item
        ]
        for start, stop in zip(starts, [*starts[1:], len(rows)], strict=True):
            row = rows[start]
            found.setdefault(row.modality, []).append((row.item, middle(vectors[start:stop])))
    return {
        modality: View(
            modality,
            np.stack([vector for _, vector in one]),
            tuple(item.group for item, _ in one),
            tuple(item.uri for item, _ in one),
            tuple(item.captions[0] if item.captions else "" for item, _ in one),
        )
        for modality, one in found.items()
    }


def _text_view(
    items: Sequence[Item],
    encoder: Encoder,
    on_broken: Callable[[str], None],
    progress: Progress,
) -> View:
    """One row a caption, each once in its group."""
    texts = list(
        dict.fromkeys((item.group, caption) for item in items for caption in item.captions)
    )
    vectors = np.zeros((len(texts), encoder.spec.dim), np.float32)
    for start in range(0, len(texts), BATCH_SIZE):
        piece = [caption for _, caption in texts[start : start + BATCH_SIZE]]
        vectors[start : start + len(piece)] = encoder.encode(Modality.TEXT, piece)
        progress("embedding captions", start + len(piece), len(texts))
    broken = {int(place) for place in np.flatnonzero(~np.isfinite(vectors).all(axis=1))}
    for place in sorted(broken):
        on_broken(texts[place][1])
    kept = [place for place in range(len(texts)) if place not in broken]
    return View(
        Modality.TEXT,
        vectors[kept],
        tuple(texts[place][0] for place in kept),
        ("",) * len(kept),
        tuple(texts[place][1] for place in kept),
    )

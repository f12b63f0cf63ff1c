"""Content groups most often taken for each other, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Any, Final

from scrubjay.core.errors import NotReady
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Modality
from scrubjay.evaluate.confusions import Tally, most_confused, tally
from scrubjay.evaluate.examples import View
from scrubjay.retrain.diagnosing.material import Material

SHOWN: Final = 24
MOST: Final = 5000
"""Queries of a direction that are asked; more are taken at even steps."""


@dataclass(frozen=True, slots=True)
class Side:
    """One content group as a person sees it.

    Attributes:
        uri: of its picture, else of its recording; "" when it has only words.
        modality: of what the uri names.
    """

    group: str
    modality: str
    uri: str
    text: str

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "group": self.group,
            "modality": self.modality,
            "uri": self.uri,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Confusion:
    """Two content groups and how often one was found for the other.

    Attributes:
        by_direction: `text->image` to the number of queries.
        against: how often another version takes them for each other.
    """

    first: Side
    second: Side
    count: int
    by_direction: Mapping[str, int]
    against: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "first": self.first.to_json(),
            "second": self.second.to_json(),
            "count": self.count,
            "by_direction": dict(self.by_direction),
            "against": self.against,
        }


@dataclass(frozen=True, slots=True)
class Section:
    """The nearest confusions.

    Attributes:
        asked: queries in all directions; `missed`: those that found another group first.
        pairs_in_all: pairs of groups that were confused at least once.
    """

    pairs: tuple[Confusion, ...] = ()
    pairs_in_all: int = 0
    asked: int = 0
    missed: int = 0
    left_out: int = 0
    against: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "pairs": [one.to_json() for one in self.pairs],
            "pairs_in_all": self.pairs_in_all,
            "asked": self.asked,
            "missed": self.missed,
            "left_out": self.left_out,
        }


def measure(
    material: Material, against: Material | None = None, *, progress: Progress = silent
) -> Section:
    """Count, in every direction, which group comes first where another was asked for.

    Raises:
        NotReady: there is nothing to ask.
    """
    views = material.evaluation.views
    if not material.evaluation.directions:
        raise NotReady("no content group of these items has two modalities that the version knows")
    tallies, asked, missed = _tallied(views, progress)
    other = None if against is None else _tallied(against.evaluation.views, progress)[0]
    faces = _faces(views)
    pairs = tuple(
        Confusion(
            faces[one.first],
            faces[one.second],
            one.count,
            dict(one.by_direction),
            None if other is None else _count(other, one),
        )
        for one in most_confused(tallies, SHOWN)
    )
    in_all = sum(
        len(views[query])
        for query, gallery in permutations(views, 2)
        if not set(views[query].groups).isdisjoint(views[gallery].groups)
    )
    name = None if against is None else against.version
    return Section(pairs, len(tallies), asked, missed, in_all - asked, name)


def _tallied(
    views: Mapping[Modality, View], progress: Progress
) -> tuple[dict[tuple[str, str], Tally], int, int]:
    tallies: dict[tuple[str, str], Tally] = {}
    asked = missed = 0
    directions = list(permutations(views, 2))
    for done, (query, gallery) in enumerate(directions):
        progress("counting confusions", done, len(directions))
        some = views[query]
        if len(some) > MOST:
            step = -(-len(some) // MOST)
            some = View(
                query,
                some.vectors[::step],
                some.groups[::step],
                some.uris[::step],
                some.texts[::step],
            )
        n, wrong = tally(tallies, f"{query.value}->{gallery.value}", some, views[gallery])
        asked, missed = asked + n, missed + wrong
    return tallies, asked, missed


def _count(tallies: Mapping[tuple[str, str], Tally], one: Tally) -> int:
    found = tallies.get((one.first, one.second))
    return 0 if found is None else found.count


def _faces(views: Mapping[Modality, View]) -> dict[str, Side]:
    """Every group by its first picture, else its first recording, else its first words."""
    faces: dict[str, Side] = {}
    words: dict[str, str] = {}
    for modality in (Modality.TEXT, Modality.IMAGE, Modality.SPEECH):
        view = views.get(modality)
        if view is not None:
            for group, text in zip(view.groups, view.texts, strict=True):
                if text:
                    words.setdefault(group, text)
    for modality in (Modality.IMAGE, Modality.SPEECH, Modality.TEXT):
        view = views.get(modality)
        if view is None:
            continue
        for group, uri, text in zip(view.groups, view.uris, view.texts, strict=True):
            faces.setdefault(group, Side(group, modality.value, uri, text or words.get(group, "")))
    return faces

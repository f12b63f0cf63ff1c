"""The shape of a version's space, each figure beside what vectors without knowledge would give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, permutations
from typing import Any, Final

import numpy as np

from scrubjay.core.errors import NotReady
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Modality
from scrubjay.evaluate import geometry
from scrubjay.evaluate.examples import View
from scrubjay.retrain.diagnosing.material import Material
from scrubjay.store.home import Home

MOST: Final = 5000
"""Rows of a modality that are looked at; more are taken at even steps."""

FEW_GROUPS: Final = 30
"""Content groups below which nobody knows which temperature fits."""
SEPARATE: Final = 300.0
"""A scale that large fits where hardly an answer is wrong: any other would do."""

HUBS: Final = 6
"""Hubs shown of each direction."""

FEWEST: Final = 10
"""Rows below which a modality has no shape to speak of."""

ORDER: Final = ("gap", "alignment", "uniformity", "rank", "hubness", "scale")
"""Kinds of figures as they are shown."""

SKEWED: Final = 1.4
"""Skew above which a few rows answer far too many questions, if chance does not give as much."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the space.

    Attributes:
        name: what it is; `kind` names it for machines.
        about: modalities or a direction.
        reference: what vectors without any knowledge would have.
        against: the other version's.
        sentence: what it says here, and what is good and what is bad.
        concern: whether it is worth acting on.
    """

    kind: str
    name: str
    about: str
    value: float
    reference: float
    against: float | None
    sentence: str
    concern: bool

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "kind": self.kind,
            "about": self.about,
            "value": self.value,
            "reference": self.reference,
            "against": self.against,
            "sentence": self.sentence,
            "concern": self.concern,
        }


@dataclass(frozen=True, slots=True)
class Hub:
    """A row that is found far too often.

    Attributes:
        found: queries that have it among their nearest.
        wrong: those of them that ask for something else.
        expected: queries a row is found by on average.
    """

    direction: str
    modality: str
    uri: str
    text: str
    found: int
    wrong: int
    expected: float

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "direction": self.direction,
            "modality": self.modality,
            "uri": self.uri,
            "text": self.text,
            "found": self.found,
            "wrong": self.wrong,
            "expected": self.expected,
        }


@dataclass(frozen=True, slots=True)
class Section:
    """What the space looks like.

    Attributes:
        notes: what was left out, and which temperature is meant.
        against: the other version, where there is one.
    """

    figures: tuple[Figure, ...] = ()
    hubs: tuple[Hub, ...] = ()
    notes: tuple[str, ...] = ()
    against: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "figures": [one.to_json() for one in self.figures],
            "hubs": [one.to_json() for one in self.hubs],
            "notes": list(self.notes),
        }


def measure(
    material: Material,
    against: Material | None = None,
    *,
    home: Home | None = None,
    progress: Progress = silent,
) -> Section:
    """Measure the space of the embedded part.

    Args:
        home: whose registry may say with which temperature the version was taught.

    Raises:
        NotReady: there is no vector.
    """
    views, notes = _shortened(material.evaluation.views)
    if not views:
        raise NotReady("nothing could be embedded")
    stated = _stated_scale(home, material.version)
    figures, hubs = _figures(views, stated, progress)
    if against is not None:
        theirs, _ = _figures(
            _shortened(against.evaluation.views)[0],
            _stated_scale(home, against.version),
            progress,
        )
        other = {(one.kind, one.about): one.value for one in theirs}
        figures = [replace(one, against=other.get((one.kind, one.about))) for one in figures]
    if any(one.kind == "scale" for one in figures):
        notes.append(
            "The version does not say with which temperature it was taught; the one that fits the "
            "held-out answers best is given."
            if stated is None
            else f"It was taught with 1 / temperature {stated:.1f}; beside it the one that fits "
            f"the held-out answers best."
        )
    other_version = None if against is None else against.version
    return Section(tuple(figures), tuple(hubs), tuple(notes), other_version)


def _figures(
    views: Mapping[Modality, View], stated: float | None, progress: Progress
) -> tuple[list[Figure], list[Hub]]:
    figures: list[Figure] = []
    hubs: list[Hub] = []
    pairs = list(combinations(views, 2))
    for done, (first, second) in enumerate(pairs):
        progress("measuring the space", done, len(pairs))
        figures += _between(views[first], views[second])
    for view in views.values():
        figures += _within(view)
    for query, gallery in permutations(views, 2):
        if not set(views[query].groups).isdisjoint(views[gallery].groups):
            skew, worst = _found_too_often(views[query], views[gallery])
            figures.append(skew)
            hubs += worst
            figures += _scale(views[query], views[gallery], stated)
    return sorted(figures, key=lambda one: ORDER.index(one.kind)), hubs


def _between(first: View, second: View) -> list[Figure]:
    about = f"{first.modality.value} and {second.modality.value}"
    gap = geometry.modality_gap(first.vectors, second.vectors)
    chance = geometry.gap_of_halves(first.vectors, second.vectors)
    made = [
        Figure(
            "gap",
            "Modality gap",
            about,
            gap,
            chance,
            None,
            f"The centres lie {gap:.2f} apart on a sphere of radius 1; drawn from both alike they "
            f"would lie {chance:.2f} apart. 0 is one space, above 1 two separate ones. A gap alone "
            f"breaks no ranking within one kind of gallery; it matters where pictures, captions "
            f"and recordings are ranked together, or where recall is low.",
            gap > 0.8,
        )
    ]
    aligned = geometry.alignment(first.vectors, second.vectors, first.groups, second.groups)
    if aligned is not None:
        anything = geometry.chance_alignment(first.vectors, second.vectors)
        share = aligned / anything if anything > 0 else 1.0
        made.append(
            Figure(
                "alignment",
                "Alignment",
                about,
                aligned,
                anything,
                None,
                f"What belongs together lies {aligned:.2f} apart (squared), anything and anything "
                f"{anything:.2f}: {share:.0%} of it. Near 0 is good, near 100% means that nothing "
                f"was learned.",
                share > 0.9,
            )
        )
    return made


def _within(view: View) -> list[Figure]:
    about, rows = view.modality.value, view.vectors
    if len(rows) < FEWEST:
        return []
    dim = rows.shape[1]
    spread, even = geometry.uniformity(rows), geometry.even_uniformity(dim)
    rank = geometry.effective_rank(rows)
    most = geometry.effective_rank(geometry.random_rows(len(rows), dim))
    return [
        Figure(
            "uniformity",
            "Uniformity",
            about,
            spread,
            even,
            None,
            f"{spread:.2f}, where 0 is one single point and {even:.2f} an even spread over the "
            f"whole sphere. Close to 0 everything looks alike to the version; an even spread is no "
            f"aim by itself, if alignment is bad.",
            spread > even / 3,
        ),
        Figure(
            "rank",
            "Effective rank",
            about,
            rank,
            most,
            None,
            f"It uses about {rank:.0f} of {dim} dimensions; as many directions drawn at random use "
            f"{most:.0f}. A few dimensions for many different things mean that it has collapsed; a "
            f"collection of few different things needs no more.",
            rank < max(2.0, 0.05 * most),
        ),
    ]


def _found_too_often(queries: View, gallery: View) -> tuple[Figure, list[Hub]]:
    about = f"{queries.modality.value}->{gallery.modality.value}"
    found = geometry.hubness(queries.vectors, gallery.vectors, queries.groups, gallery.groups)
    dim = queries.vectors.shape[1]
    chance = geometry.hubness(
        geometry.random_rows(len(queries), dim, seed=1),
        geometry.random_rows(len(gallery), dim, seed=2),
        queries.groups,
        gallery.groups,
    )
    figure = Figure(
        "hubness",
        "Hubness",
        about,
        found.skew,
        chance.skew,
        None,
        f"Skew {found.skew:.1f} of how often a row is among the first {found.k} ({chance.skew:.1f} "
        f"by chance); {found.never:.0%} of the rows are found by nobody. Around 0 every row has "
        f"its turn; above {SKEWED:g} a few answer questions that are not about them.",
        found.skew > max(SKEWED, chance.skew + 1.0),
    )
    worst = np.argsort(-found.wrong, kind="stable")[:HUBS]
    hubs = [
        Hub(
            about,
            gallery.modality.value,
            gallery.uris[at],
            gallery.texts[at],
            int(found.found[at]),
            int(found.wrong[at]),
            found.expected,
        )
        for at in worst.tolist()
        if found.wrong[at] > 3 * max(1.0, found.expected)
    ]
    return figure, hubs


def _scale(queries: View, gallery: View, stated: float | None) -> list[Figure]:
    fits = geometry.fitting_scale(queries.vectors, gallery.vectors, queries.groups, gallery.groups)
    if fits is None:
        return []
    about = f"{queries.modality.value}->{gallery.modality.value}"
    if len(set(queries.groups)) < FEW_GROUPS or fits > SEPARATE:
        said, off = (
            "Too few different questions, or too few wrong answers, to say what fits.",
            False,
        )
    elif stated is None:
        said, off = f"1 / temperature {fits:.0f} fits the held-out answers best.", False
    else:
        off = not 0.4 <= stated / fits <= 2.5
        sure = "surer of itself than it is right" if stated > fits else "less sure than it is right"
        said = f"Taught with {stated:.0f}, {fits:.0f} fits the held-out answers best: " + (
            f"the version is {sure}." if off else "about as sure as it is right."
        )
    return [
        Figure(
            "scale",
            "Logit scale",
            about,
            fits if stated is None else stated,
            fits,
            None,
            f"{said} The larger, the surer; where a very small one fits, scores say little.",
            off,
        )
    ]


def _shortened(views: Mapping[Modality, View]) -> tuple[dict[Modality, View], list[str]]:
    """At most `MOST` rows of each, and what to say of it."""
    kept, notes = {}, []
    for modality, view in views.items():
        step = -(-len(view) // MOST)
        kept[modality] = view if step == 1 else _every(view, step)
        if step > 1:
            notes.append(f"Of {len(view):,} {modality.value} rows every {step}th was looked at.")
    return kept, notes


def _every(view: View, step: int) -> View:
    def some(values: Sequence[str]) -> tuple[str, ...]:
        return tuple(values[::step])

    return View(
        view.modality,
        view.vectors[::step],
        some(view.groups),
        some(view.uris),
        some(view.texts),
    )


def _stated_scale(home: Home | None, version: str) -> float | None:
    """The inverse temperature that training ended with, where the registry has it."""
    if home is None:
        return None
    about = next((one for one in home.registry.versions() if one.id == version), None)
    fitted = about.metrics.get("fit") if about is not None else None
    scale = fitted.get("train/scale") if isinstance(fitted, Mapping) else None
    return float(scale) if isinstance(scale, int | float) and scale > 0 else None

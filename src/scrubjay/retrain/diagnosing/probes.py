"""Minimal pairs made from the owner's captions: is the right sentence told from the wrong one?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import NotReady
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Item, Modality
from scrubjay.evaluate.feedback_probes import ProbeFigures, probe_figures
from scrubjay.evaluate.minimal_alone import plain
from scrubjay.evaluate.minimal_pairs import MinimalPair, minimal_pairs
from scrubjay.evaluate.probing import Accuracy, Scored, accuracies, worst_of
from scrubjay.retrain.diagnosing.captions_encoded import encode_texts
from scrubjay.retrain.diagnosing.material import Material
from scrubjay.retrain.marks import probes_of
from scrubjay.search.embed import embed
from scrubjay.store.home import Home

MOST: Final = 4000
"""Probes of one modality; more are taken at even steps of the collection."""

EXAMPLES: Final = 3
"""Failures shown of each kind."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that is shown or said, a true caption of it and a wrong one."""

    row: int
    item: Item
    pair: MinimalPair


@dataclass(frozen=True, slots=True)
class Failure:
    """A wrong sentence that scored above the right one."""

    modality: str
    kind: str
    item: str
    uri: str
    right: str
    wrong: str
    right_score: float
    wrong_score: float

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "modality": self.modality,
            "kind": self.kind,
            "item": self.item,
            "uri": self.uri,
            "right": self.right,
            "wrong": self.wrong,
            "right_score": self.right_score,
            "wrong_score": self.wrong_score,
        }


@dataclass(frozen=True, slots=True)
class Section:
    """What probes say.

    Attributes:
        figures: a row for each kind and modality, those with the least passed first.
        failures: the worst of each kind.
        left_out: modality to probes that were not asked because there are too many.
        marked: probes that people made by marking hits; None where there are none.
        against: the other version, where there is one.
    """

    figures: tuple[Accuracy, ...] = ()
    failures: tuple[Failure, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    marked: ProbeFigures | None = None
    against: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "figures": [one.to_json() for one in self.figures],
            "failures": [one.to_json() for one in self.failures],
            "left_out": dict(self.left_out),
            "marked": self.marked.to_json() if self.marked else None,
        }


def measure(
    material: Material,
    against: Material | None = None,
    *,
    home: Home | None = None,
    progress: Progress = silent,
) -> Section:
    """Ask the version, and the other one, every pair of sentences about every thing.

    Args:
        home: where people may have marked hits.

    Raises:
        NotReady: there is nothing to ask.
    """
    views = material.evaluation.views
    if Modality.TEXT not in views:
        raise NotReady("nothing is captioned, or the version reads no text")
    marked = None if home is None else _marked(material, home, progress)
    asked = {
        modality: pairs
        for modality in (Modality.IMAGE, Modality.SPEECH)
        if modality in views and (pairs := list(_pairs(material, modality)))
    }
    if not asked and marked is None:
        raise NotReady(
            "no caption names a colour, a number, a place or a thing that could be exchanged "
            "(probes are made by rules, for English only)"
        )
    kept = {modality.value: pairs[:: -(-len(pairs) // MOST)] for modality, pairs in asked.items()}
    left_out = {m.value: n for m, p in asked.items() if (n := len(p) - len(kept[m.value]))}
    scored, whose = _scored(material, kept, progress)
    other = None
    if against is not None and Modality.TEXT in against.evaluation.views:
        other, others = _scored(against, kept, progress)
        scored, other = _both(scored, whose, other, others)
    failures = [
        _failure(modality, one, whose[modality], at)
        for modality, one in scored.items()
        for kind in dict.fromkeys(one.kinds)
        for at in worst_of(one, kind, EXAMPLES)
    ]
    failures.sort(key=lambda one: one.right_score - one.wrong_score)
    return Section(
        accuracies(scored, other),
        tuple(failures),
        left_out,
        marked,
        None if against is None else against.version,
    )


def _marked(material: Material, home: Home, progress: Progress) -> ProbeFigures | None:
    """Probes of hits that people marked, by the embedded collection or by the part diagnosed."""
    probes = probes_of(home)
    if not probes:
        return None
    items: dict[str, NDArray[np.float32]] = {}
    for modality in (Modality.IMAGE, Modality.SPEECH):
        if modality in material.evaluation.views:
            view = material.evaluation.views[modality]
            for (item,), row in zip(material.owners(modality), view.vectors, strict=True):
                items[item.id] = row[None, :]
    named = {one for probe in probes for one in (probe.right_item, probe.wrong_item) if one}
    beyond = [item for item in material.everything if item.id in named - items.keys()]
    for rows, vectors in embed(
        beyond,
        material.encoder,
        read=material.read,
        on_problem=lambda item, reason: None,
        limits=material.limits,
        threads=material.threads,
        progress=progress,
    ):
        for row, vector in zip(rows, vectors, strict=True):
            before = items.get(row.item.id, np.zeros((0, len(vector)), np.float32))
            items[row.item.id] = np.concatenate([before, vector[None, :]])
    queries = encode_texts(
        material.encoder, [probe.query for probe in probes], "embedding probes", progress
    )
    return probe_figures(probes, queries=queries, items=items)


def _pairs(material: Material, modality: Modality) -> Iterable[Asked]:
    """Every probe of a modality; a wrong caption that is said of the same group is none."""
    owners = [items[0] for items in material.owners(modality)]
    captions = list(dict.fromkeys(caption for item in owners for caption in item.captions))
    made = dict(zip(captions, minimal_pairs(captions), strict=True))
    said: dict[str, set[str]] = {}
    for item in material.items:
        said.setdefault(item.group, set()).update(map(plain, item.captions))
    for row, item in enumerate(owners):
        for caption in dict.fromkeys(item.captions):
            for pair in made[caption]:
                if plain(pair.wrong) not in said[item.group]:
                    yield Asked(row, item, pair)


def _scored(
    material: Material, asked: Mapping[str, Sequence[Asked]], progress: Progress
) -> tuple[dict[str, Scored], dict[str, list[Asked]]]:
    """Scores by this version, and which probes they are of: those it could encode."""
    views = material.evaluation.views
    texts = views[Modality.TEXT]
    known: dict[str, NDArray[np.float32]] = dict(zip(texts.texts, texts.vectors, strict=True))
    wrongs = (one.pair.wrong for some in asked.values() for one in some)
    known |= encode_texts(
        material.encoder,
        [wrong for wrong in wrongs if wrong not in known],
        "embedding probes",
        progress,
    )
    scored, whose = {}, {}
    for modality, some in asked.items():
        view = views.get(Modality(modality))
        if view is None:
            continue
        rows = {uri: at for at, uri in enumerate(view.uris)}  # another version may lack some
        mine = [
            one
            for one in some
            if one.item.uri in rows and one.pair.caption in known and one.pair.wrong in known
        ]
        if not mine:
            continue
        media = view.vectors[[rows[one.item.uri] for one in mine]]
        right = np.stack([known[one.pair.caption] for one in mine])
        wrong = np.stack([known[one.pair.wrong] for one in mine])
        centre = view.vectors.mean(axis=0)
        scored[modality] = Scored(
            kinds=tuple(one.pair.kind.value for one in mine),
            groups=tuple(one.item.group for one in mine),
            right=np.einsum("nd,nd->n", media, right, dtype=np.float64),
            wrong=np.einsum("nd,nd->n", media, wrong, dtype=np.float64),
            blind=np.asarray((right - wrong) @ centre, np.float64),
        )
        whose[modality] = mine
    return scored, whose


def _both(
    scored: dict[str, Scored],
    whose: dict[str, list[Asked]],
    other: dict[str, Scored],
    others: Mapping[str, Sequence[Asked]],
) -> tuple[dict[str, Scored], dict[str, Scored]]:
    """The probes both versions were asked, in one order; `whose` is cut to them, too."""
    for modality in [one for one in scored if one in other]:
        theirs = {id(one): at for at, one in enumerate(others[modality])}
        shared = [at for at, one in enumerate(whose[modality]) if id(one) in theirs]
        places = [theirs[id(whose[modality][at])] for at in shared]
        scored[modality] = _some(scored[modality], shared)
        other[modality] = _some(other[modality], places)
        whose[modality] = [whose[modality][at] for at in shared]
    return scored, other


def _some(scored: Scored, places: Sequence[int]) -> Scored:
    at = np.asarray(places, np.int64)
    return Scored(
        tuple(scored.kinds[i] for i in places),
        tuple(scored.groups[i] for i in places),
        scored.right[at],
        scored.wrong[at],
        scored.blind[at],
    )


def _failure(modality: str, scored: Scored, whose: Sequence[Asked], at: int) -> Failure:
    one = whose[at]
    return Failure(
        modality,
        scored.kinds[at],
        one.item.id,
        one.item.uri,
        one.pair.caption,
        one.pair.wrong,
        float(scored.right[at]),
        float(scored.wrong[at]),
    )

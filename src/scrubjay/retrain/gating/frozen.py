"""The sets both models are measured on, and what each query found.

An item's part of the data follows from its content group and never changes, so a month's held-out
items are the same in every later run: frozen. A query stands for itself in every set it belongs to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from math import comb
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Item, Modality, Split
from scrubjay.evaluate.examples import View
from scrubjay.evaluate.retrieval import rank
from scrubjay.retrain.gating.gates import Comparison
from scrubjay.retrain.gating.settings import Part

Views: TypeAlias = Mapping[Modality, View]
SHARED = "what both can be asked"
FOUND_AMONG = 10
"""A query succeeds when a right answer is among so many first, unless it is said otherwise."""
SEARCHED = (Modality.IMAGE, Modality.SPEECH)
"""What a collection is searched for; texts are what is asked."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Every query of every direction, asked of both models.

    Attributes:
        groups: (n,) content group of each query.
        challenger: (n,) 1 where a right answer is among the first so many, else 0.
        champion: the same queries; None without a champion.
        directions: (n,) such as `text->image`.
        guessed: (n,) bool: the champion has no tower for it, and its success is that of a guess.
    """

    groups: NDArray[np.str_]
    challenger: NDArray[np.float64]
    champion: NDArray[np.float64] | None
    directions: NDArray[np.str_]
    guessed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.groups)


def held_out(items: Sequence[Item], held: Collection[str]) -> list[Item]:
    """The frozen items: of the test part, and not held back from learning."""
    return [item for item in items if item.split is Split.TEST and item.id not in held]


def outcomes(
    challenger: Views,
    champion: Views | None,
    *,
    found_among: int = FOUND_AMONG,
    new: Collection[Modality] = (),
    lost: Collection[Modality] = (),
) -> Outcomes:
    """Ask both models every query whose rows both have.

    A model that has no tower for a query, or for what is searched, guesses: its success is the
    chance of a right answer among so many first of a shuffled gallery.

    Args:
        found_among: a query succeeds when a right answer is among so many first.
        new: modalities that the champion has no tower for: it guesses.
        lost: modalities that the challenger has no tower for: it guesses.
    """
    if champion is not None:
        added = {one: view for one, view in challenger.items() if one in new}
        kept = {one: view for one, view in champion.items() if one in lost}
        challenger, champion = _aligned(challenger, champion), _aligned(champion, challenger)
        challenger |= added
        champion |= kept
    groups, mine, theirs, names, guessed = [], [], [], [], []
    for query, gallery in product(Modality, SEARCHED):
        able = [one for one in (challenger, champion) if one and query in one and gallery in one]
        if query is gallery or not able or _unanswered(able[0][query], able[0][gallery]):
            continue
        asked = partial(_asked, query, gallery, found_among, able[0])
        of, successes = asked(challenger)
        groups.append(of)
        mine.append(successes)
        names.append(np.full(len(of), f"{query.value}->{gallery.value}"))
        guessed.append(np.full(len(of), champion is not None and champion not in able))
        if champion is not None:
            theirs.append(asked(champion)[1])
    if not groups:
        empty = np.empty(0, np.float64)
        none = np.empty(0, np.str_)
        return Outcomes(
            none, empty, empty if champion is not None else None, none, np.empty(0, np.bool_)
        )
    return Outcomes(
        np.concatenate(groups),
        np.concatenate(mine),
        np.concatenate(theirs) if champion is not None else None,
        np.concatenate(names),
        np.concatenate(guessed),
    )


def comparisons(
    of: Outcomes,
    items: Sequence[Item],
    *,
    new: Collection[str],
    month: str,
    slices: Mapping[str, Callable[[Item], Collection[str]]] | None = None,
) -> list[Comparison]:
    """This month's held-out part, every earlier month's, and slices.

    Guesses count in this month's held-out part alone, and then it stands beside itself without
    them: what a new tower can do makes up for no loss.

    Args:
        items: the frozen ones.
        new: ids of what this run brought.
        month: what the held-out part is called; earlier items of that month are `<month> before`.
        slices: name -> an item's values of it.
    """
    of_group: dict[str, list[Item]] = {}
    for item in items:
        of_group.setdefault(item.group, []).append(item)
    set_of = {group: _set_of(some, new, month) for group, some in of_group.items()}
    sets = np.array([set_of.get(group, "") for group in of.groups])
    found = [_part(of, sets == month, month, Part.HELD_OUT)]
    both = ~of.guessed
    if not both.all():
        found.append(_part(of, (sets == month) & both, f"{month}, {SHARED}", Part.SLICE))
    earlier = sorted({name for name in set_of.values() if name != month})
    found += [_part(of, (sets == name) & both, name, Part.EARLIER) for name in earlier]
    for name, values in (slices or {}).items():
        by_value: dict[str, set[str]] = {}
        for item in items:
            for value in values(item):
                by_value.setdefault(value, set()).add(item.group)
        for value, members in sorted(by_value.items()):
            chosen = np.isin(of.groups, sorted(members)) & both
            found.append(_part(of, chosen, f"{name}: {value}", Part.SLICE))
    return [one for one in found if len(one.groups) or one.part is Part.HELD_OUT]


def general(of: Outcomes) -> Comparison:
    """All queries of the general set."""
    return _part(of, np.ones(len(of), bool), "general", Part.GENERAL)


def _part(of: Outcomes, chosen: NDArray[np.bool_], name: str, part: Part) -> Comparison:
    champion = None if of.champion is None else of.champion[chosen]
    return Comparison(name, part, of.groups[chosen], of.challenger[chosen], champion)


def _set_of(items: Sequence[Item], new: Collection[str], month: str) -> str:
    """A group is new when all of it is; else it is of the first month something of it came in."""
    old = [item.month for item in items if item.id not in new]
    if not old:
        return month
    first = min(old)
    return f"{first} before" if first == month else first


def _aligned(views: Views, other: Views) -> dict[Modality, View]:
    """Rows the other model has too: files that one of them could not use are nobody's."""
    aligned = {}
    for modality, view in views.items():
        if modality not in other:
            continue
        theirs = set(_keys(other[modality]))
        kept = [place for place, key in enumerate(_keys(view)) if key in theirs]
        aligned[modality] = View(
            modality,
            view.vectors[kept],
            tuple(view.groups[at] for at in kept),
            tuple(view.uris[at] for at in kept),
            tuple(view.texts[at] for at in kept),
        )
    return aligned


def _keys(view: View) -> Iterator[tuple[str, str, str]]:
    return zip(view.groups, view.uris, view.texts, strict=True)


def _unanswered(query: View, gallery: View) -> bool:
    return set(query.groups).isdisjoint(gallery.groups)


def _asked(
    query: Modality, gallery: Modality, found_among: int, rows: Views, model: Views
) -> tuple[NDArray[np.str_], NDArray[np.float64]]:
    """(content group, success) of each query that has an answer; guessed where towers lack.

    Args:
        rows: of a model that has both towers.
        model: the one that is asked.
    """
    among = model if query in model and gallery in model else rows
    asked, searched = among[query], among[gallery]
    ranking = rank(asked.vectors, searched.vectors, asked.groups, searched.groups)
    of = np.asarray(asked.groups)[ranking.queries]
    if among is not model:
        return of, _guesses(of, searched, found_among)
    return of, (ranking.ranks <= found_among).astype(np.float64)


def _guesses(groups: NDArray[np.str_], gallery: View, found_among: int) -> NDArray[np.float64]:
    """Chance of a right answer among so many first of a shuffled gallery, of each query."""
    right = Counter(gallery.groups)
    every = comb(len(gallery), found_among)
    missed = {
        group: comb(len(gallery) - right[group], found_among) / every if every else 0.0
        for group in set(groups.tolist())
    }
    return np.array([1 - missed[group] for group in groups.tolist()], np.float64)

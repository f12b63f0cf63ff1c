"""Which words belong together: the object each names, and its place beside another.

Towers learn last to tell "a red star and a blue ring" from "a blue star and a red ring", or "a dog
left of a cat" from "a cat left of a dog". So every word is taught it by itself.
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scrubjay.media.world.captions import colour_atom, function_atom, shape_atom, word_atom
from scrubjay.media.world.lexicon import OPPOSITE, SIGN_WORDS
from scrubjay.media.world.scene import shape_concept, word_concept
from scrubjay.media.world.shapes import COLOURS, SHAPES
from scrubjay.training.world.facts import PLACES, UNKNOWN


class _Run(NamedTuple):
    """Neighbouring words or moments of one meaning: from `start` to `end`."""

    atom: int
    start: int
    end: int


def bound(atoms: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The concept each word helps to name, and the place of that object in scenes of two.

    Args:
        atoms: (n, t) meanings of words or moments; below 0 where there is none.

    Returns:
        (n, t) concepts and (n, t) places in `PLACES`; UNKNOWN where there is none.
    """
    concepts = np.full(atoms.shape, UNKNOWN, np.int64)
    places = np.full(atoms.shape, UNKNOWN, np.int64)
    for row, meanings in enumerate(atoms):
        runs = _runs(meanings)
        _name(runs, concepts[row])
        _place(runs, concepts[row], places[row])
    return concepts, places


def _runs(meanings: NDArray[np.int64]) -> list[_Run]:
    runs, at = [], 0
    for atom, same in groupby(meanings.tolist()):
        end = at + len(list(same))
        if atom >= 0:
            runs.append(_Run(atom, at, end))
        at = end
    return runs


def _name(runs: list[_Run], concepts: NDArray[np.int64]) -> None:
    """A shape and the colour beside it name one concept; each other word its own."""
    at = 0
    while at < len(runs):
        run = runs[at]
        both = _coloured(run.atom, runs[at + 1].atom) if at + 1 < len(runs) else None
        if both is not None:
            for part in runs[at : at + 2]:
                concepts[part.start : part.end] = both
            at += 2
            continue
        if run.atom < shape_atom(0):
            concepts[run.start : run.end] = run.atom
        elif word_atom(0) <= run.atom < word_atom(len(SIGN_WORDS)):
            concepts[run.start : run.end] = word_concept(run.atom - word_atom(0))
        at += 1


def _coloured(a: int, b: int) -> int | None:
    """The concept of a shape's and a colour's meanings, in whichever order."""
    shape, colour = min(a, b) - shape_atom(0), max(a, b) - colour_atom(0)
    if 0 <= shape < len(SHAPES) and 0 <= colour < len(COLOURS):
        return shape_concept(shape, colour)
    return None


def _place(runs: list[_Run], concepts: NDArray[np.int64], places: NDArray[np.int64]) -> None:
    """What is named before the place is there; what is named after it is opposite."""
    known = {function_atom(name): name for name in PLACES}
    for run in runs:
        if run.atom in known:
            before = PLACES.index(known[run.atom])
            after = PLACES.index(OPPOSITE[known[run.atom]])
            places[: run.start] = before
            places[run.end :] = after
            places[concepts == UNKNOWN] = UNKNOWN
            return

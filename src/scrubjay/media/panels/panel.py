"""Labels of products at random: a picture, what may be asked about it, and the right answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from scrubjay.core.types import Picture
from scrubjay.media.panels import held_out_layouts, taught_layouts
from scrubjay.media.panels.bend import bent, photographed, turned
from scrubjay.media.panels.label import Label, Layout
from scrubjay.media.panels.products import Amount, any_print
from scrubjay.media.panels.sheet import Mark
from scrubjay.media.panels.vocabulary import OF, Part

ENTITIES: Final = (
    *("width", "depth", "height", "item_weight", "maximum_weight_recommendation"),
    *("voltage", "wattage", "item_volume"),
)
UNTOLD: Final = 0.7
"""Chance that a measure is asked for which the label does not tell."""

LAYOUTS: Final[Mapping[Part, tuple[Layout, ...]]] = {
    Part.TAUGHT: taught_layouts.LAYOUTS,
    Part.HELD_OUT: held_out_layouts.LAYOUTS,
}


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A label as it is photographed.

    Attributes:
        answers: measure that is asked for -> `500.0 gram`, or nothing where it is not told.
        facts: all that it tells.
        tags: what makes it hard: `curved`, `rotated`, `abbreviated`, `distractors`, `nutrition`,
            `drawing`, `pictograms`; `plain`: nothing of these but abbreviations.
        layout: it is drawn by.
    """

    picture: Picture
    answers: Mapping[str, str]
    facts: Mapping[str, Amount]
    tags: frozenset[str]
    layout: str


def draw_panel(seed: int, part: Part) -> Panel:
    """The panel of a seed; other seeds make others."""
    random = np.random.default_rng((seed, list(Part).index(part)))
    label, tags, layout = _drawn(random, part)
    image = label.sheet.image
    drawn = random.random()
    if drawn < 0.25:
        image = bent(image, random)
        tags.add("curved")
    if 0.15 < drawn < 0.4:
        quarters = int(random.choice([0, 0, 1, 2, 3]))
        lean = float(random.uniform(3, 14)) * float(random.choice([-1, 1]))
        image = turned(image, 90 * quarters + lean)
        tags.add("rotated")
    if not tags - {"abbreviated"}:
        tags.add("plain")
    facts = {name: one for name, one in label.facts.items() if one is not None}
    answers = {name: "" if one is None else one.answer for name, one in label.facts.items()}
    untold = [name for name in ENTITIES if name not in label.facts]
    if untold and random.random() < UNTOLD:
        answers[untold[int(random.integers(len(untold)))]] = ""
    return Panel(photographed(image, random), answers, facts, frozenset(tags), layout)


@dataclass(frozen=True, slots=True, eq=False)
class Flat:
    """A label neither bent nor turned, with the place of every line."""

    picture: Picture
    facts: Mapping[str, Amount]
    marks: tuple[Mark, ...]
    layout: str


def draw_flat(seed: int, part: Part) -> Flat:
    """The flat label of a seed: the layout, the words and the numbers of its panel."""
    random = np.random.default_rng((seed, list(Part).index(part)))
    label, _, layout = _drawn(random, part)
    facts = {name: one for name, one in label.facts.items() if one is not None}
    picture = photographed(label.sheet.image, random)
    return Flat(picture, facts, tuple(label.sheet.marks), layout)


def _drawn(random: np.random.Generator, part: Part) -> tuple[Label, set[str], str]:
    layouts = LAYOUTS[part]
    layout = layouts[int(random.integers(len(layouts)))]
    printed = any_print(random, OF[part])
    label = layout(random, printed)
    return label, {*label.tags, *(["abbreviated"] if printed.short else [])}, layout.__name__

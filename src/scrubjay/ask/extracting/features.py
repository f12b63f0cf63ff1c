"""What speaks for and against a candidate, as numbers of about 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from scrubjay.ask.extracting.candidates import Candidate
from scrubjay.ask.extracting.cues import INPUT, LENGTH, NET, OWN, SIZE, Cue, cues
from scrubjay.ask.extracting.entities import Entity
from scrubjay.ask.extracting.page import Page

AXES: Final = {"w": Entity.WIDTH, "h": Entity.HEIGHT, "d": Entity.DEPTH, "l": Entity.DEPTH}
LENGTHS: Final = frozenset({Entity.WIDTH, Entity.HEIGHT, Entity.DEPTH})
USUAL: Final = {
    2: (Entity.WIDTH, Entity.HEIGHT),
    3: (Entity.DEPTH, Entity.WIDTH, Entity.HEIGHT),
}
"""Axes of a size whose axes are not said, as shops write them: length, width, height."""

PLACES: Final = ("before", "after", "left", "above", "below")
NAMES: Final = (
    *(f"{place}_{whose}" for place in PLACES for whose in ("own", "foreign")),
    *("vague", "input", "silent", "axis_own", "axis_foreign", "usual_axis", "unusual_axis"),
    *("small", "aside", "repeated", "confident", "mended", "pieces", "rivals"),
    *("upright_height", "turned_height", "turned_other", "edge_own", "edge_foreign", "corner"),
    *(f"is_{entity}" for entity in Entity),
    *(f"silent_{entity}" for entity in Entity),
)
"""Of the numbers of a candidate, in order."""


def features(entity: Entity, those: Sequence[Candidate], page: Page) -> list[list[float]]:
    """Numbers of each candidate for an entity, in the order of `NAMES`.

    Args:
        those: all candidates of the page that fit the entity.
        page: they stand on.
    """
    tallest = max((one.placed.height for one in those), default=1.0)
    rivals = len({(one.value, one.unit) for one in those})
    edges = _edges(those)
    return [
        _row(entity, one, tallest, rivals, edge) for one, edge in zip(those, edges, strict=True)
    ]


def _row(
    entity: Entity,
    one: Candidate,
    tallest: float,
    rivals: int,
    edge: tuple[float, float],
) -> list[float]:
    told = dict.fromkeys(NAMES, 0.0)
    silent = _words(entity, one, told)
    told["silent"] = told[f"silent_{entity}"] = float(silent)
    told[f"is_{entity}"] = 1.0
    measure = one.measure
    if entity in LENGTHS:
        _axes(entity, one, told)
        if silent and measure.axis is None and measure.of == 1:
            _directions(entity, one, edge, told)
    told["small"] = 1.0 - one.placed.height / tallest
    told["aside"] = float(measure.aside and measure.of == 1)
    told["repeated"] = float(one.repeated)
    told["confident"] = one.confidence
    told["mended"] = float(measure.mended)
    told["pieces"] = float(measure.count > 1)
    told["rivals"] = math.log(rivals)
    return list(told.values())


def _words(entity: Entity, one: Candidate, told: dict[str, float]) -> bool:
    """Fill in what the words around it say; whether they say nothing."""
    heard = False
    for place, text in zip(PLACES, one.texts, strict=True):
        found = cues(text)
        if not found:
            continue
        nearest = _nearest(place, found)
        own = nearest.kind in OWN[entity]
        if heard and place in {"above", "below"}:
            continue
        told[f"{place}_{'own' if own else 'foreign'}"] = 1.0
        if own and nearest.kind in {NET, SIZE, LENGTH}:
            told["vague"] = 1.0
        if nearest.kind == INPUT:
            told["input"] = 1.0
        heard = True
    return not heard


def _nearest(place: str, found: Sequence[Cue]) -> Cue:
    """The phrase that is about the number: the last before it, the first after it."""
    return found[-1] if place in {"before", "left"} else found[0]


def _axes(entity: Entity, one: Candidate, told: dict[str, float]) -> None:
    measure = one.measure
    if measure.axis is not None:
        told["axis_own" if AXES[measure.axis] is entity else "axis_foreign"] = 1.0
    elif measure.of in USUAL:
        usual = USUAL[measure.of][measure.place] is entity
        told["usual_axis" if usual else "unusual_axis"] = 1.0


def _directions(
    entity: Entity, one: Candidate, edge: tuple[float, float], told: dict[str, float]
) -> None:
    """Of a drawing: what runs upwards is a height; what stands at a side is likely one."""
    turned = one.placed.turn % 2 == 1
    if entity is Entity.HEIGHT:
        told["turned_height" if turned else "upright_height"] = 1.0
    elif turned:
        told["turned_other"] = 1.0
    beside, under = edge
    if entity is Entity.HEIGHT:
        told["edge_own"], told["edge_foreign"] = beside, under
    elif entity is Entity.WIDTH:
        told["edge_own"], told["edge_foreign"] = under, beside
    else:
        told["corner"] = beside * under


def _edges(those: Sequence[Candidate]) -> list[tuple[float, float]]:
    """How far to a side, and to the top or bottom, each stands among all, in [0, 1]."""
    if not those:
        return []
    middles = [one.placed.middle for one in those]
    xs, ys = zip(*middles, strict=True)
    return [(_off(x, xs), _off(y, ys)) for x, y in middles]


def _off(value: float, among: Sequence[float]) -> float:
    low, high = min(among), max(among)
    return abs(2 * (value - low) / (high - low) - 1) if high > low else 0.0

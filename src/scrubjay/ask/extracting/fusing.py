"""A model that looks is asked what each number measures; what it says counts beside the words.

Reading tells what a number is by the words around it. A drawing has none: that a line runs upwards,
or that a kettlebell stands over a number, only shows in the picture. So a model is shown the
surroundings of each such number, the number framed, and names what it measures.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from scrubjay.ask.extracting.candidates import DIMENSION, Candidate
from scrubjay.ask.extracting.entities import Entity
from scrubjay.ask.extracting.page import Page
from scrubjay.ask.extracting.units import Dimension
from scrubjay.core.looking import Message, Role, Sampling
from scrubjay.core.protocols import VisionLanguage
from scrubjay.core.types import Picture

QUESTION: Final = "What does the framed number measure? Answer with one of: {}."
NOTHING: Final = "something else"
FRAME: Final = (255, 0, 0)

IN_HEIGHTS: Final = 10.0
"""Side of what is shown, at least, in heights of the number's letters ..."""
IN_LENGTHS: Final = 1.5
"""... and in lengths of the number."""

SHORT: Final = Sampling(max_new_tokens=8)
FUSED: Final = ("looked_own", "looked_foreign", "looked_nothing")
"""Names of the numbers that `judged` gives."""
MOST: Final = 16
"""Numbers of one picture that a model is asked about."""


_OF: Final = {
    dimension: tuple(entity for entity in Entity if DIMENSION[entity] is dimension)
    for dimension in Dimension
}
ALIKE: Final = tuple(some for some in _OF.values() if len(some) > 1)
"""Entities of one dimension, where there are several."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a model says a number measures.

    Attributes:
        entity: None: something nobody asks for.
        confidence: that it is that, in [0, 1].
    """

    entity: Entity | None
    confidence: float


def judged(judgement: Judgement | None, entity: Entity) -> list[float]:
    """A judgement as features for an entity: its log-odds, for, against, or for nothing."""
    if judgement is None:
        return [0.0] * len(FUSED)
    sure = min(max(judgement.confidence, 0.5), 0.99)
    odds = math.log(sure / (1 - sure))
    if judgement.entity is None:
        return [0.0, 0.0, odds]
    return [odds, 0.0, 0.0] if judgement.entity is entity else [0.0, odds, 0.0]


def judge(
    vlm: VisionLanguage, picture: Picture, page: Page, one: Candidate, asked: Sequence[Entity]
) -> Judgement | None:
    """Ask a model what a number measures; None where its answer is none of those offered.

    Args:
        asked: entities it may be, of which the model names one.
    """
    reply = vlm.reply([question(surroundings(picture, page, one), asked)], SHORT)
    named = named_in(reply.text, asked)
    if named is None or not reply.told:
        return None
    sure = 0.8 if reply.confidence is None else reply.confidence
    return Judgement(named[0], sure)


def judge_all(
    vlm: VisionLanguage, picture: Picture, page: Page, those: Sequence[Candidate]
) -> dict[Candidate, Judgement]:
    """Ask about the first `MOST` of some numbers; those it does not understand are left out."""
    told = {one: judge(vlm, picture, page, one, alike(one)) for one in those[:MOST]}
    return {one: judgement for one, judgement in told.items() if judgement is not None}


def worth_a_look(those: Sequence[Candidate]) -> list[Candidate]:
    """Numbers of which only a picture may tell what they measure: neither unit nor words do."""
    alone = [one for one in those if one.measure.high is None and one.wordless]
    return [one for one in alone if len(alike(one)) > 1]


def alike(one: Candidate) -> tuple[Entity, ...]:
    """The entities that a number may measure, as its unit tells."""
    return _OF[one.measure.unit.dimension]


def question(shown: Picture, asked: Sequence[Entity]) -> Message:
    """What a model is asked about one number."""
    offered = ", ".join([*(one.words for one in asked), NOTHING])
    return Message(Role.USER, (shown, QUESTION.format(offered)))


def named_in(text: str, asked: Sequence[Entity]) -> tuple[Entity | None] | None:
    """The entity an answer names, in a tuple; (None,) for something else; None: none is named."""
    words = re.sub(r"[^a-z ]", " ", text.casefold())
    if NOTHING in " ".join(words.split()):
        return (None,)
    named = [one for one in asked if re.search(rf"\b{one.words}\b", words)]
    return (named[0],) if len(named) == 1 else None


def surroundings(picture: Picture, page: Page, one: Candidate) -> Picture:
    """A square around a number, upright as the page, the number framed in red.

    Returns:
        (side, side, 3); what lies beyond the picture has the colour of its edge.
    """
    height, width = picture.shape[:2]
    corners = np.array(one.corners) * (width, height)
    middle = corners.mean(axis=0)
    length = float(np.linalg.norm(corners[1] - corners[0]))
    side = max(IN_LENGTHS * length, IN_HEIGHTS * one.placed.height, 16.0)
    half = math.ceil(round(side / 2, 3))
    left, top = round(float(middle[0])) - half, round(float(middle[1])) - half
    ground = np.median(picture[0], axis=0).astype(np.uint8)
    made = np.broadcast_to(ground, (2 * half, 2 * half, 3)).copy()
    rows = slice(max(top, 0), min(top + 2 * half, height))
    columns = slice(max(left, 0), min(left + 2 * half, width))
    made[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = picture[
        rows, columns
    ]
    low = np.floor(corners.min(axis=0) - (left + 2, top + 2)).astype(int).clip(0, 2 * half - 1)
    high = np.ceil(corners.max(axis=0) - (left - 2, top - 2)).astype(int).clip(0, 2 * half - 1)
    thick = max(1, half // 48)
    made[low[1] : low[1] + thick, low[0] : high[0]] = FRAME
    made[high[1] - thick : high[1], low[0] : high[0]] = FRAME
    made[low[1] : high[1], low[0] : low[0] + thick] = FRAME
    made[low[1] : high[1], high[0] - thick : high[0]] = FRAME
    return np.ascontiguousarray(np.rot90(made, page.quarters))

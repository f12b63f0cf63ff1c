"""What the eye told about one picture, as objects: what each is, where, and how surely."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scrubjay.models.builtin_vqa.layout import Layout
from scrubjay.models.builtin_vqa.lexicon import Lexicon, Noun

FAINTEST = 0.15
"""Chance of a middle in a cell from which it is looked at at all."""
SAME = 0.6
"""Two middles nearer than this, in cells, are one object seen from two cells."""


@dataclass(frozen=True, slots=True)
class Object:
    """Something seen in a picture.

    Attributes:
        noun: what it is; of a sign, its word.
        sign: whether it is a sign.
        x: its middle, as a share of the picture's width.
        y: of its height.
        width: likewise.
        height: likewise.
        there: chance that anything is there.
        confidence: chance that it is there and is that.
    """

    noun: Noun
    sign: bool
    x: float
    y: float
    width: float
    height: float
    there: float
    confidence: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) within the picture."""
        left, right = self.x - self.width / 2, self.x + self.width / 2
        top, bottom = self.y - self.height / 2, self.y + self.height / 2
        left, top, right, bottom = (min(1.0, max(0.0, at)) for at in (left, top, right, bottom))
        return left, top, right, bottom


def objects(
    told: NDArray[np.float32], layout: Layout, lexicon: Lexicon, *, across: int, least: float
) -> tuple[Object, ...]:
    """Objects of one picture, the surest first.

    Args:
        told: (cells, layout.width) what the eye told.
        layout: what is where in it.
        lexicon: names.
        across: cells in a row.
        least: chance of a middle in a cell from which an object is believed.
    """
    cells = np.flatnonzero(told[:, layout.object][:, 0] >= FAINTEST)
    found = sorted(
        (_object(int(cell), told[cell], layout, lexicon, across) for cell in cells),
        key=lambda one: -one.confidence,
    )
    kept: list[Object] = []
    for one in found:
        for at, other in enumerate(kept):
            if math.hypot(one.x - other.x, one.y - other.y) * across <= SAME:
                # Its middle is near a border: the chances of both cells are of one object.
                same = one.confidence if one.noun == other.noun else 0.0
                both = min(1.0, other.there + one.there)
                sure = min(both, other.confidence + same)
                kept[at] = replace(other, there=both, confidence=sure)
                break
        else:
            kept.append(one)
    believed = [one for one in kept if one.there >= least]
    return tuple(sorted(believed, key=lambda one: -one.confidence))


def all_sure(seen: Sequence[Object]) -> float:
    """Chance that everything seen is there and is what it seems."""
    return math.prod(one.confidence for one in seen)


def _object(
    cell: int, told: NDArray[np.float32], layout: Layout, lexicon: Lexicon, across: int
) -> Object:
    kinds, colours = told[layout.kinds], told[layout.colours]
    kind = int(kinds.argmax())
    confidence = float(told[layout.object][0] * kinds[kind])
    things, shapes = len(lexicon.things), len(lexicon.shapes)
    if kind < things:
        noun, sign = lexicon.things[kind], False
    elif kind < things + shapes:
        shape, colour = lexicon.shapes[kind - things], int(colours.argmax())
        confidence *= float(colours[colour])
        noun, sign = coloured(lexicon.colours[colour], shape), False
    else:
        word = lexicon.signs[kind - things - shapes]
        noun, sign = Noun(word, word, "a"), True
    right, down, wide, high = (float(one) for one in told[layout.box])
    row, column = divmod(cell, across)
    return Object(
        noun=noun,
        sign=sign,
        x=(column + 0.5 + right) / across,
        y=(row + 0.5 + down) / across,
        width=math.exp(min(3.0, wide)) / across,
        height=math.exp(min(3.0, high)) / across,
        there=float(told[layout.object][0]),
        confidence=confidence,
    )


def coloured(colour: str, shape: Noun) -> Noun:
    """A shape's name with its colour."""
    article = "an" if colour[0] in "aeiou" else "a"
    return Noun(f"{colour} {shape.one}", f"{colour} {shape.many}", article)

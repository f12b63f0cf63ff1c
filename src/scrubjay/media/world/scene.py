"""What is in a picture, and which scenes are kept from learning.

A concept is a number: first the things, then every shape in every colour, then the words on signs.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from scrubjay.media.world.lexicon import (
    ABOVE,
    BELOW,
    LARGEST_COUNT,
    LEFT,
    OPPOSITE,
    RIGHT,
    SIGN_WORDS,
)
from scrubjay.media.world.shapes import COLOURS, SHAPES
from scrubjay.media.world.things import familiar, things

HELD_OUT_PAIRS = 10
"""One pair of concepts in so many never shares a picture that is learned from."""


class Template(StrEnum):
    """The plan of a scene."""

    ONE = "one"
    COUNT = "count"
    PLACE = "place"
    SOME = "some"
    SIGN = "sign"
    COUNT_AND = "count_and"


TAUGHT = {
    Template.ONE: 0.14,
    Template.COUNT: 0.2,
    Template.PLACE: 0.32,
    Template.SOME: 0.2,
    Template.SIGN: 0.14,
}
"""Templates learned from, with their shares; COUNT_AND is kept for testing."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A plan of a picture.

    Attributes:
        template: which.
        concepts: what is drawn besides a sign: each once, but for the first, drawn `count` times.
        count: how often the first is drawn.
        place: where the first is, seen from the second, in scenes of template PLACE.
        word: of the sign, a place in SIGN_WORDS.
    """

    template: Template
    concepts: tuple[int, ...]
    count: int = 1
    place: str | None = None
    word: int | None = None

    @property
    def drawn(self) -> tuple[int, ...]:
        """Every object in it but the sign."""
        return self.concepts[:1] * self.count + self.concepts[1:]

    @property
    def everything(self) -> tuple[int, ...]:
        """Each concept in it once, the sign's word too."""
        return self.concepts + (() if self.word is None else (word_concept(self.word),))


def shape_concept(shape: int, colour: int) -> int:
    """The concept of a shape in a colour."""
    return len(things()) + shape * len(COLOURS) + colour


def word_concept(word: int) -> int:
    """The concept of a word on a sign."""
    return len(things()) + len(SHAPES) * len(COLOURS) + word


def concept_count() -> int:
    """How many concepts there are."""
    return word_concept(len(SIGN_WORDS))


def shape_of(concept: int) -> tuple[int, int] | None:
    """Shape and colour of a concept; None when it is a thing or a word."""
    at = concept - len(things())
    return divmod(at, len(COLOURS)) if 0 <= at < len(SHAPES) * len(COLOURS) else None


def held_out_pair(a: int, b: int) -> bool:
    """Whether two concepts never share a picture that is learned from."""
    low, high = sorted((a, b))
    return zlib.crc32(f"{low} {high}".encode()) % HELD_OUT_PAIRS == 0


def has_held_out_pair(concepts: Sequence[int]) -> bool:
    """Whether any two of them never share a picture that is learned from."""
    return any(held_out_pair(a, b) for at, a in enumerate(concepts) for b in concepts[:at])


@dataclass(frozen=True, slots=True)
class Sampler:
    """Draws scenes at random.

    Attributes:
        shown: things that may be drawn.
        shapes: share of objects that are coloured shapes.
        company: chance that an object beside a coloured shape is made one too.
        held_out_pairs: whether scenes of two concepts and more hold a held-out pair, or never do.
    """

    shown: tuple[int, ...] = ()
    shapes: float = 0.25
    company: float = 0.0
    held_out_pairs: bool = False

    def scene(self, random: np.random.Generator, template: Template | None = None) -> Scene:
        """One scene.

        Args:
            random: where chance comes from.
            template: its plan; None draws among those learned from.
        """
        if template is None:
            names = list(TAUGHT)
            template = names[int(random.choice(len(names), p=list(TAUGHT.values())))]
        while True:
            scene = self._any(random, template)
            together = scene.everything
            if len(set(together)) == len(together) and (
                len(together) < 2 or has_held_out_pair(together) == self.held_out_pairs
            ):
                return scene

    def concept(self, random: np.random.Generator) -> int:
        """A thing, or a shape in a colour."""
        if random.random() < self.shapes:
            return _any_shape(random)
        shown = self.shown or familiar()
        return shown[int(random.integers(len(shown)))]

    def concepts(self, random: np.random.Generator, count: int) -> list[int]:
        """So many different concepts that may share a picture."""
        chosen: list[int] = []
        while len(chosen) < count:
            one = self.concept(random)
            if one not in chosen and not has_held_out_pair([*chosen, one]):
                chosen.append(one)
        return chosen

    def _beside(self, first: int, random: np.random.Generator) -> int:
        if self.company and shape_of(first) and random.random() < self.company:
            return _any_shape(random)
        return self.concept(random)

    def _any(self, random: np.random.Generator, template: Template) -> Scene:
        first = self.concept(random)
        match template:
            case Template.ONE:
                return Scene(template, (first,))
            case Template.COUNT:
                return Scene(template, (first,), count=int(random.integers(2, LARGEST_COUNT + 1)))
            case Template.PLACE:
                place = (LEFT, RIGHT, ABOVE, BELOW)[int(random.integers(4))]
                return Scene(template, (first, self._beside(first, random)), place=place)
            case Template.SOME:
                more = [self._beside(first, random) for _ in range(int(random.integers(1, 4)))]
                return Scene(template, (first, *more))
            case Template.SIGN:
                word = int(random.integers(len(SIGN_WORDS)))
                return Scene(template, (first,) if random.random() < 0.7 else (), word=word)
            case Template.COUNT_AND:
                count = int(random.integers(2, LARGEST_COUNT))
                return Scene(template, (first, self.concept(random)), count=count)


def _any_shape(random: np.random.Generator) -> int:
    return shape_concept(int(random.integers(len(SHAPES))), int(random.integers(len(COLOURS))))


def meaning(scene: Scene) -> int:
    """A number that is equal for scenes no caption could tell apart."""
    concepts, place = scene.concepts, scene.place
    if place in {RIGHT, BELOW}:
        concepts, place = concepts[::-1], OPPOSITE[place]
    elif place is None and scene.count == 1:
        concepts = tuple(sorted(concepts))
    return zlib.crc32(repr((concepts, scene.count, place, scene.word)).encode())


def twin(scene: Scene, random: np.random.Generator, *, exchanged: float = 0.0) -> Scene:
    """A scene that differs in one thing: order, place, number, colour, word or one object.

    A caption can tell it from the first. It holds a held-out pair only when the first does.

    Args:
        scene: the first.
        random: where chance comes from.
        exchanged: how often two coloured shapes exchange their colours, beyond what chance gives.
    """
    held_out = has_held_out_pair(scene.everything)
    exchange = exchanged > 0 and _two_shapes(scene) and random.random() < exchanged
    while True:
        change = _recoloured if exchange else _CHANGES[int(random.integers(len(_CHANGES)))]
        found, exchange = change(scene, random), False
        if (
            found is not None
            and meaning(found) != meaning(scene)
            and len(set(found.everything)) == len(found.everything)
            and (held_out or not has_held_out_pair(found.everything))
        ):
            return found


def exchange_colours(scene: Scene, other: Scene) -> bool:
    """Whether two scenes differ in whose colour is whose, and in nothing else."""
    if (scene.place, scene.count, scene.word) != (other.place, other.count, other.word):
        return False
    mine, theirs = set(scene.concepts), set(other.concepts)
    here = [shape_of(one) for one in mine - theirs]
    there = [shape_of(one) for one in theirs - mine]
    if not here or None in here or None in there:
        return False
    return all(
        sorted(one[side] for one in here if one) == sorted(one[side] for one in there if one)
        for side in (0, 1)
    )


def _two_shapes(scene: Scene) -> bool:
    return sum(shape_of(concept) is not None for concept in scene.concepts) >= 2


def _moved(scene: Scene, random: np.random.Generator) -> Scene | None:
    if scene.place is None:
        return None
    if random.random() < 0.7:
        return replace(scene, place=OPPOSITE[scene.place])
    return replace(scene, place=(LEFT, RIGHT, ABOVE, BELOW)[int(random.integers(4))])


def _recounted(scene: Scene, random: np.random.Generator) -> Scene | None:
    if scene.count == 1:
        return None
    return replace(scene, count=int(random.integers(2, LARGEST_COUNT + 1)))


def _recoloured(scene: Scene, random: np.random.Generator) -> Scene | None:
    """Two shapes exchange their colours; one alone takes another."""
    shapes = [at for at, concept in enumerate(scene.concepts) if shape_of(concept)]
    if not shapes:
        return None
    concepts = list(scene.concepts)
    if len(shapes) == 1:
        shape, _ = shape_of(concepts[shapes[0]]) or (0, 0)
        concepts[shapes[0]] = shape_concept(shape, int(random.integers(len(COLOURS))))
    else:
        a, b = shapes[:2]
        (shape_a, colour_a), (shape_b, colour_b) = (
            shape_of(concepts[a]) or (0, 0),
            shape_of(concepts[b]) or (0, 0),
        )
        concepts[a], concepts[b] = (
            shape_concept(shape_a, colour_b),
            shape_concept(shape_b, colour_a),
        )
    return replace(scene, concepts=tuple(concepts))


def _reworded(scene: Scene, random: np.random.Generator) -> Scene | None:
    if scene.word is None:
        return None
    return replace(scene, word=int(random.integers(len(SIGN_WORDS))))


def _replaced(scene: Scene, random: np.random.Generator) -> Scene | None:
    if not scene.concepts:
        return None
    at = int(random.integers(len(scene.concepts)))
    other = Sampler().concept(random)
    return replace(scene, concepts=(*scene.concepts[:at], other, *scene.concepts[at + 1 :]))


_CHANGES = (_moved, _recounted, _recoloured, _reworded, _replaced)

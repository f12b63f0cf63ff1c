"""Questions about a drawn scene, with the answers its plan gives.

A question that has no answer (of what is not there, of what no picture of this world can tell) is
one too: its answer is None. Some ways to ask are kept for testing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from scrubjay.media.world.captions import name_of
from scrubjay.media.world.draw import Box, Drawn
from scrubjay.media.world.lexicon import (
    ABOVE,
    BELOW,
    LEFT,
    PLACES,
    RIGHT,
    SIGN_WORDS,
    coloured_shape,
)
from scrubjay.media.world.phrasings import FILLERS, PHRASINGS, Phrasing
from scrubjay.media.world.places import PLACED, along, is_beside, region_of
from scrubjay.media.world.scene import Sampler, Scene, shape_of, word_concept
from scrubjay.media.world.shapes import COLOURS, SHAPES
from scrubjay.media.world.things import Language, Name
from scrubjay.media.world.unanswerable import NOTHING_CAN_TELL, UNKNOWN_NOUNS

TRIES = 8
"""Draws before a scene is taken to give no question of a kind."""


class Kind(StrEnum):
    """What a question asks for."""

    COUNT = "count"
    PRESENCE = "presence"
    COLOUR = "colour"
    SHAPE = "shape"
    WHERE = "where"
    BESIDE = "beside"
    RELATION = "relation"
    SIGN = "sign"
    EVERYTHING = "everything"
    OUTSIDE = "outside"


class Answer(NamedTuple):
    """An answer of a closed vocabulary.

    Attributes:
        sort: concept, word, shape, colour, number, region, verdict or everything.
        name: in English; the concept of a coloured shape is "red circle".
    """

    sort: str
    name: str


YES, NO = Answer("verdict", "yes"), Answer("verdict", "no")
EVERYTHING = Answer("everything", "everything")


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what is right.

    Attributes:
        kind: what it asks for.
        text: English.
        answer: None when nobody could tell, or the question takes for granted what is not so.
    """

    kind: Kind
    text: str
    answer: Answer | None


class _Named(NamedTuple):
    """A way to speak of some objects: what they are called, and which they are."""

    name: Name
    boxes: tuple[Box, ...]


class _Asker:
    """Makes questions about one scene."""

    def __init__(
        self, scene: Scene, drawn: Drawn, random: np.random.Generator, *, held_out: bool
    ) -> None:
        self.scene, self.random, self.held_out = scene, random, held_out
        sign = None if scene.word is None else word_concept(scene.word)
        self.objects = tuple(box for box in drawn.boxes if box.concept != sign)

    def chance(self, share: float) -> bool:
        return bool(self.random.random() < share)

    def one_of(self, some: Sequence[str]) -> str:
        return some[int(self.random.integers(len(some)))]

    def phrase(self, ways: Phrasing, **blanks: str) -> str:
        """One of the ways to ask, its blanks filled; an opening or an end may be added."""
        text = self.one_of(ways.held_out if self.held_out else ways.taught).format(**blanks)
        if not self.held_out and self.chance(0.15):
            text = self.one_of(FILLERS).format(text.rstrip("?"))
        return text

    def unknown(self) -> _Named:
        """Something the world does not have."""
        nouns = UNKNOWN_NOUNS.held_out if self.held_out else UNKNOWN_NOUNS.taught
        noun = self.one_of(nouns)
        article = "an" if noun[0] in "aeiou" else "a"
        return _Named(Name(article, noun, f"{noun}s"), ())

    def somebody(self, *, absent: float = 0.12) -> _Named:
        """Objects of the scene by a name; sometimes what is not there, or not in the world."""
        if self.chance(0.05):
            return self.unknown()
        if not self.objects or self.chance(absent):
            return self.absent()
        concepts = self.scene.concepts
        return self.called(concepts[int(self.random.integers(len(concepts)))])

    def called(self, concept: int) -> _Named:
        """All that one of a concept's names fits: a red circle may be called a circle."""
        shape = shape_of(concept)
        if shape is None or self.chance(0.55):
            return _Named(
                name_of(concept, Language.ENGLISH),
                tuple(box for box in self.objects if box.concept == concept),
            )
        if self.chance(0.8):
            noun = SHAPES[shape[0]]
            fits = tuple(box for box in self.objects if _has(box, shape=shape[0]))
            return _Named(_shape_name(noun), fits)
        colour = list(COLOURS)[shape[1]]
        fits = tuple(box for box in self.objects if _has(box, colour=shape[1]))
        return _Named(coloured_shape("shape", colour, Language.ENGLISH), fits)

    def absent(self) -> _Named:
        """A name that fits nothing here; often nearly."""
        while True:
            concept = Sampler().concept(self.random)
            near = [shape_of(one) for one in self.scene.concepts]
            shapes = [one for one in near if one is not None]
            if shapes and self.chance(0.6):
                shape, colour = shapes[0]
                if self.chance(0.5):
                    shape = int(self.random.integers(len(SHAPES)))
                else:
                    colour = int(self.random.integers(len(COLOURS)))
                noun = coloured_shape(SHAPES[shape], list(COLOURS)[colour], Language.ENGLISH)
                fits = tuple(b for b in self.objects if _has(b, shape=shape, colour=colour))
                found = _Named(noun, fits)
            else:
                found = self.called(concept)
            if not found.boxes:
                return found

    def count(self) -> Question | None:
        if self.scene.word is None and self.chance(0.2):
            many, number = self.one_of(("objects", "things", "items")), len(self.objects)
        else:
            some = self.somebody()
            many, number = some.name.plural, len(some.boxes)
            if some.name.noun in _UNKNOWN:
                return Question(Kind.COUNT, self.phrase(PHRASINGS["count"], many=many), None)
        answer = Answer("number", str(number))
        return Question(Kind.COUNT, self.phrase(PHRASINGS["count"], many=many), answer)

    def presence(self) -> Question | None:
        if self.chance(0.2):
            return self._sign_presence()
        some = self.somebody(absent=0.5)
        text = self.phrase(PHRASINGS["presence"], a=some.name.one, many=some.name.plural)
        if some.name.noun in _UNKNOWN:
            return Question(Kind.PRESENCE, text, None)
        return Question(Kind.PRESENCE, text, YES if some.boxes else NO)

    def _sign_presence(self) -> Question:
        if self.chance(0.5):
            text = self.phrase(PHRASINGS["presence"], a="a sign", many="signs")
            return Question(Kind.PRESENCE, text, NO if self.scene.word is None else YES)
        there = None if self.scene.word is None else SIGN_WORDS[self.scene.word]
        word = there if there is not None and self.chance(0.5) else self.one_of(SIGN_WORDS)
        text = self.phrase(PHRASINGS["says"], word=word)
        return Question(Kind.PRESENCE, text, YES if word == there else NO)

    def colour(self) -> Question | None:
        some = self.somebody()
        shapes = [shape_of(box.concept) for box in some.boxes]
        colours = {one[1] for one in shapes if one is not None}
        if len(colours) > 1 or any(colour in some.name.noun.split() for colour in COLOURS):
            return None
        many = len(some.boxes) > 1
        ways = PHRASINGS["colours" if many else "colour"]
        text = self.phrase(ways, one=some.name.noun, many=some.name.plural)
        known = bool(colours) and None not in shapes
        answer = Answer("colour", list(COLOURS)[colours.pop()]) if known else None
        return Question(Kind.COLOUR, text, answer)

    def shape(self) -> Question | None:
        shapes = [shape_of(box.concept) for box in self.objects]
        if not shapes or None in shapes:
            return None
        different = {one for one in shapes if one is not None}
        colour = int(self.random.integers(len(COLOURS)))
        if self.chance(0.9):
            colour = sorted(different)[int(self.random.integers(len(different)))][1]
        fits = {one[0] for one in different if one[1] == colour}
        if len(fits) > 1:
            return None
        text = self.phrase(PHRASINGS["shape"], colour=list(COLOURS)[colour])
        answer = Answer("shape", SHAPES[fits.pop()]) if fits else None
        return Question(Kind.SHAPE, text, answer)

    def where(self) -> Question | None:
        some = self.somebody()
        if len(some.boxes) > 1:
            return None
        text = self.phrase(PHRASINGS["where"], one=some.name.noun, a=some.name.one)
        if not some.boxes:
            return Question(Kind.WHERE, text, None)
        region = region_of(some.boxes[0])
        return None if region is None else Question(Kind.WHERE, text, Answer("region", region))

    def beside(self) -> Question | None:
        some = self.somebody()
        if len(some.boxes) > 1 or self.scene.word is not None:
            return None
        place = self.one_of((LEFT, RIGHT, ABOVE, BELOW))
        if self.chance(0.5) and some.boxes and len(self.objects) > 1:
            others = [box for box in self.objects if box != some.boxes[0]]
            other = others[int(self.random.integers(len(others)))]
            place = next(one for one in PLACED if along(other, some.boxes[0], one) > 0)
        text = self.phrase(PHRASINGS["beside"], rel=self.relation_words(place), one=some.name.noun)
        if not some.boxes:
            return Question(Kind.BESIDE, text, None)
        them = [one for one in self.objects if one != some.boxes[0]]
        verdicts = [is_beside(one, some.boxes[0], place) for one in them]
        found = [one for one, there in zip(them, verdicts, strict=True) if there]
        if None in verdicts or len(found) > 1:
            return None
        answer = concept_answer(found[0].concept) if found else None
        return Question(Kind.BESIDE, text, answer)

    def relation(self) -> Question | None:
        if len(self.scene.concepts) < 2 and self.chance(0.7):
            return None
        one, other = self.somebody(absent=0.08), self.somebody(absent=0.08)
        if len(one.boxes) > 1 or len(other.boxes) > 1 or one.boxes == other.boxes != ():
            return None
        place = self.one_of(tuple(PLACED))
        if one.boxes and other.boxes and self.chance(0.5):
            true = [at for at in PLACED if is_beside(one.boxes[0], other.boxes[0], at)]
            place = true[0] if true else place
        text = self.phrase(
            PHRASINGS["relation"],
            one=one.name.noun,
            rel=self.relation_words(place),
            other=other.name.noun,
        )
        if not one.boxes or not other.boxes:
            return Question(Kind.RELATION, text, None)
        there = is_beside(one.boxes[0], other.boxes[0], place)
        return None if there is None else Question(Kind.RELATION, text, YES if there else NO)

    def relation_words(self, place: str) -> str:
        return self.one_of(PLACES[Language.ENGLISH][place])

    def sign(self) -> Question | None:
        if self.scene.word is None and self.chance(0.8):
            return None
        word = None if self.scene.word is None else Answer("word", SIGN_WORDS[self.scene.word])
        return Question(Kind.SIGN, self.phrase(PHRASINGS["sign"]), word)

    def everything(self) -> Question | None:
        return Question(Kind.EVERYTHING, self.phrase(PHRASINGS["everything"]), EVERYTHING)

    def outside(self) -> Question | None:
        some, other = self.somebody(), self.somebody()
        text = self.phrase(
            NOTHING_CAN_TELL,
            one=some.name.noun,
            many=some.name.plural,
            a=some.name.one,
            other=other.name.noun,
            odd=self.unknown().name.noun,
        )
        return Question(Kind.OUTSIDE, text, None)


_UNKNOWN = frozenset(UNKNOWN_NOUNS.taught + UNKNOWN_NOUNS.held_out)
_MAKERS: Mapping[Kind, Callable[[_Asker], Question | None]] = {
    Kind.COUNT: _Asker.count,
    Kind.PRESENCE: _Asker.presence,
    Kind.COLOUR: _Asker.colour,
    Kind.SHAPE: _Asker.shape,
    Kind.WHERE: _Asker.where,
    Kind.BESIDE: _Asker.beside,
    Kind.RELATION: _Asker.relation,
    Kind.SIGN: _Asker.sign,
    Kind.EVERYTHING: _Asker.everything,
    Kind.OUTSIDE: _Asker.outside,
}


def question(
    kind: Kind,
    scene: Scene,
    drawn: Drawn,
    random: np.random.Generator,
    *,
    held_out: bool = False,
) -> Question | None:
    """A question of a kind about a drawn scene; None when the scene gives none.

    Args:
        kind: what is asked for.
        scene: the plan.
        drawn: what `draw` made of it.
        random: where chance comes from.
        held_out: ask in ways, and of unknown things, that are kept for testing.
    """
    asker = _Asker(scene, drawn, random, held_out=held_out)
    for _ in range(TRIES):
        asked = _MAKERS[kind](asker)
        if asked is not None:
            return asked
    return None


def concept_answer(concept: int) -> Answer:
    """The answer that names an object."""
    return Answer("concept", name_of(concept, Language.ENGLISH).noun)


def _has(box: Box, *, shape: int | None = None, colour: int | None = None) -> bool:
    found = shape_of(box.concept)
    return found is not None and shape in {None, found[0]} and colour in {None, found[1]}


def _shape_name(noun: str) -> Name:
    return Name("a", noun, f"{noun}es" if noun.endswith("s") else f"{noun}s")

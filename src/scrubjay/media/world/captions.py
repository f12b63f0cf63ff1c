"""Sentences about scenes, in four languages, with every word's meaning beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scrubjay.media.world.lexicon import (
    AND,
    DATIVE,
    NUMBERS,
    OPPOSITE,
    PLACES,
    SIGN,
    SIGN_WORDS,
    coloured_shape,
)
from scrubjay.media.world.scene import Scene, Template, shape_of
from scrubjay.media.world.shapes import COLOURS, SHAPES
from scrubjay.media.world.things import Language, Name, things

MEANINGS_OF_FUNCTION = ("left", "right", "above", "below", "2", "3", "4", "5", "sign", "and")
INTRODUCTIONS = {
    Language.ENGLISH: ("a picture of ", "there is ", "show me ", "find "),
    Language.SPANISH: ("una foto de ", "hay "),
    Language.FRENCH: ("il y a ",),
    Language.GERMAN: ("hier ist ",),
}
GERMAN_WEAK = frozenset({"Löwe", "Hase", "Bär", "Affe", "Elefant", "Krake", "Teddybär"})
"""Nouns that take their plural's ending in every case but the nominative."""
MANY = {Language.ENGLISH: "there are ", Language.GERMAN: "hier sind "}


class Meaning(NamedTuple):
    """What a stretch of a sentence stands for.

    Attributes:
        start: first character.
        end: one past the last.
        atom: see `atom_count`.
    """

    start: int
    end: int
    atom: int


@dataclass(frozen=True, slots=True)
class Caption:
    """A sentence and what its words stand for."""

    text: str
    language: Language
    meanings: tuple[Meaning, ...]


def thing_atom(thing: int) -> int:
    """A thing as a meaning. Atoms are things, then shapes, colours, sign words, functions."""
    return thing


def shape_atom(shape: int) -> int:
    """A shape as a meaning."""
    return len(things()) + shape


def colour_atom(colour: int) -> int:
    """A colour as a meaning."""
    return shape_atom(len(SHAPES)) + colour


def word_atom(word: int) -> int:
    """A word on a sign as a meaning."""
    return colour_atom(len(COLOURS)) + word


def function_atom(name: str) -> int:
    """A place, number, sign or `and` as a meaning."""
    return word_atom(len(SIGN_WORDS)) + MEANINGS_OF_FUNCTION.index(name)


def atom_count() -> int:
    """How many meanings a word can have."""
    return word_atom(len(SIGN_WORDS)) + len(MEANINGS_OF_FUNCTION)


class _Sentence:
    """Text that grows, with meanings."""

    def __init__(self) -> None:
        self.text = ""
        self.meanings: list[Meaning] = []

    def add(self, text: str, atom: int | None = None) -> None:
        start = len(self.text)
        self.text += text
        if atom is not None:
            self.meanings.append(Meaning(start, len(self.text), atom))


def plainest(scene: Scene, language: Language = Language.ENGLISH) -> Caption:
    """The sentence with nothing left to chance: what test scenes are asked for by."""
    return _write(scene, language, None)


def caption(scene: Scene, language: Language, random: np.random.Generator) -> Caption:
    """A sentence about a scene, one of several ways to say it."""
    return _write(scene, language, random)


def _write(scene: Scene, language: Language, random: np.random.Generator | None) -> Caption:
    sentence = _Sentence()
    _introduce(sentence, scene, language, random)
    match scene.template:
        case Template.ONE:
            bare = random is not None and not sentence.text and random.random() < 0.3
            _object(sentence, scene.concepts[0], language, article=not bare)
        case Template.COUNT:
            _counted(sentence, scene, language)
        case Template.PLACE:
            _placed(sentence, scene, language, random)
        case Template.SOME:
            _listed(sentence, _shuffled(scene.concepts, random), language)
        case Template.SIGN:
            _sign(sentence, scene, language, random)
        case Template.COUNT_AND:
            _counted(sentence, scene, language)
            _and(sentence, language)
            _object(sentence, scene.concepts[1], language)
    return Caption(sentence.text, language, tuple(sentence.meanings))


def _introduce(
    sentence: _Sentence, scene: Scene, language: Language, random: np.random.Generator | None
) -> None:
    if random is None or random.random() >= 0.25:
        return
    if scene.count > 1:
        sentence.add(MANY.get(language, ""))
    else:
        ways = INTRODUCTIONS[language]
        sentence.add(ways[int(random.integers(len(ways)))])


def name_of(concept: int, language: Language) -> Name:
    """What a concept is called; a word on a sign is no object and has no name."""
    shape = shape_of(concept)
    if shape is None:
        return things()[concept].names[language]
    return coloured_shape(SHAPES[shape[0]], list(COLOURS)[shape[1]], language)


def _object(
    sentence: _Sentence,
    concept: int,
    language: Language,
    *,
    article: bool = True,
    dative: bool = False,
) -> None:
    name = name_of(concept, language)
    if article:
        word = DATIVE[name.article] if dative else name.article
        sentence.add(f"{word} ")
    _noun(sentence, concept, _dative(name) if dative else name.noun, language)


def _dative(name: Name) -> str:
    """A German noun after "einem" or "einer"; adjectives end in -en."""
    word, space, rest = name.noun.partition(" ")
    if not space:
        return name.plural if word in GERMAN_WEAK else word
    noun = "Herzen" if rest == "Herz" else rest
    if word in {"orange", "lila", "rosa"}:
        return f"{word} {noun}"
    stem = word[:-2] if word.endswith(("er", "es")) else word[:-1]
    return f"{stem}en {noun}"


def _noun(sentence: _Sentence, concept: int, noun: str, language: Language) -> None:
    shape = shape_of(concept)
    if shape is None:
        sentence.add(noun, thing_atom(concept))
        return
    first, _, second = noun.partition(" ")
    atoms = (shape_atom(shape[0]), colour_atom(shape[1]))
    adjective_first = language in {Language.ENGLISH, Language.GERMAN}
    sentence.add(first, atoms[adjective_first])
    sentence.add(" ")
    sentence.add(second, atoms[not adjective_first])


def _counted(sentence: _Sentence, scene: Scene, language: Language) -> None:
    sentence.add(NUMBERS[language][scene.count - 2], function_atom(str(scene.count)))
    sentence.add(" ")
    _noun(sentence, scene.concepts[0], name_of(scene.concepts[0], language).plural, language)


def _placed(
    sentence: _Sentence, scene: Scene, language: Language, random: np.random.Generator | None
) -> None:
    place, (first, second) = scene.place or "left", scene.concepts
    if random is not None and random.random() < 0.35:
        place, first, second = OPPOSITE[place], second, first
    ways = PLACES[language][place]
    way = ways[0 if random is None else int(random.integers(len(ways)))]
    _object(sentence, first, language)
    sentence.add(" ")
    sentence.add(way, function_atom(place))
    if not way.endswith("'"):
        sentence.add(" ")
    _object(sentence, second, language, dative=language is Language.GERMAN)


def _listed(sentence: _Sentence, concepts: Sequence[int], language: Language) -> None:
    for at, concept in enumerate(concepts):
        if at and at == len(concepts) - 1:
            _and(sentence, language)
        elif at:
            sentence.add(", ")
        _object(sentence, concept, language)


def _sign(
    sentence: _Sentence, scene: Scene, language: Language, random: np.random.Generator | None
) -> None:
    word = scene.word or 0
    first = random is not None and bool(scene.concepts) and random.random() < 0.5
    if first:
        _object(sentence, scene.concepts[0], language)
        _and(sentence, language)
    ways = SIGN[language]
    sentence.add(
        ways[0 if random is None else int(random.integers(len(ways)))], function_atom("sign")
    )
    sentence.add(" ")
    sentence.add(SIGN_WORDS[word], word_atom(word))
    if scene.concepts and not first:
        _and(sentence, language)
        _object(sentence, scene.concepts[0], language)


def _and(sentence: _Sentence, language: Language) -> None:
    sentence.add(" ")
    sentence.add(AND[language], function_atom("and"))
    sentence.add(" ")


def _shuffled(concepts: tuple[int, ...], random: np.random.Generator | None) -> Sequence[int]:
    return concepts if random is None else [int(one) for one in random.permutation(concepts)]

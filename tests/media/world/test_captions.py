"""Sentences in four languages: their grammar, and what their words stand for."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.media.world.captions import (
    MEANINGS_OF_FUNCTION,
    atom_count,
    caption,
    colour_atom,
    function_atom,
    name_of,
    plainest,
    shape_atom,
    thing_atom,
    word_atom,
)
from scrubjay.media.world.lexicon import OPPOSITE, SIGN_WORDS
from scrubjay.media.world.scene import Sampler, Scene, Template, shape_of
from scrubjay.media.world.shapes import COLOURS, SHAPES
from scrubjay.media.world.things import Language, things
from tests.media.world.worlds import concept

EN, ES, FR, DE = Language


def one(name: str) -> Scene:
    return Scene(Template.ONE, (concept(name),))


def count(n: int, name: str) -> Scene:
    return Scene(Template.COUNT, (concept(name),), count=n)


def place(a: str, where: str, b: str) -> Scene:
    return Scene(Template.PLACE, (concept(a), concept(b)), place=where)


def some(*names: str) -> Scene:
    return Scene(Template.SOME, tuple(concept(name) for name in names))


def sign(word: str, *names: str) -> Scene:
    shown = tuple(concept(name) for name in names)
    return Scene(Template.SIGN, shown, word=SIGN_WORDS.index(word))


@pytest.mark.parametrize(
    ("scene", "said"),
    [
        (
            one("elephant"),
            ("an elephant", "un elefante", "un éléphant", "ein Elefant"),
        ),
        (
            one("white star"),
            ("a white star", "una estrella blanca", "une étoile blanche", "ein weißer Stern"),
        ),
        (
            place("white star", "left", "lion"),
            (
                "a white star to the left of a lion",
                "una estrella blanca a la izquierda de un león",
                "une étoile blanche à gauche d'un lion",
                "ein weißer Stern links von einem Löwen",
            ),
        ),
        (
            place("dog", "above", "red heart"),
            (
                "a dog above a red heart",
                "un perro encima de un corazón rojo",
                "un chien au-dessus d'un cœur rouge",
                "ein Hund über einem roten Herzen",
            ),
        ),
        (
            place("dog", "below", "purple diamond"),
            (
                "a dog below a purple diamond",
                "un perro debajo de un rombo morado",
                "un chien en dessous d'un losange violet",
                "ein Hund unter einer lila Raute",
            ),
        ),
        (
            place("key", "right", "blue cross"),
            (
                "a key to the right of a blue cross",
                "una llave a la derecha de una cruz azul",
                "une clé à droite d'une croix bleue",
                "ein Schlüssel rechts von einem blauen Kreuz",
            ),
        ),
        (
            place("cow", "left", "black diamond"),
            (
                "a cow to the left of a black diamond",
                "una vaca a la izquierda de un rombo negro",
                "une vache à gauche d'un losange noir",
                "eine Kuh links von einer schwarzen Raute",
            ),
        ),
        (
            place("rabbit", "above", "cat"),
            (
                "a rabbit above a cat",
                "un conejo encima de un gato",
                "un lapin au-dessus d'un chat",
                "ein Hase über einer Katze",
            ),
        ),
        (
            count(3, "horse"),
            ("three horses", "tres caballos", "trois chevaux", "drei Pferde"),
        ),
        (
            count(5, "black cross"),
            (
                "five black crosses",
                "cinco cruces negras",
                "cinq croix noires",
                "fünf schwarze Kreuze",
            ),
        ),
        (
            count(2, "backpack"),
            ("two backpacks", "dos mochilas", "deux sacs à dos", "zwei Rucksäcke"),
        ),
        (
            some("cat", "orange square", "pencil"),
            (
                "a cat, an orange square and a pencil",
                "un gato, un cuadrado naranja y un lápiz",
                "un chat, un carré orange et un crayon",
                "eine Katze, ein orange Quadrat und ein Bleistift",
            ),
        ),
        (
            sign("open", "bell"),
            (
                "a sign that says open and a bell",
                "un cartel que dice open y una campana",
                "un panneau qui dit open et une cloche",
                "ein Schild mit dem Wort open und eine Glocke",
            ),
        ),
        (
            Scene(Template.COUNT_AND, (concept("fish"), concept("sofa")), count=4),
            (
                "four fish and a sofa",
                "cuatro peces y un sofá",
                "quatre poissons et un canapé",
                "vier Fische und ein Sofa",
            ),
        ),
    ],
    ids=lambda value: value.template if isinstance(value, Scene) else "",
)
def test_the_plainest_sentence_is_grammatical(scene: Scene, said: tuple[str, ...]) -> None:
    assert tuple(plainest(scene, language).text for language in Language) == said


@pytest.mark.parametrize(
    ("thing", "dative"),
    [
        ("bear", "Bären"),
        ("monkey", "Affen"),
        ("elephant", "Elefanten"),
        ("octopus", "Kraken"),
        ("rabbit", "Hasen"),
        ("teddy bear", "Teddybären"),
        ("tiger", "Tiger"),
        ("dog", "Hund"),
        ("penguin", "Pinguin"),
    ],
)
def test_german_nouns_take_their_dative(thing: str, dative: str) -> None:
    assert plainest(place("key", "left", thing), DE).text.endswith(f"von einem {dative}")


def test_there_are_several_ways_to_say_it() -> None:
    random = np.random.default_rng(0)
    said = Counter(caption(place("dog", "left", "cat"), EN, random).text for _ in range(2000))
    assert said["a dog to the left of a cat"] > 100
    assert said["a cat right of a dog"] > 50
    assert said["there is a dog left of a cat"] > 10
    assert len(said) >= 15
    counted = {caption(count(2, "dog"), EN, random).text for _ in range(200)}
    assert counted == {"two dogs", "there are two dogs"}
    alone = {caption(one("dog"), EN, random).text for _ in range(300)}
    assert {"dog", "a dog", "find a dog", "a picture of a dog"} <= alone
    assert "find dog" not in alone


def expected(scene: Scene, language: Language) -> Counter[tuple[int, str]]:
    """Meaning and its words, from the scene alone; places are looked at apart."""
    found: Counter[tuple[int, str]] = Counter()
    for at, number in enumerate(scene.concepts):
        name = name_of(number, language)
        noun = name.plural if at == 0 and scene.count > 1 else name.noun
        shape = shape_of(number)
        if shape is None:
            found[thing_atom(number), noun] += 1
            continue
        first, second = noun.split(" ", 1)
        if language in {ES, FR}:
            first, second = second, first
        found[colour_atom(shape[1]), first] += 1
        found[shape_atom(shape[0]), second] += 1
    if scene.word is not None:
        found[word_atom(scene.word), SIGN_WORDS[scene.word]] += 1
    return found


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(Template), st.sampled_from(Language))
def test_meanings_point_at_their_words(seed: int, template: Template, language: Language) -> None:
    random = np.random.default_rng(seed)
    scene = Sampler().scene(random, template)
    said = caption(scene, language, random)
    spans = [(one.start, one.end) for one in said.meanings]
    assert spans == sorted(spans)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    words = Counter((one.atom, said.text[one.start : one.end]) for one in said.meanings)
    first_function = function_atom(MEANINGS_OF_FUNCTION[0])
    contents = Counter({key: n for key, n in words.items() if key[0] < first_function})
    if not (template is Template.PLACE and language is DE):  # the dative is written out above
        assert contents == expected(scene, language)
    assert Counter(atom for atom, _ in contents.elements()) == Counter(
        atom for atom, _ in expected(scene, language).elements()
    )
    functions = {atom: text for atom, text in words if atom >= first_function}
    if scene.count > 1:
        assert function_atom(str(scene.count)) in functions
    if template is Template.SIGN:
        assert function_atom("sign") in functions
    if template is Template.PLACE:
        (atom,) = functions
        at = [one.atom for one in said.meanings].index(atom)
        before = {one.atom for one in said.meanings[:at]}
        as_planned = before == {
            atom for atom, _ in expected(Scene(Template.ONE, scene.concepts[:1]), language)
        }
        assert scene.place is not None
        assert atom == function_atom(scene.place if as_planned else OPPOSITE[scene.place])


def test_atoms_do_not_overlap() -> None:
    atoms = (
        [thing_atom(at) for at in range(len(things()))]
        + [shape_atom(at) for at in range(len(SHAPES))]
        + [colour_atom(at) for at in range(len(COLOURS))]
        + [word_atom(at) for at in range(len(SIGN_WORDS))]
        + [function_atom(name) for name in MEANINGS_OF_FUNCTION]
    )
    assert atoms == list(range(atom_count()))

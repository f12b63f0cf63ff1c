"""Colours, shapes, numbers and places in four languages."""

from __future__ import annotations

import pytest

from scrubjay.media.world.lexicon import (
    AND,
    LARGEST_COUNT,
    NUMBERS,
    OPPOSITE,
    PLACES,
    SIGN,
    SIGN_WORDS,
    coloured_shape,
)
from scrubjay.media.world.shapes import COLOURS, SHAPES
from scrubjay.media.world.things import Language, things


def test_about_sixty_words_are_on_signs_each_once() -> None:
    assert len(SIGN_WORDS) == len(set(SIGN_WORDS)) == 60


@pytest.mark.parametrize("language", Language)
def test_every_language_says_everything(language: Language) -> None:
    assert len(set(NUMBERS[language])) == LARGEST_COUNT - 1
    assert set(PLACES[language]) == set(OPPOSITE)
    ways = [way for some in PLACES[language].values() for way in some]
    assert len(set(ways)) == len(ways)
    assert AND[language]
    assert SIGN[language]


@pytest.mark.parametrize("language", Language)
def test_eighty_coloured_shapes_have_names_of_their_own(language: Language) -> None:
    names = [coloured_shape(shape, colour, language) for shape in SHAPES for colour in COLOURS]
    assert len({name.noun for name in names}) == len({name.plural for name in names}) == 80
    assert not {name.noun for name in names} & {thing.names[language].noun for thing in things()}


def test_opposites_are_each_others() -> None:
    assert all(OPPOSITE[OPPOSITE[place]] == place != OPPOSITE[place] for place in OPPOSITE)


@pytest.mark.parametrize(
    ("shape", "colour", "language", "one", "plural"),
    [
        ("circle", "orange", "en", "an orange circle", "orange circles"),
        ("cross", "red", "en", "a red cross", "red crosses"),
        ("star", "yellow", "es", "una estrella amarilla", "estrellas amarillas"),
        ("cross", "blue", "es", "una cruz azul", "cruces azules"),
        ("heart", "brown", "es", "un corazón marrón", "corazones marrones"),
        ("cross", "white", "fr", "une croix blanche", "croix blanches"),
        ("star", "brown", "fr", "une étoile marron", "étoiles marron"),
        ("ring", "green", "fr", "un anneau vert", "anneaux verts"),
        ("circle", "red", "de", "ein roter Kreis", "rote Kreise"),
        ("square", "white", "de", "ein weißes Quadrat", "weiße Quadrate"),
        ("diamond", "black", "de", "eine schwarze Raute", "schwarze Rauten"),
        ("heart", "pink", "de", "ein rosa Herz", "rosa Herzen"),
    ],
)
def test_adjectives_agree(shape: str, colour: str, language: str, one: str, plural: str) -> None:
    name = coloured_shape(shape, colour, Language(language))
    assert (name.one, name.plural) == (one, plural)

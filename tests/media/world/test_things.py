"""What the world is made of: how many things, and what each is called."""

from __future__ import annotations

import pytest

from scrubjay.media.world.things import Language, familiar, newcomers, things
from tests.media.world.worlds import concept


def test_155_things_are_familiar_and_12_are_newcomers_at_the_end() -> None:
    assert familiar() == tuple(range(155))
    assert newcomers() == tuple(range(155, 167))
    assert len(things()) == 167
    assert len({thing.glyph for thing in things()}) == 167


@pytest.mark.parametrize("language", Language)
def test_every_name_is_of_one_thing_only(language: Language) -> None:
    nouns = [thing.names[language].noun for thing in things()]
    plurals = [thing.names[language].plural for thing in things()]
    assert len(set(nouns)) == len(set(plurals)) == len(things())
    assert all(word and word == word.strip() for word in (*nouns, *plurals))


def test_articles_are_those_of_the_language() -> None:
    articles = {
        Language.ENGLISH: {"a", "an"},
        Language.SPANISH: {"un", "una"},
        Language.FRENCH: {"un", "une"},
        Language.GERMAN: {"ein", "eine"},
    }
    for language, known in articles.items():
        assert {thing.names[language].article for thing in things()} == known
    for thing in things():
        name = thing.names[Language.ENGLISH]
        assert name.article == ("an" if name.noun[0] in "aeiou" else "a")


@pytest.mark.parametrize(
    ("thing", "language", "plural"),
    [
        ("mouse", "en", "mice"),
        ("lion", "es", "leones"),
        ("pencil", "es", "lápices"),
        ("fish", "es", "peces"),
        ("umbrella", "es", "paraguas"),
        ("bus", "es", "autobuses"),
        ("sofa", "es", "sofás"),
        ("snowman", "es", "muñecos de nieve"),
        ("clock", "es", "relojes"),
        ("horse", "fr", "chevaux"),
        ("owl", "fr", "hiboux"),
        ("kangaroo", "fr", "kangourous"),
        ("mouse", "fr", "souris"),
        ("castle", "fr", "châteaux"),
        ("backpack", "fr", "sacs à dos"),
        ("camera", "fr", "appareils photo"),
        ("snowman", "fr", "bonshommes de neige"),
        ("kite", "fr", "cerfs-volants"),
        ("apple", "de", "Äpfel"),
        ("cactus", "de", "Kakteen"),
        ("book", "de", "Bücher"),
    ],
)
def test_plurals_are_those_of_the_dictionary(thing: str, language: str, plural: str) -> None:
    assert things()[concept(thing)].names[Language(language)].plural == plural

"""Word classes of captions."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.evaluate.english import article_for, plural, singular
from scrubjay.evaluate.words import WordClass, classes_of, is_english, words_of
from scrubjay.media.world.captions import plainest
from scrubjay.media.world.scene import Sampler, Template
from scrubjay.media.world.things import Language, things


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)


def test_every_class_is_found_where_it_stands() -> None:
    found = classes_of("Two small dogs run to the left of a red umbrella.")
    assert found == {
        WordClass.COUNT: ("two",),
        WordClass.ATTRIBUTE: ("small",),
        WordClass.OBJECT: ("dogs", "umbrella"),
        WordClass.ACTION: ("run",),
        WordClass.RELATION: ("to the left of",),
        WordClass.COLOUR: ("red",),
    }


@pytest.mark.parametrize(
    ("caption", "kind", "words"),
    [
        ("a red cross", WordClass.OBJECT, ("cross",)),
        ("a pink square", WordClass.OBJECT, ("square",)),
        ("a square table", WordClass.ATTRIBUTE, ("square",)),
        ("a glass on a stone wall", WordClass.OBJECT, ("glass", "wall")),
        ("an orange", WordClass.OBJECT, ("orange",)),
        ("an orange ring", WordClass.COLOUR, ("orange",)),
        ("a butterfly and an ant", WordClass.OBJECT, ("butterfly", "ant")),
        ("3 elephants", WordClass.COUNT, ("3",)),
        ("a man riding a horse", WordClass.ACTION, ("riding",)),
        ("a ring on top of a box", WordClass.RELATION, ("on top of",)),
        ("a dog next to a cat", WordClass.RELATION, ("next to",)),
        ("a red star and a red ring", WordClass.COLOUR, ("red",)),
        ("she carries a basket", WordClass.ACTION, ("carries",)),
    ],
)
def test_words_that_could_be_several_things(
    caption: str, kind: WordClass, words: tuple[str, ...]
) -> None:
    assert classes_of(caption)[kind] == words


def test_classes_that_do_not_occur_are_not_there() -> None:
    assert set(classes_of("a dog")) == {WordClass.OBJECT}
    assert classes_of("") == {}


def test_captions_of_the_world_have_the_classes_of_their_plan(random: np.random.Generator) -> None:
    expected = {
        Template.COUNT: WordClass.COUNT,
        Template.PLACE: WordClass.RELATION,
        Template.ONE: WordClass.OBJECT,
    }
    for template, kind in expected.items():
        for _ in range(50):
            text = plainest(Sampler().scene(random, template)).text
            assert kind in classes_of(text), text


@pytest.mark.parametrize("language", [Language.SPANISH, Language.FRENCH, Language.GERMAN])
def test_other_languages_have_no_classes(language: Language, random: np.random.Generator) -> None:
    for _ in range(100):
        text = plainest(Sampler().scene(random), language).text
        if len(text.split()) > 3:  # "vier rosa Sterne" might be anything
            assert not is_english(text), text
            assert classes_of(text) == {}


def test_english_is_english_in_every_way_the_world_says_it(random: np.random.Generator) -> None:
    assert all(is_english(plainest(Sampler().scene(random)).text) for _ in range(200))


def test_hyphens_and_apostrophes_join_words() -> None:
    found = [word.text for word in words_of("The man's wide-brimmed hat, 12 cm")]
    assert found == ["the", "man's", "wide-brimmed", "hat", "12", "cm"]


def test_plurals_of_every_thing_of_the_world() -> None:
    missed = []
    for thing in things():
        name = thing.names[Language.ENGLISH]
        if plural(name.noun) != name.plural or singular(name.plural) != name.noun:
            missed.append(name.noun)
    assert missed == ["broccoli"]  # who counts broccolis


@pytest.mark.parametrize(
    ("word", "article"),
    [
        ("apple", "an"),
        ("dog", "a"),
        ("hour", "an"),
        ("unicorn", "a"),
        ("umbrella", "an"),
        ("one-eyed", "a"),
        ("European", "a"),
        ("orange", "an"),
        ("uninteresting", "an"),
        ("utensil", "a"),
    ],
)
def test_articles(word: str, article: str) -> None:
    assert article_for(word) == article

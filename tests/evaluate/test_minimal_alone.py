"""Captions that are one number or one thing, as of digits and other classes."""

from __future__ import annotations

import pytest

from scrubjay.evaluate.english import NUMBER_WORDS
from scrubjay.evaluate.minimal_alone import number_alone, numbers_of, plain, value_of
from scrubjay.evaluate.minimal_pairs import PairKind, every_pair, minimal_pairs
from scrubjay.evaluate.minimal_rules import names_of
from scrubjay.evaluate.words import WordClass, classes_of, words_of

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def test_a_digit_becomes_another_of_the_collection_and_nothing_else_changes() -> None:
    made = minimal_pairs(DIGITS)
    assert [[pair.kind for pair in mine] for mine in made] == [[PairKind.COUNT]] * len(DIGITS)
    for right, (pair,) in zip(DIGITS, made, strict=True):
        assert pair.swapped == (right, pair.wrong)
        assert pair.wrong in set(DIGITS) - {right}
    assert minimal_pairs(DIGITS) == made
    (every,) = minimal_pairs(["seven"], numbers=DIGITS, per_caption=20)
    assert {pair.wrong for pair in every} == set(DIGITS) - {"seven"}


def test_what_the_collection_does_not_name_is_never_asked() -> None:
    assert {pair.wrong for mine in minimal_pairs(["seven", "three"]) for pair in mine} == {
        "seven",
        "three",
    }
    assert minimal_pairs(["seven"]) == [[]]
    assert minimal_pairs(["7", "seven"]) == [[], []]  # one number, written twice
    assert [pair.wrong for pair in minimal_pairs(["7", "3", "three"])[0]] == ["3"]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("Seven.", "Eight."),
        ("a seven", "an eight"),
        ("a handwritten seven", "a handwritten eight"),
        ("the number seven", "the number eight"),
        ("a red seven", "a red eight"),
        ("a spoken one", "a spoken eight"),
        ("thirteen", "eight"),
    ],
)
def test_what_introduces_a_number_stays(right: str, wrong: str) -> None:
    made = [pair.wrong for pair in every_pair(right, PairKind.COUNT, numbers=("eight",))]
    assert made == [wrong]


@pytest.mark.parametrize(
    "caption",
    [
        "this one",  # what it stands for is not said
        "the red one",
        "these two",
        "a tone, number 7",  # perhaps of the picture, not in it
        "The Seven",  # a name
        "7:30",
        "7.5",
        "IMG_7",
        "0007",
        "1782",
        "seven o'clock",
        "painted in seven",
        "sieben",
    ],
)
def test_a_number_that_may_be_none_stays(caption: str) -> None:
    assert number_alone(caption, words_of(caption)) is None
    assert every_pair(caption, PairKind.COUNT, numbers=DIGITS) == []


def test_numbers_are_known_as_they_are_written() -> None:
    captions = ["seven", "a 3", "Seven", "two dogs", "number twelve", "le deux"]
    assert numbers_of(captions) == ("seven", "3", "twelve")
    assert [value_of(one) for one in ("0", "seven", "07", "300", "dog")] == [0, 7, None, None, None]
    assert plain(" Seven. ") == plain("7") != plain("seven dogs")


def test_a_colour_alone_becomes_another() -> None:
    made = {pair.wrong for pair in every_pair("red", PairKind.ATTRIBUTE)}
    assert {"blue", "green"} <= made
    assert "red" not in made
    assert every_pair("orange", PairKind.ATTRIBUTE) == []  # or the fruit


def test_a_thing_alone_becomes_another_that_is_known_for_one() -> None:
    made = minimal_pairs(["dog", "cats", "airplane", "Hund", "untitled", "puppy"])
    assert [[pair.kind for pair in mine] for mine in made] == [
        [PairKind.OBJECT],
        [PairKind.OBJECT],
        [PairKind.OBJECT],
        [],
        [],
        [PairKind.OBJECT],
    ]
    (dog,), (cats,), _, _, _, (puppy,) = made
    assert dog.wrong in {"cat", "airplane"}
    assert cats.wrong in {"dogs", "airplanes", "puppies"}
    assert puppy.wrong in {"cat", "airplane"}
    assert minimal_pairs(["red", "dog"], kinds=[PairKind.OBJECT]) == [[], []]


def test_what_captions_name_with_an_article_is_known_when_it_stands_alone() -> None:
    (made, _) = minimal_pairs(["zebra", "a zebra and a giraffe"])
    assert [pair.wrong for pair in made] == ["giraffe"]
    assert "zebra" not in names_of(["zebra", "a giraffe"])


def test_number_words_are_counts_and_no_things() -> None:
    assert {frozenset(classes_of(one)) for one in NUMBER_WORDS} == {frozenset({WordClass.COUNT})}
    assert every_pair("a handwritten zero", PairKind.OBJECT, vocabulary=("dog",)) == []
    assert every_pair("a handwritten seven", PairKind.OBJECT, vocabulary=("dog",)) == []

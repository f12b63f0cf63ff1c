"""Marked hits: what a training learns of them, and what is only measured."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from scrubjay.core.config import Settings
from scrubjay.core.types import Item, Kind, Split
from scrubjay.evaluate.feedback_probes import FeedbackProbe
from scrubjay.retrain.marks import further_captions, probes_of, said_since, taught
from scrubjay.search.hard_negatives import marked_wrong
from scrubjay.store.feedback import CaptionFix, Judgement
from scrubjay.store.home import Home
from tests.store.made import item

STAR, DOG, CAT, HELD, VIDEO = range(5)


def items() -> list[Item]:
    return [
        item(STAR, captions=("a red star",)),
        item(DOG, captions=("a dog", "A Dog that runs")),
        item(CAT, captions=("a cat",), split=Split.VAL),
        item(HELD, captions=("a blue moon",), split=Split.TEST),
        item(VIDEO, captions=("a film",), kind=Kind.VIDEO, duration_s=3.0),
    ]


ID = [one.id for one in items()]


def said(*marks: tuple[str, int, bool]) -> list[Judgement]:
    return [
        Judgement(query, ID[n], right=right, number=at)
        for at, (query, n, right) in enumerate(marks, 1)
    ]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    one = Home(Settings(home=tmp_path / "home", builtin=False))
    one.catalog.upsert(items())
    return one


def keep(home: Home, judgements: Iterable[Judgement]) -> None:
    for one in judgements:
        home.feedback.say(one)


def test_a_right_hit_teaches_its_words_to_training_alone() -> None:
    marks = said(
        ("a scarlet star", STAR, True), ("running", DOG, True), ("five points", STAR, True)
    )
    shown = {one.id: one.captions for one in taught(items(), marks)}
    assert shown[ID[STAR]] == ("a red star", "a scarlet star", "five points")
    assert shown[ID[DOG]] == ("a dog", "A Dog that runs", "running")
    assert [shown[ID[n]] for n in (CAT, HELD, VIDEO)] == [("a cat",), ("a blue moon",), ("a film",)]


@pytest.mark.parametrize(
    ("query", "n", "right"),
    [
        ("a scarlet star", STAR, False),
        ("a kitten", CAT, True),
        ("a full moon", HELD, True),
        ("a movie", VIDEO, True),
        ("A  blue MOON", STAR, True),
        ("a cat", DOG, True),
        ("a DOG", DOG, True),
    ],
    ids=[
        "wrong",
        "validation",
        "test",
        "video",
        "words of the test",
        "words of validation",
        "said",
    ],
)
def test_nothing_held_out_and_nothing_said_already_is_taught(
    query: str, n: int, right: bool
) -> None:
    assert further_captions(items(), said((query, n, right))) == {}
    assert list(taught(items(), said((query, n, right)))) == items()


def test_words_that_training_has_anyway_may_be_held_out_too() -> None:
    both = [*items(), item(9, captions=("a dog",), split=Split.TEST)]
    assert further_captions(both, said(("a dog", STAR, True))) == {ID[STAR]: ("a dog",)}


def test_wrong_hits_are_hard_negatives_of_what_was_meant() -> None:
    marks = said(("a red star", DOG, False), ("scarlet", STAR, True), ("scarlet", VIDEO, False))
    table = marked_wrong(marks, items())
    assert table[items()[STAR].group][-1] == items()[DOG].group


def test_every_right_and_wrong_item_of_a_query_are_a_probe(home: Home) -> None:
    keep(
        home,
        said(
            ("scarlet", STAR, True),
            ("scarlet", DOG, False),
            ("night", HELD, True),
            ("night", STAR, False),
            ("a blue moon", DOG, False),
            ("nobody knows", DOG, False),
            ("a dog", CAT, True),
        ),
    )
    assert probes_of(home) == [
        FeedbackProbe("scarlet", ID[STAR], ID[DOG], held_out=False),
        FeedbackProbe("night", ID[HELD], ID[STAR], held_out=True),
        FeedbackProbe("a blue moon", ID[HELD], ID[DOG], held_out=True),
        FeedbackProbe("nobody knows", None, ID[DOG], held_out=True),
    ]


def test_items_that_left_are_no_probe(home: Home) -> None:
    keep(home, said(("scarlet", STAR, True), ("scarlet", DOG, False)))
    home.catalog.delete([ID[DOG]])
    assert probes_of(home) == []


def test_a_month_knows_what_was_said_since_another_learned(home: Home) -> None:
    keep(home, said(("scarlet", STAR, True), ("a kitten", CAT, True), ("scarlet", DOG, False)))
    home.feedback.fix(CaptionFix(ID[HELD], ("a blue moon",), "a full moon"))
    assert said_since(home, 0) == {ID[STAR], ID[HELD]}
    assert said_since(home, 1) == {ID[HELD]}
    heard = home.feedback.newest()
    assert said_since(home, heard) == frozenset()
    home.feedback.unfix(ID[HELD])
    assert said_since(home, heard) == {ID[HELD]}

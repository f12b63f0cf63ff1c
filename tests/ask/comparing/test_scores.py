from __future__ import annotations

import math

import pytest

from scrubjay.ask.comparing.scores import normal, scored
from tests.ask.comparing.posed import posed, said


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("The dog.", "dog"),
        ("A two-storey house!", "2 storey house"),
        ("1,000", "1000"),
        ("2.5 kg", "2.5 kg"),
        ("10:30", "10:30"),
        ("“dance”", "dance"),
        ("None", "0"),
        ("-5 °C", "-5 °c"),
        ("don't", "don't"),
        ("A", "a"),
        ("  ", ""),
        ("Übung", "übung"),
        ("50%", "50%"),
        ("red, blue", "red blue"),
    ],
)
def test_an_answer_in_its_plainest_form(text, plain):
    assert normal(text) == plain


@pytest.mark.parametrize(
    ("answers", "text", "exact", "normalised", "consensus"),
    [
        (["red"] * 10, "red", 1, 1, 1),
        (["red"] * 10, "Red.", 0, 1, 1),
        (["red", "red", *["blue"] * 8], "red", 1, 1, 2 / 3),
        (["red", *["blue"] * 9], "red", 1, 1, 1 / 3),
        (["blue"] * 10, "red", 0, 0, 0),
        (["3", "three", "3"], "3", 1, 1, 1),
        (["a cat", "dog"], "cat", 0, 1, 1 / 2),
        (["cat"], "cat", 1, 1, 1),
    ],
)
def test_of_annotators_three_must_agree_or_all_where_there_are_fewer(
    answers, text, exact, normalised, consensus
):
    made = scored(posed(*answers), said(text))
    assert (made.exact, made.normalised) == (exact, normalised)
    assert math.isclose(made.consensus, consensus)


def test_of_answers_that_are_all_right_one_is_enough():
    assert scored(posed("mug", "cup", annotated=False), said("a cup")).consensus == 1


def test_a_sentence_contains_what_it_does_not_equal():
    made = scored(posed("red"), said("It is a red one."))
    assert (made.exact, made.normalised, made.consensus, made.contained) == (0, 0, 0, 1)
    assert scored(posed("red"), said("It is not red.")).contained == 0


@pytest.mark.parametrize(
    ("unanswerable", "told", "right"),
    [(True, False, 1), (True, True, 0), (False, False, 0), (None, False, 0)],
)
def test_where_nobody_could_tell_saying_so_is_right(unanswerable, told, right):
    answers = [] if unanswerable else ["red"]
    made = scored(posed(*answers, unanswerable=unanswerable), said("blue", told=told))
    assert {made.exact, made.normalised, made.consensus, made.contained} == {float(right)}

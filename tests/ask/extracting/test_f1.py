"""F1 as the challenge counts it, by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.ask.extracting.f1 import F1, equal, f1


def test_each_case_counts_as_the_challenge_says() -> None:
    score = f1(
        [
            ("500.0 gram", "500.0 gram"),  # right
            ("500.0 gram", "250.0 gram"),  # wrong
            ("500.0 gram", ""),  # wrong
            ("", "500.0 gram"),  # missed
            ("", ""),  # nothing
        ]
    )
    assert score == F1(right=1, wrong=2, missed=1, silent=1)
    assert score.precision == pytest.approx(1 / 3)
    assert score.recall == pytest.approx(1 / 2)
    assert score.value == pytest.approx(2 * (1 / 3) * (1 / 2) / (1 / 3 + 1 / 2))


def test_a_worked_example() -> None:
    pairs = [("1.0 volt", "1.0 volt")] * 6 + [("2.0 volt", "1.0 volt")] * 2 + [("", "1.0 volt")] * 3
    score = f1(pairs)
    assert (score.precision, score.recall) == (6 / 8, 6 / 9)
    assert score.value == pytest.approx(12 / 17)


def test_nothing_at_all_scores_nothing() -> None:
    assert f1([]).value == f1([("", "")]).value == f1([("", "1.0 volt")]).value == 0.0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("500 gram", "500.0 gram", True),
        ("0.5 kilogram", "500.0 gram", False),
        ("500.0 Gram", "500.0 gram", True),
        ("500.0 gram", "500.1 gram", False),
        ("16.9 fluid ounce", "16.90 fluid ounce", True),
        ("[100.0, 240.0] volt", "[100.0, 240.0] volt", True),
        ("[100.0, 240.0] volt", "240.0 volt", False),
    ],
)
def test_answers_are_equal_when_number_and_unit_are(one, other, same) -> None:
    assert equal(one, other) is same


ANSWERS = st.sampled_from(["", "1.0 gram", "2.0 gram"])


@given(st.lists(st.tuples(ANSWERS, ANSWERS)))
def test_counts_are_those_of_the_naive_rules(pairs) -> None:
    score = f1(pairs)
    right = sum(1 for said, truth in pairs if said != "" and truth != "" and said == truth)
    wrong = sum(1 for said, truth in pairs if said != "" and (truth == "" or said != truth))
    missed = sum(1 for said, truth in pairs if said == "" and truth != "")
    assert (score.right, score.wrong, score.missed) == (right, wrong, missed)
    if right:
        assert score.value == pytest.approx(2 * right / (2 * right + wrong + missed))

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.search.needle_box import fitted, tight
from scrubjay.search.needle_scan import score_boxes, scorer
from scrubjay.search.needle_tiles import overlap
from tests.search.needles import QUERY, HalfRed, frame

SCORE = scorer(QUERY, HalfRed())


def scored(picture: np.ndarray, box: tuple[float, float, float, float]) -> float:
    return float(score_boxes(SCORE, picture, [box])[0])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 110), st.integers(0, 40), st.integers(0, 100), st.integers(0, 30))
def test_a_fitted_square_scores_no_less(x: int, y: int, left: int, top: int) -> None:
    picture = frame(0, (x, y, x + 40, y + 40)).picture
    box = (float(left), float(top), left + 60.0, top + 60.0)
    before = scored(picture, box)
    after, score = fitted(box, before, picture, SCORE)
    assert score >= before
    assert score == pytest.approx(scored(picture, after))


def test_a_fitted_square_is_as_large_as_fits_best() -> None:
    picture = frame(0, (60, 30, 90, 60)).picture
    box = (50.0, 20.0, 80.0, 50.0)  # a part of it: two thirds red
    square, score = fitted(box, scored(picture, box), picture, SCORE)
    assert score > 0.99
    red = 30 * 30
    assert (square[2] - square[0]) * (square[3] - square[1]) == pytest.approx(2 * red, rel=0.25)


@pytest.mark.parametrize("place", [(30, 30, 60, 60), (40, 25, 60, 65), (25, 45, 70, 60)])
def test_a_box_is_drawn_around_what_makes_the_square_score(
    place: tuple[int, int, int, int],
) -> None:
    picture = frame(0, place).picture
    square = (24.0, 22.0, 72.0, 70.0)
    box = tight(square, picture, SCORE)
    assert overlap(box, place) > max(0.3, overlap(square, place))


def test_where_covering_takes_nothing_away_the_square_is_the_box() -> None:
    picture = frame(0).picture
    square = (10.0, 10.0, 50.0, 50.0)
    assert tight(square, picture, SCORE) == square


def test_a_box_lies_within_its_square() -> None:
    picture = frame(0, (0, 0, 20, 20)).picture
    box = tight((0.0, 0.0, 30.0, 30.0), picture, SCORE)
    assert box[0] >= 0
    assert box[1] >= 0
    assert box[2] <= 30
    assert box[3] <= 30

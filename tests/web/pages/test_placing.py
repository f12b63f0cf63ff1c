"""Places and certainty in words, against what a person would say of the same box."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.web.pages.placing import UNSAID, frame, place, sureness, within

SHARES = st.floats(0, 1)


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ((0.0, 0.0, 0.2, 0.2), "upper left"),
        ((0.4, 0.0, 0.6, 0.2), "at the top"),
        ((0.8, 0.0, 1.0, 0.2), "upper right"),
        ((0.0, 0.4, 0.2, 0.6), "on the left"),
        ((0.4, 0.4, 0.6, 0.6), "in the middle"),
        ((0.8, 0.4, 1.0, 0.6), "on the right"),
        ((0.0, 0.8, 0.2, 1.0), "lower left"),
        ((0.4, 0.8, 0.6, 1.0), "at the bottom"),
        ((0.8, 0.8, 1.0, 1.0), "lower right"),
        ((0.05, 0.05, 0.95, 0.95), "all over"),
        ((0.05, 0.05, 0.95, 0.15), "across the top"),
        ((0.05, 0.45, 0.95, 0.55), "across the middle"),
        ((0.05, 0.05, 0.15, 0.95), "from top to bottom on the left"),
        ((0.45, 0.05, 0.55, 0.95), "from top to bottom in the middle"),
    ],
)
def test_a_place_is_said_as_people_say_it(
    box: tuple[float, float, float, float], said: str
) -> None:
    assert place(box) == said


@given(st.tuples(SHARES, SHARES, SHARES, SHARES))
def test_mirrored_boxes_are_on_the_other_side(box: tuple[float, float, float, float]) -> None:
    x0, y0, x1, y1 = box
    x0, x1, y0, y1 = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
    middle = (x0 + x1) / 2
    if min(abs(middle - 1 / 3), abs(middle - 2 / 3)) < 1e-6 or abs(x1 - x0 - 0.8) < 1e-6:
        return
    swapped = place((1 - x1, y0, 1 - x0, y1))
    assert swapped.replace("left", "@").replace("right", "left").replace("@", "right") == place(
        (x0, y0, x1, y1)
    )


@pytest.mark.parametrize(
    ("chance", "said"),
    [
        (1.0, "almost certain, 100%"),
        (0.999, "almost certain, 99%"),
        (0.87, "very sure, 87%"),
        (0.71, "fairly sure, 71%"),
        (0.5, "not very sure, 50%"),
        (0.1, "hardly more than a guess, 10%"),
        (0.0, "hardly more than a guess, 0%"),
        (-3.0, "hardly more than a guess, 0%"),
        (7.0, "almost certain, 100%"),
        (None, UNSAID),
        (math.nan, UNSAID),
    ],
)
def test_certainty_is_words_and_a_number(chance: float | None, said: str) -> None:
    assert sureness(chance) == said


@pytest.mark.parametrize(
    ("box", "kept"),
    [
        ((0.1, 0.2, 0.3, 0.4), (0.1, 0.2, 0.3, 0.4)),
        ((-1.0, 0.2, 0.3, 7.0), (0.0, 0.2, 0.3, 1.0)),
        ((0.3, 0.2, 0.1, 0.4), None),
        ((1.2, 0.2, 1.4, 0.4), None),
        ((math.nan, 0.2, 0.3, 0.4), None),
        ((0.1, 0.2, math.inf, 0.4), None),
        (None, None),
    ],
)
def test_a_box_is_cut_to_its_picture_or_is_none(
    box: tuple[float, float, float, float] | None, kept: tuple[float, float, float, float] | None
) -> None:
    assert within(box) == kept


def test_a_frame_is_a_corner_and_two_sides_in_percent() -> None:
    drawn = frame((0.1, 0.25, 0.6, 1.0))
    assert (drawn.x, drawn.y, drawn.width, drawn.height) == ("10.00%", "25.00%", "50.00%", "75.00%")
    assert drawn.beside
    assert not frame((0.01, 0.25, 0.6, 1.0)).beside

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.core.reading import TextLine
from scrubjay.models.reading_order import reading_order, reading_rows

WIDTH, HEIGHT = 1000, 1400


def line(text: str, left: float, top: float, right: float, bottom: float) -> TextLine:
    """In pixels of a page of WIDTH x HEIGHT."""
    pixels = ((left, top), (right, top), (right, bottom), (left, bottom))
    return TextLine(text, 1.0, tuple((x / WIDTH, y / HEIGHT) for x, y in pixels))


def column(name: str, left: float, top: float, width: float, number: int, step: float = 30):
    """Justified prose, its last line shorter."""
    return [
        line(f"{name}{at}", left, top + at * step,
             left + (width if at < number - 1 else 0.4 * width), top + at * step + 22)
        for at in range(number)
    ]  # fmt: skip


def words(lines) -> list[str]:
    return [one.text for one in lines]


def turned(lines: list[TextLine], degrees: float) -> tuple[list[TextLine], int, int]:
    """The page turned clockwise, as a larger picture that holds all of it."""
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    page = np.array([(0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)]) @ turn
    low = page.min(axis=0)
    width, height = (page.max(axis=0) - low).tolist()
    return (
        [
            TextLine(
                one.text,
                1.0,
                tuple(
                    tuple((np.array((x * WIDTH, y * HEIGHT)) @ turn - low) / (width, height))
                    for x, y in one.corners
                ),
            )
            for one in lines
        ],
        round(width),
        round(height),
    )


TWO_COLUMNS = [*column("a", 50, 100, 420, 12), *column("b", 530, 100, 420, 12)]
STAGGERED = [*column("a", 50, 100, 420, 12, 30), *column("b", 530, 113, 420, 9, 41)]
THREE = [one for at, name in enumerate("abc") for one in column(name, 50 + 315 * at, 100, 270, 8)]
HEADED = [
    line("headline", 60, 30, 900, 80),
    *column("a", 50, 120, 420, 6),
    *column("b", 530, 120, 420, 6),
    line("second headline", 60, 320, 900, 370),
    *column("c", 50, 400, 420, 5),
    *column("d", 530, 400, 420, 5),
    line("foot", 300, 1300, 720, 1330),
]
TABLE = [
    line(f"r{row}c{at}", x, 200 + 50 * row + 3 * (at % 2), x + length, 222 + 50 * row)
    for row in range(6)
    for at, (x, length) in enumerate([(60, 160), (400, 90), (700, 60)])
]
RECEIPT = [
    line("CORNER SHOP", 300, 20, 700, 70),
    *(
        one
        for at, (name, length) in enumerate([("tea", 60), ("wholemeal bread", 300), ("jam", 70)])
        for one in (
            line(name, 60, 120 + 40 * at, 60 + length, 145 + 40 * at),
            line(f"{at}.50", 850, 120 + 40 * at, 930, 145 + 40 * at),
        )
    ),
    line("total 4.50 thank you for shopping here", 60, 260, 930, 290),
]

LAYOUTS = {
    "one column": column("a", 100, 100, 800, 20),
    "two columns": TWO_COLUMNS,
    "columns out of step": STAGGERED,
    "three columns": THREE,
    "headlines over columns": HEADED,
    "table": TABLE,
    "receipt": RECEIPT,
    "table below prose": [*column("p", 60, 20, 880, 5), *TABLE],
}
"""Each in reading order."""

each = pytest.mark.parametrize("layout", LAYOUTS)


@each
@pytest.mark.parametrize("degrees", [0, 90, 180, 270, 4, -6, 93])
def test_a_layout_is_read_as_people_read_it_whichever_way_it_is_turned(layout, degrees) -> None:
    lines, width, height = turned(LAYOUTS[layout], degrees)
    shuffled = random.Random(7).sample(lines, len(lines))
    assert words(reading_order(shuffled, width, height)) == words(lines)


def test_the_cells_of_a_row_are_kept_together() -> None:
    rows = reading_rows(RECEIPT, WIDTH, HEIGHT)
    assert [words(row) for row in rows] == [
        ["CORNER SHOP"],
        ["tea", "0.50"],
        ["wholemeal bread", "1.50"],
        ["jam", "2.50"],
        ["total 4.50 thank you for shopping here"],
    ]


def test_text_that_runs_another_way_than_most_is_read_last() -> None:
    pixels = ((20, 900), (20, 300), (50, 300), (50, 900))  # upwards, as beside an axis
    label = TextLine("label", 1.0, tuple((x / WIDTH, y / HEIGHT) for x, y in pixels))
    page = column("a", 100, 100, 800, 9)
    assert words(reading_order([label, *page], WIDTH, HEIGHT)) == [*words(page), "label"]


def test_a_date_at_the_right_of_an_address_makes_no_columns() -> None:
    letter = [
        line("12 March", 760, 40, 940, 65),
        line("Jay & Co", 60, 120, 240, 145),
        line("Oak Lane 3", 60, 150, 270, 175),
        *column("p", 60, 260, 880, 6),
    ]
    assert words(reading_order(letter[::-1], WIDTH, HEIGHT)) == words(letter)


def test_no_lines_have_no_order() -> None:
    assert reading_order([], WIDTH, HEIGHT) == ()


boxes = st.tuples(st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0, 0.5), st.floats(0, 0.2))


@given(st.lists(boxes, max_size=25))
@settings(max_examples=80, deadline=None)
def test_whatever_the_layout_every_line_is_read_once(drawn) -> None:
    lines = [
        TextLine(str(at), None, ((x, y), (x + w, y), (x + w, y + h), (x, y + h)))
        for at, (x, y, w, h) in enumerate(drawn)
    ]
    assert sorted(words(reading_order(lines, 640, 480)), key=int) == words(lines)

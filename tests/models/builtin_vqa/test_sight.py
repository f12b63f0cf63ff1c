from __future__ import annotations

import numpy as np
import pytest

from scrubjay.models.builtin_vqa.layout import Layout
from scrubjay.models.builtin_vqa.sight import objects
from tests.models.builtin_vqa.small import WORDS

LAYOUT = Layout(4, WORDS)
ACROSS = 6


def told(*cells: tuple[int, int, int, float, float, float]) -> np.ndarray:
    """Cells of (cell, kind, colour, chance, right, down), each 2 x 1 cells large."""
    out = np.zeros((ACROSS**2, LAYOUT.width), np.float32)
    for cell, kind, colour, chance, right, down in cells:
        out[cell, LAYOUT.kinds.start + kind] = 1
        out[cell, LAYOUT.colours.start + colour] = 1
        out[cell, LAYOUT.object] = chance
        out[cell, LAYOUT.box] = (right, down, np.log(2), 0)
    return out


def seen(cells: np.ndarray) -> list[tuple[str, float]]:
    found = objects(cells, LAYOUT, WORDS, across=ACROSS, least=0.5)
    return [(one.noun.one, round(one.confidence, 3)) for one in found]


def test_objects_are_named_with_their_colours_the_surest_first() -> None:
    cells = told((0, 0, 0, 0.7, 0, 0), (9, 3, 1, 0.9, 0, 0), (30, 5, 0, 0.8, 0, 0))
    assert seen(cells) == [("orange circle", 0.9), ("stop", 0.8), ("dog", 0.7)]


def test_what_is_hardly_there_is_not() -> None:
    assert seen(told((0, 0, 0, 0.4, 0, 0))) == []


def test_a_middle_on_a_border_is_one_object_seen_from_two_cells() -> None:
    cells = told((0, 0, 0, 0.45, 0.5, 0), (1, 0, 0, 0.48, -0.5, 0))
    assert seen(cells) == [("dog", 0.93)]


def test_two_of_a_kind_side_by_side_stay_two() -> None:
    assert len(seen(told((0, 0, 0, 0.9, 0, 0), (1, 0, 0, 0.9, 0, 0)))) == 2


def test_boxes_are_shares_of_the_picture() -> None:
    (one,) = objects(told((7, 0, 0, 1, 0.5, 0)), LAYOUT, WORDS, across=ACROSS, least=0.5)
    left, top, right, bottom = one.box
    assert (one.x, one.y) == (pytest.approx(2 / 6), pytest.approx(1.5 / 6))
    assert (left, right) == (pytest.approx(1 / 6), pytest.approx(3 / 6))
    assert (top, bottom) == (pytest.approx(1 / 6), pytest.approx(2 / 6))
    (edge,) = objects(told((0, 0, 0, 1, -0.5, 0)), LAYOUT, WORDS, across=ACROSS, least=0.5)
    assert edge.box[0] == 0

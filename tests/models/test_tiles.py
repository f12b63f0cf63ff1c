from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.models.tiles import heights, joined, tiles, without_covered

SIDE, OVERLAP = 400, 100

sizes = st.integers(1, 2000)


def box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float32)


def turned(quad: np.ndarray, degrees: float, around: tuple[float, float]) -> np.ndarray:
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return ((quad - around) @ turn.T + around).astype(np.float32)


def seen_in(pieces, quads) -> list[np.ndarray]:
    """What a perfect finder sees in each piece: upright boxes, cut at its borders."""
    found = []
    for piece in pieces:
        cut = []
        for quad in quads:
            low = np.maximum(quad.min(axis=0), (piece.left, piece.top))
            high = np.minimum(quad.max(axis=0), (piece.right, piece.bottom))
            if (high - low >= 4).all():
                cut.append(box(*low, *high))
        found.append(np.array(cut, np.float32).reshape(-1, 4, 2))
    return found


@given(sizes, sizes, st.integers(8, 500), st.data())
def test_tiles_cover_every_pixel_and_hold_whatever_is_no_larger_than_the_overlap(
    width, height, side, data
) -> None:
    overlap = data.draw(st.integers(0, side // 2))
    pieces = tiles(width, height, side, overlap)
    for piece in pieces:
        assert 0 <= piece.left < piece.right <= width
        assert 0 <= piece.top < piece.bottom <= height
        assert max(piece.right - piece.left, piece.bottom - piece.top) <= side
    across, down = (data.draw(st.integers(0, one - 1)) for one in (width, height))
    to = min(across + max(1, overlap), width), min(down + max(1, overlap), height)
    assert any(
        one.left <= across and to[0] <= one.right and one.top <= down and to[1] <= one.bottom
        for one in pieces
    )


def test_a_small_picture_is_one_tile() -> None:
    (only,) = tiles(300, 200, SIDE, OVERLAP)
    assert (only.left, only.top, only.right, only.bottom) == (0, 0, 300, 200)


@st.composite
def pages(draw):
    """Lines that do not touch, in a picture of several tiles."""
    width, height = draw(st.integers(300, 1500)), draw(st.integers(200, 1200))
    quads, top = [], draw(st.integers(0, 60))
    while top + 20 < height:
        tall = draw(st.integers(14, OVERLAP - 10))
        left = draw(st.integers(0, 200))
        while left + 40 < width:
            right = min(width, left + draw(st.integers(30, 1400)))
            if top + tall <= height and right - left >= 30:
                quads.append(box(left, top, right, top + tall))
            left = right + draw(st.integers(12, 200))
        top += tall + draw(st.integers(6, 80))
    return width, height, quads


@given(pages())
@settings(max_examples=150, deadline=None)
def test_every_line_comes_out_of_the_tiles_once_and_whole(page) -> None:
    width, height, quads = page
    made = joined(seen_in(tiles(width, height, SIDE, OVERLAP), quads))
    expected = sorted(tuple(quad.ravel()) for quad in quads)
    assert np.allclose(sorted(tuple(quad.ravel()) for quad in made), expected, atol=0.5)


@pytest.mark.parametrize("degrees", [-4, 3, 90, 87, -90])
def test_parts_of_a_leaning_line_become_one_that_leans_as_much(degrees: float) -> None:
    whole = turned(box(100, 480, 1100, 520), degrees, (600, 500))
    parts = [turned(box(start, 480, start + 400, 520), degrees, (600, 500)) for start in
             (100, 400, 700)]  # fmt: skip
    (made,) = joined([part[None] for part in parts])
    assert sorted(map(tuple, made.round())) == sorted(map(tuple, whole.round()))


def test_lines_one_below_the_other_stay_two() -> None:
    upper, lower = box(0, 0, 300, 30), box(250, 26, 600, 56)
    assert len(joined([upper[None], lower[None]])) == 2


def test_nothing_found_is_nothing() -> None:
    empty = np.empty((0, 4, 2), np.float32)
    assert joined([empty, empty]).shape == (0, 4, 2)
    assert without_covered(empty, empty).shape == (0, 4, 2)


def test_what_lies_inside_a_larger_box_is_left_out() -> None:
    large, inside, beside = box(0, 0, 500, 200), box(20, 20, 90, 190), box(480, 0, 700, 60)
    left = without_covered(np.stack([inside, beside]), large[None])
    assert np.array_equal(left, beside[None])
    assert heights(np.stack([large, inside])).tolist() == [200, 70]

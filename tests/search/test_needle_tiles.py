from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.search.needle_tiles import (
    FINE,
    SIZES,
    around,
    cut,
    grid,
    overlap,
    relative,
    squares,
)

lengths = st.integers(16, 2000)
sizes = st.sampled_from((*SIZES, FINE))


@given(lengths, lengths, sizes)
def test_the_squares_of_a_size_cover_the_frame_and_stay_in_it(
    width: int, height: int, size: float
) -> None:
    boxes = np.array(squares(width, height, size))
    side = size * min(width, height)
    assert np.allclose(boxes[:, 2:] - boxes[:, :2], side)
    assert boxes.min() >= 0
    assert (boxes[:, 2] <= width + 1e-6).all()
    assert (boxes[:, 3] <= height + 1e-6).all()
    for at, length in ((0, width), (1, height)):
        starts = np.unique(boxes[:, at])
        assert starts[0] == 0
        assert starts[-1] + side == pytest.approx(length)
        assert (np.diff(starts) <= side / 2 + 1e-6).all()  # each reaches half into the next
        assert len(boxes) == len(np.unique(boxes[:, 0])) * len(np.unique(boxes[:, 1]))


def test_a_frame_of_two_to_one_has_three_large_squares_and_21_of_half_their_side() -> None:
    # 200 x 100, side 100 every 50: 0, 50, 100. Side 50 every 25: 7 across, 3 down.
    assert squares(200, 100, 1.0) == [(0, 0, 100, 100), (50, 0, 150, 100), (100, 0, 200, 100)]
    assert len(squares(200, 100, 0.5)) == 7 * 3
    assert grid(200, 100).coarse == 3 + 21


@given(lengths, lengths)
def test_every_fine_square_lies_below_a_coarse_one_of_half_the_side(
    width: int, height: int
) -> None:
    found = grid(width, height)
    assert found.above.shape == (len(found.boxes) - found.coarse, found.coarse)
    assert found.above.any(axis=1).all()
    assert not found.above[:, ~found.promising].any()
    fine, coarse = np.argwhere(found.above)[0]
    inner, outer = found.boxes[found.coarse + fine], found.boxes[coarse]
    assert overlap(inner, outer) > 0.1


@given(
    lengths,
    lengths,
    st.floats(0.05, 1.0),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from((0.25, 0.125, 0.0625)),
)
def test_squares_around_one_are_in_the_frame_and_the_square_is_among_them(
    width: int, height: int, size: float, right: float, down: float, step: float
) -> None:
    side = size * min(width, height)
    x, y = right * (width - side), down * (height - side)
    near = np.array(list(around((x, y, x + side, y + side), step, width, height)))
    assert len(near) == 27
    assert near.min() >= -1e-6
    assert near[:, 2].max() <= width + 1e-6
    assert near[:, 3].max() <= height + 1e-6
    assert np.abs(near - (x, y, x + side, y + side)).max(axis=1).min() < 1e-6


def test_what_is_cut_out_is_what_the_box_names() -> None:
    picture = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
    assert (cut(picture, (2.2, 1.4, 4.6, 3.0)) == picture[1:3, 2:5]).all()
    assert cut(picture, (3.0, 3.0, 3.2, 3.2)).shape == (1, 1, 3)


def test_a_box_relative_to_its_frame_does_not_leave_it() -> None:
    assert relative((-10, 20, 50, 130), 100, 100) == (0.0, 0.2, 0.5, 1.0)


def test_overlap_is_intersection_over_union() -> None:
    assert overlap((0, 0, 2, 2), (1, 1, 3, 3)) == pytest.approx(1 / 7)
    assert overlap((0, 0, 1, 1), (1, 0, 2, 1)) == 0
    assert overlap((0, 0, 2, 2), (0, 0, 2, 2)) == 1

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.media.video import Frame
from scrubjay.search import needle_scan
from scrubjay.search.needle_scan import Scan, Spread, score_boxes, scorer
from scrubjay.search.needle_tiles import grid, overlap
from tests.search.needles import BLUE, HEIGHT, QUERY, WIDTH, HalfRed, film, frame


@given(
    st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=200), st.sampled_from((0.2, 0.5, 0.8))
)
def test_a_spread_knows_its_quantiles_to_a_thousandth(numbers: list[float], share: float) -> None:
    spread = Spread()
    for part in np.array_split(np.float32(numbers), 3):
        spread.add(part)
    exact = np.quantile(np.float32(numbers), share, method="inverted_cdf")
    assert spread.at(share) == pytest.approx(float(exact), abs=0.0011)


def test_a_spread_of_nothing_is_below_everything() -> None:
    assert Spread().at(0.5) == -1


def test_what_does_not_change_is_encoded_once() -> None:
    encoder = HalfRed()
    place = (100, 20, 130, 50)
    once = Scan(scorer(QUERY, encoder))
    list(once([frame(0, place)]))
    often = Scan(scorer(QUERY, encoder))
    bests = list(often(frame(number / 2, place) for number in range(40)))
    assert often.encoded == once.encoded
    assert len({(one.box, one.score) for one in bests}) == 1


def test_only_squares_that_see_the_change_are_encoded_again() -> None:
    encoder = HalfRed()
    scan = Scan(scorer(QUERY, encoder))
    list(scan([frame(0)]))
    before = scan.encoded
    place = (0, 0, 20, 20)
    list(scan([frame(0.5, place)]))
    boxes = grid(WIDTH, HEIGHT).boxes
    touched = [box for box in boxes if box[0] < place[2] and box[1] < place[3]]
    assert 0 < scan.encoded - before <= len(touched) + 1


@pytest.mark.parametrize("place", [(80, 40, 86, 46), (3, 80, 9, 86), (150, 2, 156, 8)])
def test_something_a_fifteenth_of_the_frame_high_is_noticed(
    place: tuple[int, int, int, int],
) -> None:
    before, after = list(Scan(scorer(QUERY, HalfRed()))([frame(0), frame(0.5, place)]))
    assert before.score < 0.01 < after.score
    assert overlap(after.box, place) > 0


def test_noise_that_nobody_sees_is_no_change() -> None:
    encoder, random = HalfRed(), np.random.default_rng(0)
    scan = Scan(scorer(QUERY, encoder))
    grainy = [
        Frame(n / 2, np.clip(frame(0).picture + random.normal(0, 3, (HEIGHT, WIDTH, 1)), 0, 255))
        for n in range(10)
    ]
    list(scan(Frame(one.at_s, one.picture.astype(np.uint8)) for one in grainy))
    assert scan.encoded <= len(grid(WIDTH, HEIGHT).boxes)


def test_the_best_square_is_the_one_a_full_search_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needle_scan, "SAME", -1.0)
    encoder, random = HalfRed(), np.random.default_rng(1)
    frames = []
    for number in range(12):
        x, y, side = (int(one) for one in random.integers((0, 0, 20), (120, 50, 40)))
        frames.append(frame(number / 2, (x, y, x + side, y + side)))
    score = scorer(QUERY, encoder)
    for best, one in zip(Scan(score)(frames), frames, strict=True):
        whole = score_boxes(score, one.picture, grid(WIDTH, HEIGHT).boxes)
        assert best.score == pytest.approx(float(whole.max()), abs=0.02)
        assert best.frame is one


def test_how_frames_come_in_changes_nothing_but_what_is_encoded_at_once() -> None:
    frames = list(film(10, (3, 6, (60, 30, 90, 60))))
    together = list(Scan(scorer(QUERY, HalfRed()))(frames))
    assert [one.frame.at_s for one in together] == [one.at_s for one in frames]
    encoder = HalfRed()
    list(Scan(scorer(QUERY, encoder))(frames))
    assert encoder.calls < len(frames)  # squares of several frames share a call


def test_frames_may_change_their_size() -> None:
    small = Frame(1.0, np.full((40, 60, 3), BLUE, np.uint8))
    bests = list(Scan(scorer(QUERY, HalfRed()))([frame(0), small, frame(1.5)]))
    assert [one.frame.at_s for one in bests] == [0, 1.0, 1.5]
    assert bests[1].box[2] <= 60


def test_the_score_of_a_picture_is_that_of_the_nearest_query() -> None:
    score = scorer(np.float32([[1, 0], [0, 1]]), HalfRed())
    assert score([frame(0).picture]) == pytest.approx([1.0])

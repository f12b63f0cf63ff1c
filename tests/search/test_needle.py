from __future__ import annotations

import weakref
from collections.abc import Iterator

import numpy as np
import pytest

from scrubjay.media.video import Frame
from scrubjay.search.needle import GAP_S, Sighting, look_for
from scrubjay.search.needle_scale import Scale
from scrubjay.search.needle_tiles import overlap
from tests.search.needles import BLUE, HEIGHT, QUERY, WIDTH, HalfRed, Place, film, frame

SCALE = Scale(unrelated=0.3, perfect=1.0)
HERE: Place = (100, 40, 128, 68)
THERE: Place = (12, 10, 44, 42)


def looked(frames, **options):
    return look_for(QUERY, frames, HalfRed(), **{"scale": SCALE, **options})


def share(sighting: Sighting, place: Place) -> float:
    scaled = [edge * (WIDTH, HEIGHT)[at % 2] for at, edge in enumerate(sighting.box)]
    return overlap(scaled, place)


def test_what_is_seen_for_some_seconds_is_found_then_and_there() -> None:
    found = looked(film(20, (7, 10, HERE)))
    (one,) = found.sightings
    assert 7 <= one.at_s < 10
    assert (one.start_s, one.end_s) == (7.0, 9.5)
    assert share(one, HERE) >= 0.3
    assert one.score > 0.95
    assert 0.8 <= one.lift <= 1.0
    assert found.frames == 40
    assert found.nearest is None
    assert one.frame.at_s == one.at_s


def test_each_time_it_is_seen_is_a_sighting_of_its_own() -> None:
    found = looked(film(30, (3, 6, HERE), (15, 18, THERE), (25, 27, HERE)))
    assert sorted((one.start_s, one.end_s) for one in found.sightings) == [
        (3.0, 5.5),
        (15.0, 17.5),
        (25.0, 26.5),
    ]
    scores = [one.score for one in found.sightings]
    assert scores == sorted(scores, reverse=True)
    by_time = sorted(found.sightings, key=lambda one: one.at_s)
    for one, place in zip(by_time, (HERE, THERE, HERE), strict=True):
        assert share(one, place) >= 0.3


def test_out_of_sight_for_a_moment_is_one_sighting_and_for_longer_two() -> None:
    short = looked(film(20, (5, 7, HERE), (7 + GAP_S - 0.5, 9, HERE)))
    assert [(one.start_s, one.end_s) for one in short.sightings] == [(5.0, 8.5)]
    long = looked(film(20, (5, 7, HERE), (7 + 2 * GAP_S, 11, HERE)))
    assert len(long.sightings) == 2


def test_no_more_are_given_than_asked_for() -> None:
    times = [(start, start + 2, HERE) for start in range(1, 40, 5)]
    assert len(looked(film(40, *times), k=3).sightings) == 3
    assert len(looked(film(40, *times), k=20).sightings) == len(times)


def test_where_it_is_not_nothing_is_given_but_what_comes_nearest() -> None:
    speck = film(20, (7, 10, (80, 40, 86, 46)))
    found = looked(speck)
    assert found.sightings == ()
    assert found.nearest is not None
    assert found.nearest.lift < 0.8
    assert 7 <= found.nearest.at_s < 10


def test_what_is_seen_all_the_time_is_found_all_the_same() -> None:
    found = looked(film(10, (0, 10, HERE)))
    (one,) = found.sightings
    assert (one.start_s, one.end_s) == (0.0, 9.5)
    assert one.lift > 0.9


def test_a_video_without_frames_shows_nothing() -> None:
    found = looked([])
    assert (found.sightings, found.nearest, found.frames) == ((), None, 0)


def test_one_frame_is_enough() -> None:
    assert len(looked([frame(0, HERE)]).sightings) == 1


def test_examples_are_averaged() -> None:
    # Of (1, 0) and (0, 1) the mean scores no square above cos 45 as much as it scores others.
    both = np.float32([[1, 0], [0, 1]])
    found = look_for(both, film(5, (2, 4, HERE)), HalfRed(), scale=SCALE, least_lift=-np.inf)
    middle = np.cos(np.pi / 4)
    alone = look_for(QUERY, film(5, (2, 4, HERE)), HalfRed(), scale=SCALE, least_lift=-np.inf)
    assert alone.sightings[0].score == pytest.approx(1, abs=0.01)
    assert found.sightings[0].score >= middle
    assert found.sightings[0].score == pytest.approx(1, abs=0.05)  # half a square of 45 degrees


def test_it_is_told_how_far_it_is() -> None:
    told: list[tuple[str, int, int | None]] = []
    looked(film(5), total=10, progress=lambda *all_: told.append(all_))
    assert told[0] == ("looking", 1, 10)
    assert told[-1] == ("looking", 10, 10)


def test_few_frames_are_held_however_long_a_video_is() -> None:
    alive = most = 0
    random = np.random.default_rng(0)

    def gone() -> None:
        nonlocal alive
        alive -= 1

    def shown() -> Iterator[Frame]:
        nonlocal alive, most
        for number in range(400):
            picture = np.full((24, 32, 3), BLUE, np.uint8)
            side = int(random.integers(2, 12))  # what is seen best changes all the time
            picture[4 : 4 + side, 4 : 4 + side] = (220, 30, 30)
            weakref.finalize(picture, gone)
            alive += 1
            most = max(most, alive)
            yield Frame(number / 2, picture)

    looked(shown(), k=2)
    assert most <= 8 + 2 * 6 + 12  # a group, twice the candidates, and what looks the same

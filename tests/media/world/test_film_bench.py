"""The figures of bench/video.py are counted as they say."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from scrubjay.core.types import Hit, Kind
from scrubjay.media.moments import Moment
from scrubjay.media.world.film import Change, Film, boundaries, plan
from tests.models.voices import needs_espeak

BENCH = Path(__file__).parents[3] / "bench"
NAMES = ("video_shots", "video_search", "video_needle", "video_film")


@pytest.fixture(scope="module")
def bench():
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(BENCH))
        import video_film
        import video_needle
        import video_search
        import video_shots

        found: dict[str, ModuleType] = {
            "film": video_film,
            "needle": video_needle,
            "search": video_search,
            "shots": video_shots,
        }
        yield found
        for name in NAMES:
            sys.modules.pop(name)


@pytest.fixture(scope="module")
def film() -> Film:
    return plan(120, np.random.default_rng(6), slow=0.4, passing=0.5, spoken=0.5, signs=0.5)


def perfect(film: Film) -> list[Moment]:
    return [Moment(shot.start_s, shot.end_s) for shot in film.shots]


def test_the_shots_themselves_are_found_wholly(bench, film) -> None:
    told = bench["shots"].agreement(perfect(film), film)
    assert told["F1 within 0.2 s"] == told["F1 within 0.5 s"] == 1
    assert told["moments that are no shot"] == 0
    assert sum(told[f"{change.value}s found"][1] for change in Change) == len(film.shots) - 1


def test_a_boundary_that_is_missed_and_one_that_is_made_up_both_count(bench, film) -> None:
    true = len(boundaries(film))
    one_less = perfect(film)
    one_less[3:5] = [Moment(one_less[3].start_s, one_less[4].end_s)]
    told = bench["shots"].agreement(one_less, film)
    assert told["F1 within 0.2 s"] == pytest.approx(2 * (true - 1) / (2 * true - 1), abs=1e-4)
    shot = film.shots[2]
    middle = (shot.start_s + shot.end_s) / 2
    one_more = perfect(film)
    one_more[2:3] = [Moment(shot.start_s, middle), Moment(middle, shot.end_s)]
    told = bench["shots"].agreement(one_more, film)
    assert told["F1 within 0.2 s"] == pytest.approx(2 * true / (2 * true + 1), abs=1e-4)


def test_a_boundary_a_little_late_belongs_to_the_wider_tolerance(bench) -> None:
    matches = bench["shots"].matches
    assert matches([1.0, 5.0], [1.15, 5.3], 0.2) == [(0, 0)]
    assert matches([1.0, 5.0], [1.15, 5.3], 0.5) == [(0, 0), (1, 1)]
    assert matches([1.0], [0.9, 1.1], 0.2) == [(0, 0)]


def test_a_hit_counts_where_half_of_both_is_shared(bench, film) -> None:
    shot = film.shots[1]
    length = shot.end_s - shot.start_s

    def hit(start: float | None, end: float | None) -> Hit:
        return Hit("a", Kind.VIDEO, "a.mp4", 0.5, None, start_s=start, end_s=end)

    overlap = bench["search"].overlap
    assert overlap(hit(shot.start_s, shot.end_s), shot) == 1
    assert overlap(hit(shot.start_s, shot.start_s + length / 2), shot) == pytest.approx(0.5)
    assert overlap(hit(shot.end_s + 1, shot.end_s + 2), shot) == 0
    assert overlap(hit(None, None), shot) == 0


@needs_espeak
def test_each_question_is_about_its_shot(bench, film) -> None:
    asked = dict(bench["search"].ways(film, most=3, seed=1))
    assert len(asked) == 6
    assert all(0 < len(questions) <= 3 for questions in asked.values())
    assert all(one.query.text == one.shot.caption for one in asked["what is seen, typed"])
    assert all(one.query.text == one.shot.spoken for one in asked["what is said, typed"])
    assert all(one.query.text == one.shot.sign for one in asked["what is written, typed"])


def test_a_needle_is_looked_for_in_a_stretch_that_holds_it(bench, film) -> None:
    found = bench["needle"].needles(film, most=4, minutes=0.5, seed=3)
    assert len(found) == 4
    for one in found:
        assert 0 <= one.start_s <= one.passing.start_s
        assert one.passing.end_s <= one.end_s <= film.duration_s + 1e-6
        assert one.minutes == pytest.approx(0.5)


def test_a_sighting_counts_by_its_second_and_its_box(bench, film) -> None:
    from scrubjay.media.video import Frame
    from scrubjay.search.needle import Sighting

    needle = bench["needle"].needles(film, most=1, minutes=1, seed=3)[0]
    passing = needle.passing
    frame = Frame(0.0, np.zeros((4, 4, 3), np.uint8))

    def judged(at_s: float, right: float = 0.0):
        x0, y0, x1, y1 = passing.box(
            min(max(at_s, passing.start_s), passing.end_s - 1e-3), (film.width, film.height)
        )
        box = (x0 / film.width + right, y0 / film.height, x1 / film.width + right, y1 / film.height)
        seen = Sighting(0.9, 1.0, at_s, at_s, at_s, box, frame)
        return bench["needle"].outcome([seen], needle, film, 1.0)

    middle = (passing.start_s + passing.end_s) / 2
    assert judged(middle).in_time
    assert judged(middle).iou == pytest.approx(1)
    assert judged(middle, right=0.5).iou == 0
    assert judged(passing.end_s + 0.9).in_time
    assert not judged(passing.end_s + 1.1).in_time
    assert not bench["needle"].outcome([], needle, film, 1.0).told

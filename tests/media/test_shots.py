from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest

from scrubjay.media.moments import moments_of
from scrubjay.media.shots import GRID, ShotSettings, find_shots, reduced
from scrubjay.media.video import Frame
from scrubjay.media.world.film import Change, Film, boundaries, frames, plan

FPS = 10


def shown(*stretches: tuple[np.ndarray, float]) -> Iterator[Frame]:
    """Still pictures for some seconds each."""
    number = 0
    for picture, seconds in stretches:
        for _ in range(round(seconds * FPS)):
            yield Frame(number / FPS, picture)
            number += 1


def plain(level: int, side: int = 64) -> np.ndarray:
    return np.full((side, side, 3), level, np.uint8)


def pattern(seed: int) -> np.ndarray:
    rough = np.random.default_rng(seed).integers(30, 220, (8, 8, 3), dtype=np.uint8)
    return rough.repeat(12, axis=0).repeat(12, axis=1)


def spans(found: Sequence) -> list[tuple[float, float]]:
    return [(round(shot.start_s, 2), round(shot.end_s, 2)) for shot in found]


def test_a_frame_is_reduced_to_the_means_of_its_cells() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (45, 70, 3), dtype=np.uint8)
    small = reduced(picture)
    rows = np.linspace(0, 45, GRID + 1).astype(int)
    columns = np.linspace(0, 70, GRID + 1).astype(int)
    for y in range(GRID):
        for x in range(GRID):
            cell = picture[rows[y] : rows[y + 1], columns[x] : columns[x + 1]]
            np.testing.assert_allclose(small[y, x], cell.reshape(-1, 3).mean(axis=0), rtol=1e-5)


def test_cuts_are_where_the_picture_changes() -> None:
    found = list(find_shots(shown((pattern(1), 2), (pattern(2), 1), (pattern(3), 3))))
    assert spans(found) == [(0.0, 2.0), (2.0, 3.0), (3.0, 6.0)]


def test_what_stands_still_is_one_shot_with_one_picture() -> None:
    (shot,) = find_shots(shown((pattern(1), 60)))
    assert (shot.start_s, shot.end_s) == (0.0, 60.0)
    (key,) = shot.keys
    assert key.at_s == pytest.approx(30, abs=0.5)


def test_black_is_no_shot() -> None:
    black = plain(3)
    found = list(find_shots(shown((black, 1), (pattern(1), 2), (black, 0.5), (pattern(2), 2))))
    assert spans(found) == [(1.0, 3.0), (3.5, 5.5)]
    assert list(find_shots(shown((black, 5)))) == []


def test_nothing_at_all_has_no_shots() -> None:
    assert list(find_shots([])) == []


def test_a_single_frame_is_too_short_to_be_one() -> None:
    found = list(find_shots(shown((pattern(1), 2), (pattern(2), 0.1), (pattern(1), 2))))
    assert [span for span in spans(found) if span[1] - span[0] < 0.4] == []


def test_a_camera_that_moves_on_is_one_shot() -> None:
    wide = np.concatenate([pattern(seed) for seed in range(6)], axis=1)
    moving = (Frame(n / FPS, wide[:, 2 * n : 2 * n + 96]) for n in range(120))
    assert len(list(find_shots(moving))) == 1


def test_a_dissolve_ends_one_shot_and_begins_the_next_in_its_middle() -> None:
    a, b = pattern(1).astype(float), pattern(2).astype(float)
    mixed = [(a + n / 8 * (b - a)).astype(np.uint8) for n in range(1, 8)]
    stretches = [(pattern(1), 2), *((one, 0.1) for one in mixed), (pattern(2), 2)]
    found = list(find_shots(shown(*stretches)))
    assert len(found) == 2
    assert found[0].end_s == found[1].start_s == pytest.approx(2.35, abs=0.15)


def test_what_a_shot_shows_later_gets_a_picture_too() -> None:
    """Half of the view changes step by step, as when somebody walks in."""
    a, b = pattern(1), pattern(1).copy()
    b[:, :48] = pattern(9)[:, :48]
    steps = [a.copy() for _ in range(30)]
    for n, one in enumerate(steps):
        one[:, : 48 * n // 30] = b[:, : 48 * n // 30]
    found = list(find_shots(shown((a, 6), *((one, 0.1) for one in steps), (b, 3))))
    assert len(found) == 1
    assert len(found[0].keys) >= 2
    shown_left = [key.picture[:, :40] for key in found[0].keys]
    assert not np.array_equal(shown_left[0], shown_left[-1])


@pytest.fixture(scope="module")
def film() -> Film:
    return plan(90, np.random.default_rng(5), fps=FPS, slow=0.4, shot_s=(2.0, 6.0))


def test_the_shots_of_a_film_are_found(film) -> None:
    """Cuts, dissolves and fades, with a camera that moves, grain, and things passing through."""
    assert {shot.change for shot in film.shots} == set(Change)
    seen = (Frame(n / FPS, picture) for n, picture in enumerate(frames(film)))
    found = list(find_shots(seen))
    between = [(a.end_s + b.start_s) / 2 for a, b in pairwise(found)]
    true = boundaries(film)
    assert len(between) == len(true)
    assert np.abs(np.array(between) - np.array(true)).max() <= 0.5
    for shot, planned in zip(found, film.shots, strict=True):
        assert all(planned.start_s <= key.at_s <= planned.end_s for key in shot.keys)


def test_few_frames_are_held_however_long_the_shot() -> None:
    alive: list[int] = []

    class Counted(np.ndarray):
        def __del__(self) -> None:
            alive.append(-1)

    def endless() -> Iterator[Frame]:
        for n in range(3000):
            alive.append(1)
            yield Frame(n / FPS, pattern(1).view(Counted))
            assert sum(alive) < 300

    assert len(list(find_shots(endless()))) == 1


def test_each_moment_of_a_long_shot_has_a_picture_unless_it_repeats_another() -> None:
    """A camera that moves on for a minute, then stands still for two."""
    wide = np.concatenate([pattern(seed) for seed in range(14)], axis=1)
    moving = [Frame(n / FPS, wide[:, 2 * n : 2 * n + 96]) for n in range(60 * FPS)]
    still = [Frame(60 + n / FPS, moving[-1].picture) for n in range(120 * FPS)]
    (shot,) = find_shots([*moving, *still])
    assert shot.end_s == pytest.approx(180, abs=0.2)
    times = [key.at_s for key in shot.keys]
    for moment in moments_of([shot]):
        mine = [at for at in times if moment.start_s <= at < moment.end_s]
        assert bool(mine) == (moment.start_s < 60) or mine == [pytest.approx(90, abs=20)]
    assert sum(at >= 60 for at in times) == 1


def test_a_shot_without_end_is_ended_and_few_of_its_frames_are_held() -> None:
    wide = np.concatenate([pattern(seed) for seed in range(4)], axis=1)
    alive: list[weakref.ref] = []

    def endless() -> Iterator[Frame]:
        for n in range(2_000):
            left = abs(n % 400 - 200)  # there and back
            picture = wide[:, left : left + 96].copy()
            alive[:] = [one for one in (*alive, weakref.ref(picture)) if one() is not None]
            assert len(alive) < 330
            yield Frame(n / FPS, picture)

    found = list(find_shots(endless(), ShotSettings(longest_s=80.0)))
    assert spans(found) == [(0.0, 80.0), (80.0, 160.0), (160.0, 200.0)]

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scrubjay.media.world.film import BLACK_S, CHANGE_S, Change, Film, frames, plan
from scrubjay.media.world.things import things


@pytest.fixture(scope="module")
def film() -> Film:
    return plan(60, np.random.default_rng(3), fps=5, slow=0.5, passing=0.6)


@pytest.fixture(scope="module")
def pictures(film) -> list[np.ndarray]:
    return list(frames(film))


def test_every_moment_is_planned(film, pictures) -> None:
    assert len(pictures) == pytest.approx(film.duration_s * film.fps, abs=1)
    assert {picture.shape for picture in pictures} == {(film.height, film.width, 3)}
    for before, after in zip(film.shots, film.shots[1:], strict=False):
        black = BLACK_S if after.change is Change.FADE else 0.0
        assert after.start_s == pytest.approx(before.end_s + black)


def test_the_same_seed_makes_the_same_film(film, pictures) -> None:
    again = plan(60, np.random.default_rng(3), fps=5, slow=0.5, passing=0.6)
    assert again == film
    np.testing.assert_array_equal(next(frames(again)), pictures[0])


def test_no_two_shots_are_asked_for_by_the_same_words(film) -> None:
    captions = [shot.caption for shot in film.shots]
    assert len(set(captions)) == len(captions)


def test_it_is_black_between_two_fades(film, pictures) -> None:
    faded = [shot for shot in film.shots if shot.change is Change.FADE]
    assert faded
    for shot in faded:
        at = round((shot.start_s - BLACK_S / 2) * film.fps)
        assert pictures[at].mean() < 10


def test_what_passes_is_where_the_plan_says(film, pictures) -> None:
    shots = [shot for shot in film.shots if shot.passing is not None]
    assert shots
    other = {concept for shot in film.shots for concept in shot.scene.concepts}
    for shot in shots:
        passing = shot.passing
        assert passing.thing not in other
        middle = (passing.start_s + passing.end_s) / 2
        number = round(middle * film.fps)
        empty = without(film, film.shots.index(shot), "passing")
        same = next(p for n, p in enumerate(frames(empty)) if n == number)
        changed = np.abs(pictures[number].astype(int) - same).max(axis=2) > 0
        ys, xs = np.nonzero(changed)
        x0, y0, x1, y1 = passing.box(number / film.fps, (film.width, film.height))
        inside = (xs >= x0 - 2) & (xs <= x1 + 2) & (ys >= y0 - 2) & (ys <= y1 + 2)
        assert inside.all()
        assert len(things()) > passing.thing
        assert passing.box(passing.end_s + CHANGE_S, (film.width, film.height)) is None


def without(film: Film, place: int, what: str) -> Film:
    """The film with one thing of one shot left out."""
    shots = list(film.shots)
    shots[place] = replace(shots[place], **{what: None})
    return replace(film, shots=tuple(shots))

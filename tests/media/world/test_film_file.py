from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scrubjay.media.video import Video
from scrubjay.media.world.film import Film, frames, plan
from scrubjay.media.world.film_file import write_film
from scrubjay.media.world.film_sound import Said
from tests.models.voices import needs_espeak

pytest.importorskip("av", reason="videos need the extra: pip install 'scrubjay[video]'")
pytestmark = needs_espeak


@pytest.fixture(scope="module")
def film() -> Film:
    return plan(20, np.random.default_rng(2), fps=10, size=(160, 90), spoken=1.0)


@pytest.fixture(scope="module")
def written(film, tmp_path_factory) -> tuple[Path, tuple[Said, ...]]:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return path, write_film(film, path)


def test_every_frame_is_in_the_file_at_its_time(film, written) -> None:
    planned = list(frames(film))
    found = list(Video(written[0]).frames())
    assert len(found) == len(planned)
    for number, (frame, picture) in enumerate(zip(found, planned, strict=True)):
        assert frame.at_s == pytest.approx(number / film.fps, abs=1e-3)
        assert np.abs(frame.picture.astype(float) - picture).mean() < 6


def test_the_file_says_what_the_film_is(film, written) -> None:
    info = Video(written[0]).info()
    assert (info.width, info.height, info.fps) == (160, 90, 10)
    assert (info.has_picture, info.has_sound) == (True, True)
    assert info.duration_s == pytest.approx(film.duration_s, abs=0.2)


def test_what_is_said_is_heard_when_it_is_said(film, written) -> None:
    path, said = written
    assert [one.text for one in said] == [s.spoken for s in film.shots if s.spoken is not None]
    assert len(said) >= 2
    sound = np.concatenate(list(Video(path).sound()))
    assert len(sound) / 16_000 == pytest.approx(film.duration_s, abs=0.2)
    level = np.abs(sound[: len(sound) // 1600 * 1600]).reshape(-1, 1600).max(axis=1)
    for one in said:
        first, last = round(one.start_s * 10) + 1, round(one.end_s * 10) - 1
        assert level[first:last].max() > 0.15
    spoken = np.zeros(len(level), bool)
    for one in said:
        spoken[max(0, round(one.start_s * 10) - 2) : round(one.end_s * 10) + 2] = True
    music = [s for s in film.shots if s.background == "music"]
    for shot in music:
        spoken[max(0, round(shot.start_s * 10) - 1) : round(shot.end_s * 10) + 1] = True
    assert level[~spoken].max() < 0.1


def test_a_film_may_be_mute(film, tmp_path) -> None:
    assert write_film(film, tmp_path / "mute.mp4", sound=False) == ()
    assert not Video(tmp_path / "mute.mp4").info().has_sound


def test_it_says_how_far_it_is(film, tmp_path) -> None:
    told: list[tuple[int, int | None]] = []
    write_film(
        film, tmp_path / "told.mp4", progress=lambda _, done, total: told.append((done, total))
    )
    assert told[-1] == (round(film.duration_s), round(film.duration_s))
    assert len(told) == len(film.shots)

"""Videos of a home: handed over, indexed, forgotten; while that goes on, too."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from scrubjay.core.config import ModelChoice
from scrubjay.core.errors import MissingExtra
from scrubjay.core.protocols import silent
from scrubjay.core.reading import Reading
from scrubjay.core.types import Clue, Kind, Picture
from scrubjay.models.load import load_encoder
from scrubjay.retrain.forgetting.forget import forget
from scrubjay.search import films as rooms
from scrubjay.search.film_models import LazyModels, chosen_models
from scrubjay.search.films import WhileHere, films_of
from scrubjay.search.uploaded import Upload
from scrubjay.store.gleanings import Gleanings
from scrubjay.store.home import Home
from tests.media.films import BLUE, RED, write_film
from tests.search.film_models import Ear, Eye, models
from tests.search.uploading import make_home, png, take

pytest.importorskip("av", reason="videos need the `video` extra")


@pytest.fixture(autouse=True)
def foreseeable(monkeypatch: pytest.MonkeyPatch) -> None:
    both = models()
    monkeypatch.setattr(rooms, "chosen_models", lambda *chosen: both)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write_film(path, [(RED, 2), (BLUE, 2)])
    return path


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make_home(tmp_path)


def kept(home: Home) -> list[str]:
    return sorted(one.name for one in home.gleanings.folder.glob("*/*.json"))


def test_a_video_handed_over_as_a_file_or_as_bytes_is_found_and_forgotten_whole(
    home: Home, film: Path, tmp_path: Path
) -> None:
    aside = tmp_path / "aside"
    shutil.copyfile(film, aside)
    done = take(home, Upload("film.mp4", path=aside), Upload("a.png", png(1)))
    assert [(one.state, one.why_not_indexed, one.partly) for one in done.taken] == [
        ("added", None, None),
        ("added", None, None),
    ]
    aside.unlink()
    video = next(one.item for one in done.taken if one.item.kind is Kind.VIDEO)
    sha256 = hashlib.sha256(film.read_bytes()).hexdigest()
    assert (video.sha256, video.duration_s) == (sha256, pytest.approx(4, abs=0.1))
    assert home.originals.path(video).read_bytes() == film.read_bytes()
    again = take(home, Upload("film.mp4", film.read_bytes()))
    assert [one.state for one in again.taken] == ["unchanged"]
    rows = [
        row
        for name in home.generations.names()
        for page in home.generations.open(name).pages(100)
        for row in page.rows.to_pylist()
        if row["id"] == video.id
    ]
    assert {row["clue"] for row in rows} == {Clue.SEEN.value, Clue.READ.value}
    assert any(name.startswith("shots-") for name in kept(home))
    forget(home, [video.id])
    assert kept(home) == []
    assert not home.media.has(sha256)
    names = home.generations.names()
    assert all(video.id not in home.generations.open(one).embedded() for one in names)


def test_an_uploaded_video_that_is_cut_off_says_which_part_is_found(
    home: Home, tmp_path: Path
) -> None:
    path = tmp_path / "cut.mkv"
    write_film(path, [(RED, 3), (BLUE, 3)], container="matroska", fps=25)
    done = take(home, Upload("cut.mkv", path.read_bytes()[: path.stat().st_size * 2 // 3]))
    (one,) = done.to_json()["items"]
    assert one["indexed"] is True
    assert "truncated video" in one["reason"]
    assert "used up to" in one["reason"]


def test_of_a_video_that_is_forgotten_while_it_is_looked_at_nothing_is_kept(
    home: Home, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = take(home, Upload("film.mp4", film.read_bytes())).taken
    home.gleanings.remove([one.item.sha256])
    monkeypatch.setattr(rooms, "CHECK_S", 0.0)

    class Forgetting(Eye):
        def read(self, picture: Picture) -> Reading:
            forget(home, [one.item.id])
            return super().read(picture)

    films = films_of(home, LazyModels(Ear, Forgetting))
    encoder = load_encoder("fake")
    assert films.rows(one.item, encoder, silent) == "forgotten while it was looked at"
    assert kept(home) == []


def test_what_is_kept_last_goes_too_when_somebody_forgets_it(tmp_path: Path) -> None:
    there = [True]
    gleanings = Gleanings(tmp_path / "kept")
    one = WhileHere(gleanings, lambda: there[0])
    sha256 = "ab" * 32
    assert one.put(sha256, "shots", "x", {"a": 1})
    there[0] = False
    assert one.put(sha256, "speech", "x", {"a": 1}), "it is asked now and then, not every time"
    one.end(sha256)
    assert gleanings.get(sha256, "shots", "x") is None
    assert not any(gleanings.folder.iterdir())


def test_a_model_is_tried_once_and_what_lacks_is_told_once() -> None:
    tried = []

    def missing() -> Ear:
        tried.append(1)
        raise MissingExtra("hearing", "speech")

    lazy = LazyModels(missing, Eye)
    assert lazy.lacking() == ()
    assert lazy.listener() is None
    assert lazy.listener() is None
    assert lazy.reader() is lazy.reader()
    assert len(tried) == len(lazy.lacking()) == 1


def test_the_same_choice_is_opened_once() -> None:
    fake = ModelChoice("fake")
    assert chosen_models(fake, fake) is chosen_models(fake, ModelChoice("fake"))
    assert chosen_models(fake, fake).listener() is not None

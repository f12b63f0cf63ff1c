"""Small pictures kept for the next time, and not for longer than their item."""

from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from scrubjay.core.errors import BadMedia, UnknownItem, WrongUse
from scrubjay.core.types import Clue, Item, Kind, Modality, Split
from scrubjay.retrain.forgetting.forget import forget
from scrubjay.search import shown
from scrubjay.search.shown import kept_picture, original, picture_s, small_picture
from scrubjay.store.rows import Row, StoredMoment, moments_in
from tests.media.films import BLUE, GREEN, RED, write_film
from tests.search.uploading import PAIR, make_home, take


@pytest.fixture
def home(tmp_path):
    home = make_home(tmp_path)
    take(home, *PAIR)
    return home


def by_kind(home, kind):
    return next(item for item in home.catalog.items() if item.kind.value == kind)


def test_a_small_picture_is_made_once_for_each_size(home, monkeypatch):
    item = by_kind(home, "image")
    first = small_picture(home, item.id, 100)
    assert (first.item, first.side, first.at_ms) == (item, 192, None)
    monkeypatch.delattr("scrubjay.search.shown.thumbnail")
    assert small_picture(home, item.id, 192) == first
    assert original(home, item.id)[1].read_bytes() == PAIR[0].data


def test_a_recording_has_none(home):
    with pytest.raises(BadMedia, match="no small picture"):
        small_picture(home, by_kind(home, "speech").id, 192)


def test_an_item_forgotten_while_its_small_picture_is_made_leaves_none(home, monkeypatch):
    item = by_kind(home, "image")
    make = shown.thumbnail

    def slow(data, side, limits):
        forget(home, [item.id])
        return make(data, side, limits)

    monkeypatch.setattr("scrubjay.search.shown.thumbnail", slow)
    with pytest.raises(UnknownItem, match=item.id):
        small_picture(home, item.id, 192)
    assert not list(home.thumbs.folder.iterdir())


def test_one_made_while_its_item_is_being_removed_is_removed_with_it(home, monkeypatch):
    """The catalog comes last: until then a picture may still be asked for, and made."""
    item = by_kind(home, "image")
    purge = home.catalog.purge

    def asked_meanwhile(ids):
        home.thumbs.put(item.sha256, 192, b"made after the first sweep")
        return purge(ids)

    monkeypatch.setattr(home.catalog, "purge", asked_meanwhile)
    forget(home, [item.id])
    assert not list(home.thumbs.folder.iterdir())


@pytest.fixture
def film(home, tmp_path):
    """Two seconds of red, green and blue each, in two moments; the second is seen twice."""
    pytest.importorskip("av", reason="no video to make: pip install 'scrubjay[video]'")
    path = tmp_path / "film.mp4"
    write_film(path, [(RED, 2), (GREEN, 2), (BLUE, 2)])
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    item = Item(
        id="film",
        kind=Kind.VIDEO,
        uris=(str(path),),
        sha256=digest,
        group="film",
        split=Split.TRAIN,
        month="2026-11",
        size=len(data),
        duration_s=6.0,
    )
    home.catalog.upsert([item])
    return item


def index(home, item, *rows):
    champion = home.registry.champion()
    generation = home.generations.open(champion.generation)
    made = [
        Row(
            item,
            Modality.IMAGE if clue is Clue.SEEN else Modality.TEXT,
            champion.version,
            *(start, end),
            clue,
            None if clue is Clue.SEEN else "a word",
            moment,
        )
        for clue, start, end, moment in rows
    ]
    vectors = np.eye(len(made), generation.dim, dtype=np.float32)
    generation.add(made, vectors)


def colour(picture):
    with Image.open(io.BytesIO(picture.data)) as image:
        assert image.format == "WEBP"
        return np.asarray(image.convert("RGB")).reshape(-1, 3).mean(0)


def near(picture, wanted):
    return np.abs(colour(picture) - np.array(wanted)).max() < 30


@pytest.mark.parametrize(("at", "wanted"), [(0, RED), (1.9, RED), (2.0, GREEN), (5.999, BLUE)])
def test_the_frame_of_a_moment_is_shown_small(home, film, at, wanted):
    made = small_picture(home, film.id, 100, at_s=at)
    assert (made.side, made.at_ms) == (192, round(1000 * at))
    assert near(made, wanted)


def test_beyond_the_end_is_the_end(home, film):
    made = small_picture(home, film.id, 192, at_s=10_000)
    assert made.at_ms == 6_000
    assert near(made, BLUE)


def test_a_frame_is_decoded_once_for_each_millisecond_and_size(home, film, monkeypatch):
    assert kept_picture(home, film.id, 192, at_s=3.0004) is None
    first = small_picture(home, film.id, 192, at_s=3.0004)
    monkeypatch.delattr("scrubjay.search.shown._frame")
    assert small_picture(home, film.id, 192, at_s=3.0) == first
    assert kept_picture(home, film.id, 192, at_s=3.0) == first
    assert kept_picture(home, film.id, 192, at_s=3.001) is None
    assert kept_picture(home, film.id, 384, at_s=3.0) is None


def test_a_video_is_shown_by_its_first_moments_first_key_frame(home, film):
    assert near(small_picture(home, film.id, 192), RED), "one second in, where nothing is known"
    first, second = (2.0, 4.0), (4.0, 6.0)
    index(
        home,
        film,
        (Clue.SAID, 2.0, 2.5, first),
        (Clue.SEEN, 3.0, 3.5, first),
        (Clue.SEEN, 4.0, 6.0, second),
    )
    shown_now = small_picture(home, film.id, 192)
    assert shown_now.at_ms == 3_250
    assert near(shown_now, GREEN)
    champion = home.registry.champion()
    moments = home.generations.open(champion.generation).moments(film.id)
    assert [picture_s(one) for one in moments] == [3.25, 5.0]


def test_a_moment_nothing_was_seen_in_is_shown_by_its_middle():
    assert picture_s(StoredMoment(2.0, 5.0, ())) == 3.5
    assert moments_in([]) == ()


@pytest.mark.parametrize("at", [-0.001, float("nan"), float("inf")])
def test_a_second_that_is_none_is_refused(home, film, at):
    with pytest.raises(WrongUse, match="at must be a second"):
        small_picture(home, film.id, 192, at_s=at)


def test_a_picture_has_no_seconds(home):
    with pytest.raises(WrongUse, match="names a second of a video"):
        small_picture(home, by_kind(home, "image").id, 192, at_s=1.0)


def test_what_is_no_video_any_more_is_refused_by_name(home, film, tmp_path):
    (tmp_path / "film.mp4").write_bytes(b"something else")
    with pytest.raises(BadMedia, match="changed since it was added"):
        small_picture(home, film.id, 192, at_s=1.0)


def test_frames_are_forgotten_with_their_video(home, film):
    for at in (1.0, 3.0):
        small_picture(home, film.id, 192, at_s=at)
    assert (home.thumbs.folder / film.sha256).is_dir()
    forget(home, [film.id])
    assert not (home.thumbs.folder / film.sha256).exists()


def test_a_video_forgotten_while_its_frame_is_decoded_leaves_none(home, film, monkeypatch):
    make = shown._frame

    def slow(*asked):
        forget(home, [film.id])
        return make(*asked)

    monkeypatch.setattr("scrubjay.search.shown._frame", slow)
    with pytest.raises(UnknownItem, match=film.id):
        small_picture(home, film.id, 192, at_s=1.0)
    assert not (home.thumbs.folder / film.sha256).exists()

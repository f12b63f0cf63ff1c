"""Videos of a bucket or a folder: streamed, looked at once, and there for whoever indexes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from scrubjay.core.config import VideoLimits
from scrubjay.core.errors import BadMedia
from scrubjay.core.types import Kind, Modality
from scrubjay.search import visit
from scrubjay.search.examine import Facts
from scrubjay.search.films import films_of
from scrubjay.search.ingest import ingest
from scrubjay.store import s3 as s3_store
from scrubjay.store.home import Home
from tests.media.films import BLUE, RED, write_film
from tests.search.conftest import ColourEncoder
from tests.search.film_models import models
from tests.search.test_drop import (  # noqa: F401 - fixtures
    Place,
    bucket,
    folder,
    home,
    place,
    taken,
)
from tests.search.test_scan import png

pytest.importorskip("av", reason="videos need the `video` extra")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    write_film(path, [(RED, 2), (BLUE, 2)])
    return path.read_bytes()


@pytest.mark.parametrize("large", [True, False])
def test_a_video_is_streamed_kept_and_indexed(
    home: Home,  # noqa: F811
    place: Place,  # noqa: F811
    film: bytes,
    large: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if large:
        monkeypatch.setattr(visit, "HELD_BYTES", 1_000)
        monkeypatch.setattr(s3_store, "_RANGE", 2_000)
    place.put("film.mp4", film)
    place.put("list.m3u8", "#EXTM3U\nhttp://127.0.0.1:9/a.ts\n")
    place.put("a.png", png(0))
    drop = taken(home, place)
    (item,) = [one for one in drop.added if one.kind is Kind.VIDEO]
    assert (item.width, item.height, item.size) == (160, 96, len(film))
    assert [one.path for one in drop.problems] == ["list.m3u8"]
    assert home.originals.path(item).read_bytes() == film
    assert list(home.media.kept()).count(item.sha256) == (place.s3 is not None)
    assert taken(home, place, "2026-12").fetched_bytes == 0

    encoder = ColourEncoder({Modality.IMAGE})
    generation = home.generations.create("g1", dim=4, attribute_types={}, version="v1")
    done = ingest(
        home.catalog.items(),
        generation,
        encoder,
        read=home.reader(),
        films=films_of(home, models()),
        threads=1,
    )
    assert (done.items, done.moments, done.problems) == (2, 2, ())
    assert generation.count() == 1 + 2


def test_what_is_larger_than_a_video_may_be_is_refused_before_it_travels(
    home: Home,  # noqa: F811
    bucket: Place,  # noqa: F811
    film: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(visit, "HELD_BYTES", 1_000)
    limited = Home(replace(home.settings, video=VideoLimits(max_bytes=2_000)))
    bucket.put("film.mp4", film)
    bucket.put("a.png", png(0))
    drop = taken(limited, bucket)
    (problem,) = drop.problems
    assert problem.reason == f"{len(film)} bytes, more than 2000"
    assert drop.fetched_bytes == len(png(0))
    assert not list(Path(limited.media.folder).glob(".*"))


def test_a_video_that_was_refused_when_none_could_be_added_is_looked_at_again(
    home: Home,  # noqa: F811
    place: Place,  # noqa: F811
    film: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def as_before(data: bytes, *limits: object) -> Facts:
        raise BadMedia(visit.ONCE_REFUSED)

    place.put("film.mp4", film)
    place.put("broken.png", b"no picture")
    with monkeypatch.context() as patch:
        patch.setattr(visit, "examine", as_before)
        assert len(taken(home, place).problems) == 2
    drop = taken(home, place, "2026-12")
    assert [one.kind for one in drop.added] == [Kind.VIDEO]
    assert [one.path for one in drop.problems] == ["broken.png"]

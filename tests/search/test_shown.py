"""Small pictures kept for the next time, and not for longer than their item."""

from __future__ import annotations

import pytest

from scrubjay.core.errors import BadMedia, UnknownItem
from scrubjay.retrain.forgetting.forget import forget
from scrubjay.search import shown
from scrubjay.search.shown import original, small_picture
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
    assert first[:2] == (item, 192)
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

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from scrubjay.core.config import Settings
from scrubjay.core.errors import NotReady, UnknownName, WrongUse
from scrubjay.core.types import Kind, Modality, Split
from scrubjay.retrain.diagnosing.material import gather, gather_other
from scrubjay.store.home import Home
from tests.retrain.diagnosing import collected
from tests.retrain.diagnosing.collected import registered


@pytest.fixture
def home(tmp_path, graphs):
    return Home(Settings(home=tmp_path / "home", threads=1))


def filled(home, tmp_path, **parts):
    shelf = collected.collection(tmp_path / "media", recordings=False)
    shelf.items[:] = [replace(one, split=parts.get(one.month, Split.TRAIN)) for one in shelf.items]
    home.catalog.upsert(shelf.items)
    home.catalog.snapshot()
    return shelf


def test_the_champion_is_asked_about_the_test_part(home, tmp_path):
    filled(home, tmp_path, **{"2026-11": Split.TEST})
    (version,) = registered(home, "hears")
    made = gather(home)
    assert (made.version, made.part) == (version, "test")
    assert {one.split for one in made.items} == {Split.TEST}
    assert (len(made.items), len(made.everything)) == (30, 60)
    assert made.notes == ()
    assert gather(home, "champion").version == version


def test_where_a_part_has_nothing_to_ask_the_next_is_taken_and_named(home, tmp_path):
    filled(home, tmp_path, **{"2026-11": Split.VAL})
    registered(home, "hears")
    made = gather(home)
    assert made.part == "val"
    assert "Nothing can be asked in the test part" in made.notes[0]
    assert "the val part" in made.notes[0]


def test_without_held_out_items_all_are_asked_and_that_is_said(home, tmp_path):
    filled(home, tmp_path)
    registered(home, "hears")
    made = gather(home, split=Split.VAL)
    assert (made.part, len(made.items)) == ("all", 60)
    assert "all items" in made.notes[0]
    assert "trained on" in made.notes[1]


def test_a_folder_that_is_not_in_the_home_is_looked_at(home, tmp_path):
    shelf = collected.collection(tmp_path / "elsewhere")
    rows = [
        {"file": one.uri.rpartition("/")[2], "caption": one.captions[0], "split": "test"}
        for one in shelf.items
    ]
    (tmp_path / "elsewhere" / "all.jsonl").write_text("\n".join(map(json.dumps, rows)))
    registered(home, "hears")
    made = gather(home, folder=tmp_path / "elsewhere")
    assert len(made.items) == 92
    assert {one.name for one in made.evaluation.directions} >= {"text->image", "speech->text"}
    assert home.catalog.count() == 0
    with pytest.raises(WrongUse):
        gather(home, folder=tmp_path / "nowhere")


def test_the_other_version_gets_the_same_items_and_lacks_are_said(home, tmp_path):
    shelf = collected.collection(tmp_path / "media")
    home.catalog.upsert(shelf.items)
    home.catalog.snapshot()
    hears, deaf = registered(home, "hears", "deaf")
    made = gather(home, hears)
    other = gather_other(home, deaf, made)
    assert other.items == made.items
    assert made.notes == ()
    assert other.notes == (
        f"{deaf} has no speech tower: nothing is said of the collection's recordings.",
    )
    assert Modality.SPEECH not in other.evaluation.views


def test_what_is_missing_is_said(home, tmp_path):
    with pytest.raises(NotReady, match="no version serves"):
        gather(home)
    registered(home, "hears")
    with pytest.raises(NotReady, match="--folder"):
        gather(home)
    with pytest.raises(UnknownName):
        gather(home, "2020-01-0000000")


def test_rows_know_the_items_behind_them(tmp_path):
    shelf = collected.collection(tmp_path / "media")
    shelf.items[1] = replace(
        shelf.items[1], group=shelf.items[0].group, captions=shelf.items[0].captions
    )
    made = collected.material(shelf)
    texts = made.owners(Modality.TEXT)
    assert len(texts) == len(made.evaluation.views[Modality.TEXT])
    assert texts[0] == (shelf.items[0], shelf.items[1])
    for one, uri in zip(
        made.owners(Modality.SPEECH), made.evaluation.views[Modality.SPEECH].uris, strict=True
    ):
        assert [item.uri for item in one] == [uri]
        assert one[0].kind is Kind.SPEECH
    assert made.by_group[shelf.items[0].group] == (shelf.items[0], shelf.items[1])
    with pytest.raises(KeyError):
        collected.material(shelf, collected.Registered("v", ("image", "text"))).owners(
            Modality.SPEECH
        )

"""An item is told by what only it is called and said, and by its bytes."""

from dataclasses import replace

import pytest

from scrubjay.core.config import Settings
from scrubjay.retrain.forgetting.traces import traces_of
from scrubjay.store.home import Home
from tests.store.made import item, rows_of, units


@pytest.fixture
def home(tmp_path):
    return Home(Settings(home=tmp_path / "home"))


def test_names_are_a_uri_and_its_ends_that_nobody_else_has(home):
    home.catalog.upsert(
        [
            item(1, uris=("/shop/a/1.png", "s3://bucket/x/one.png")),
            item(2, uris=("/shop/b/1.png",)),
        ]
    )
    assert traces_of(home, ["item-000001"]).names == {
        "/shop/a/1.png", "shop/a/1.png", "a/1.png",
        "s3://bucket/x/one.png", "bucket/x/one.png", "x/one.png", "one.png",
    }  # fmt: skip


def test_captions_that_others_say_or_that_are_mere_words_give_nobody_away(home):
    home.catalog.upsert(
        [
            item(1, captions=("promoted", "a very green parrot", "seen at dusk", "grüner Papagei")),
            item(2, captions=("seen at dusk",)),
        ]
    )
    traces = traces_of(home, ["item-000001"])
    assert {"a very green parrot", "grüner Papagei"} <= set(traces.texts)
    assert not {"promoted", "seen at dusk"} & set(traces.texts)
    assert {"promoted", "seen at dusk", "1.png"} <= traces.labels
    assert traces.without("it was promoted: a very green parrot") == "it was promoted: (forgotten)"


def test_bytes_another_item_has_are_not_its_own(home):
    home.catalog.upsert([item(1), item(2, sha256=item(1).sha256), item(3)])
    assert traces_of(home, ["item-000001"]).sha256s == frozenset()
    assert traces_of(home, ["item-000001", "item-000002"]).sha256s == {item(1).sha256}


def test_what_left_the_catalog_is_told_by_generations_and_snapshots(home):
    home.catalog.upsert([replace(item(1), sha256="0" * 64), item(2)])
    home.catalog.snapshot()
    home.catalog.upsert([item(1, captions=("a very green parrot",))])
    generation = home.generations.create("v1", dim=4, attribute_types={})
    generation.add(rows_of([item(1, captions=("a very green parrot",))]), units(1, 4))
    home.catalog.delete(["item-000001"])
    traces = traces_of(home, ["item-000001"])
    assert "a very green parrot" in traces.texts
    assert traces.sha256s == {"0" * 64, item(1).sha256}
    assert traces.groups == {"group-1"}

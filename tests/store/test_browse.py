"""A catalog looked through: pages and counts, against plain sorting and counting."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from scrubjay.core.errors import BadFilter
from scrubjay.core.types import Kind
from scrubjay.store.browse import Place
from scrubjay.store.catalog import Catalog
from tests.store.made import item

TAGS = ("red", "blue", "owl's")


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(3)
    return [
        item(
            n,
            month=f"2026-{1 + int(rng.integers(4)):02d}",
            kind=(Kind.IMAGE, Kind.SPEECH)[int(rng.integers(2))],
            language=(None, "en", "de")[int(rng.integers(3))],
            tags=tuple(tag for tag in TAGS if rng.integers(2)),
        )
        for n in range(57)
    ]


@pytest.fixture(scope="module")
def catalog(made, tmp_path_factory):
    catalog = Catalog(tmp_path_factory.mktemp("browse") / "catalog.lance")
    catalog.upsert(made)
    return catalog


def pages(catalog, limit, where=None):
    found, after = [], None
    while True:
        items, after = catalog.page(limit, after=after, where=where)
        found.append(items)
        if after is None:
            return found


@pytest.mark.parametrize("limit", [1, 5, 19, 57, 100])
def test_pages_hold_every_item_once_the_newest_month_first(catalog, made, limit):
    got = pages(catalog, limit)
    by_id = sorted(made, key=lambda one: one.id)
    assert [one for page in got for one in page] == sorted(
        by_id, key=lambda one: one.month, reverse=True
    )
    assert all(len(page) == limit for page in got[:-1])


def test_pages_of_a_condition_hold_what_it_keeps(catalog, made):
    got = pages(catalog, 4, where="kind = 'image' and tag = 'owl''s' or month = '2026-02'")
    kept = {
        one.id
        for one in made
        if (one.kind is Kind.IMAGE and "owl's" in one.tags) or one.month == "2026-02"
    }
    assert sorted(one.id for page in got for one in page) == sorted(kept)
    with pytest.raises(BadFilter):
        catalog.page(4, where="colour = 'red'")


def test_a_page_goes_on_where_an_item_was_that_left(catalog, made):
    ordered = [one for page in pages(catalog, 100) for one in page]
    left = Place(ordered[9].month, ordered[9].id + "0")
    items, _ = catalog.page(3, after=left)
    assert items == ordered[10:13]


def test_counts_are_those_of_the_items(catalog, made):
    got = catalog.facets()
    assert got.total == len(made)
    assert got.months == Counter(one.month for one in made)
    assert list(got.months) == sorted(got.months, reverse=True)
    assert got.kinds == Counter(one.kind.value for one in made)
    assert got.languages == Counter(one.language for one in made if one.language)
    assert got.tags == Counter(tag for one in made for tag in one.tags)
    assert list(got.tags.values()) == sorted(got.tags.values(), reverse=True)


def test_an_empty_catalog_has_nothing(tmp_path):
    catalog = Catalog(tmp_path / "catalog.lance")
    assert catalog.page(5) == ([], None)
    assert catalog.facets().to_json() == {
        "total": 0, "months": {}, "kinds": {}, "languages": {}, "tags": {},
    }  # fmt: skip


def test_what_was_asked_for_before_is_as_it_is_now(tmp_path):
    catalog, other = (Catalog(tmp_path / "catalog.lance") for _ in range(2))
    assert catalog.get("item-0001") is None
    other.upsert([item(1)])
    (mine,) = other.items()
    assert catalog.get(mine.id) == mine
    assert catalog.facets().total == 1
    other.delete([mine.id])
    assert catalog.get(mine.id) is None
    assert catalog.facets().total == 0

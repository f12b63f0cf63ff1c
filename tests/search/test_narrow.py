"""Facets as a condition: what was typed cannot reach beyond its quotes."""

import pytest

from scrubjay.core.errors import BadFilter
from scrubjay.search.narrow import narrowed
from scrubjay.store.catalog import Catalog
from tests.store.made import item


def test_nothing_asked_for_is_no_condition():
    assert narrowed() is None
    assert narrowed("  ") is None


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    catalog = Catalog(tmp_path_factory.mktemp("narrow") / "catalog.lance")
    catalog.upsert(
        [
            item(1, month="2026-01", language="en", tags=("a", "b"), attributes={"price": 1}),
            item(2, month="2026-02", language="de", tags=("a",), attributes={"price": 2}),
            item(3, month="2026-03", tags=("it's",), attributes={"price": 3}),
        ]
    )
    return catalog


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ({"months": ["2026-01", "2026-03"]}, "13"),
        ({"languages": ["de"]}, "2"),
        ({"tags": ["a"]}, "12"),
        ({"tags": ["a", "b"]}, "1"),
        ({"tags": ["it's"]}, "3"),
        ({"where": "price = 1 or price = 3", "months": ["2026-03"]}, "3"),
        ({"where": "price < 3", "tags": ["a"], "kinds": ["image"]}, "12"),
        ({"kinds": ["speech"]}, ""),
        ({"months": ["x') OR (price > 0"]}, ""),
        ({"tags": ["' OR '1'='1"]}, ""),
    ],
)
def test_all_that_is_asked_for_must_hold(catalog, asked, kept):
    where = narrowed(asked.pop("where", None), **asked)
    assert [one.id[-1] for one in catalog.items(where=where)] == list(kept)


def test_a_condition_that_is_none_is_still_refused(catalog):
    with pytest.raises(BadFilter):
        list(catalog.items(where=narrowed("price <", tags=["a"])))

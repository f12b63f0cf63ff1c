"""Pages put together are the one large page, whatever the ties and what comes or leaves."""

from __future__ import annotations

import base64
import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Hit, Kind
from scrubjay.search.paging import MAX_DEPTH, Cursor, packed, read_page


def hit(item_id, score):
    return Hit(item_id, Kind.IMAGE, f"/{item_id}.png", score, None)


def store_of(hits):
    """The n best of some hits, ties in the order they were put in, as an index may have them."""
    ordered = sorted(hits, key=lambda one: -one.score)
    return lambda n: ordered[:n]


def all_pages(ask, k, **options):
    """Every page of a query, through the text a client is given."""
    after, pages = None, []
    while True:
        page = read_page(ask, k, after=after, **options)
        pages.append(page.hits)
        if page.next is None:
            return pages
        after = Cursor.read(page.next.written("me"), "me")


def reference(hits):
    return sorted(hits, key=lambda one: (-one.score, one.id))


HITS = st.lists(
    st.tuples(st.text("abc", min_size=1, max_size=3), st.sampled_from([0.1, 0.2, 0.5, 0.9])),
    max_size=40,
    unique_by=lambda one: one[0],
)


@given(HITS, st.integers(1, 7))
def test_pages_hold_every_hit_once_in_order_of_score_and_id(made, k):
    hits = [hit(*one) for one in made]
    pages = all_pages(store_of(hits), k)
    assert [one for page in pages for one in page] == reference(hits)
    assert all(len(page) == k for page in pages[:-1])


@given(HITS, st.integers(1, 7))
def test_an_item_is_never_like_itself(made, k):
    hits = [hit(*one) for one in made]
    pages = all_pages(store_of(hits), k, without="a")
    assert [one for page in pages for one in page] == [
        one for one in reference(hits) if one.id != "a"
    ]


def moment(item_id, score, begin):
    return Hit(item_id, Kind.VIDEO, f"/{item_id}.mp4", score, None, start_s=begin, end_s=begin + 5)


MOMENTS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from([0.1, 0.5, 0.9]),
        st.sampled_from([None, 0.0, 5.0, 10.0, 15.0]),
    ),
    max_size=40,
    unique_by=lambda one: (one[0], one[2]),
)


@given(MOMENTS, st.integers(1, 7), st.sampled_from([None, "a"]))
def test_pages_hold_every_moment_once_in_order_of_score_id_and_time(made, k, without):
    hits = [
        hit(f"p{name}", score) if begin is None else moment(name, score, begin)
        for name, score, begin in made
    ]
    pages = all_pages(store_of(hits), k, without=without, without_hits=4)
    ordered = sorted(hits, key=lambda one: (-one.score, one.id, one.start_s or 0.0))
    assert [one for page in pages for one in page] == [one for one in ordered if one.id != without]
    assert all(len(page) == k for page in pages[:-1])


def test_many_moments_of_what_is_left_out_take_no_hit_with_them():
    hits = [moment("like", 0.9, float(n)) for n in range(6_000)]
    hits += [hit(f"other-{n}", 0.5 - n / 1000) for n in range(30)]
    pages = all_pages(store_of(hits), 10, without="like", without_hits=6_000)
    assert [one for page in pages for one in page] == hits[6_000:]


def test_hits_that_came_meanwhile_move_no_other_between_pages():
    hits = [hit(name, score) for name, score in zip("abcdef", (9, 8, 7, 6, 5, 4), strict=True)]
    first = read_page(store_of(hits), 3)
    more = [*hits, hit("new", 8.5)]
    second = read_page(store_of(more), 3, after=first.next)
    assert [one.id for one in (*first.hits, *second.hits)] == list("abcdef")


def test_a_hit_that_left_takes_no_other_with_it():
    hits = [hit(name, score) for name, score in zip("abcdef", (9, 8, 7, 6, 5, 4), strict=True)]
    first = read_page(store_of(hits), 3)
    left = [one for one in hits if one.id != "c"]
    second = read_page(store_of(left), 3, after=first.next)
    assert [one.id for one in second.hits] == list("def")


def test_a_query_is_not_paged_through_without_end():
    deep = Cursor(MAX_DEPTH, 0.5, "a")
    with pytest.raises(WrongUse, match="10,000 hits"):
        read_page(store_of([]), 10, after=deep)


def raw(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "ü",
        "A" * 5000,
        raw({"a": 1}),
        raw(["me", 1, 0.5]),
        raw(["me", 0, 0.5, "a"]),
        raw(["me", True, 0.5, "a"]),
        raw(["me", 1, "0.5", "a"]),
        raw(["me", 1, math.nan, "a"]),
        raw(["me", 1, 0.5, 7]),
        raw(["me", 1, 0.5, "a", "b"]),
        raw(["me", 1, 0.5, "a", math.nan]),
        raw(["me", 1, 0.5, "a", None, "b"]),
        raw(["me", 1, 0.5, "a", None, 0.5, None]),
        raw(["me", 1, 0.5, "a", None, math.inf]),
        "[" * 3000,
    ],
)
def test_what_is_no_cursor_is_refused(text):
    with pytest.raises(WrongUse, match="no cursor"):
        Cursor.read(text, "me")


def test_a_cursor_of_something_else_is_refused():
    with pytest.raises(WrongUse, match="another query"):
        Cursor.read(Cursor(1, 0.5, "a").written("you"), "me")


def test_a_cursor_comes_back_as_it_went():
    for score in (0.123456, -1.0, 1.0, 0.0):
        cursor = Cursor(12, score, "ä/b c")
        assert Cursor.read(cursor.written("me"), "me") == cursor
        for more in ({"moment": 12.25}, {"told": (0.5, -1.0)}, {"moment": 0.1, "told": (1e-9,)}):
            fuller = dataclasses.replace(cursor, **more)
            assert Cursor.read(fuller.written("me"), "me") == fuller
    assert packed("a", 1).isascii()

import os
import threading
from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrubjay.core.errors import BadFilter, Damaged, NotReady, UnknownName, WrongUse
from scrubjay.core.known import Known
from scrubjay.core.types import Item, Kind, Split
from scrubjay.store.catalog import GATHER_ABOVE, Catalog, Changes
from scrubjay.store.table import StoredTable
from tests.store.made import item, names_in, sha


@pytest.fixture
def catalog(tmp_path):
    return Catalog(tmp_path / "home" / "catalog.lance")


def version(catalog):
    return StoredTable(catalog.path, point="").version()


def data_files(catalog):
    return names_in(catalog.path / "data")


RICH = item(
    1,
    uris=("/a/ü 1.png", "file:///b/2.png"),
    captions=("An old man's dog", "second"),
    language="en",
    tags=("beach", "it's"),
    attributes={
        "price": 3,
        "weight": 0.1,
        "sold": True,
        "taken": date(1969, 7, 20),
        "seen": datetime(1959, 1, 2, 3, 4, 5, 678901),
        "colour": "blau/grün",
        "parts": ("a", "b"),
        "none": (),
        "kind": "clashes with a field",
        "my.dotted `name`": "x",
        "Price": "not price",
    },
    phash=2**64 - 1,
    width=640,
    height=480,
)


def test_an_item_comes_back_as_it_went_in(catalog):
    sound = item(2, kind=Kind.SPEECH, split=Split.TEST, duration_s=1.25, phash=0)
    assert catalog.upsert([RICH, sound]) == Changes(2, 0, 0, (RICH.id, sound.id))
    assert catalog.get(RICH.id) == RICH
    assert list(catalog.items()) == [RICH, sound]
    assert Catalog(catalog.path).get(sound.id) == sound
    assert catalog.count() == 2


def test_an_empty_catalog_has_nothing_and_creates_nothing(catalog):
    assert list(catalog.items()) == []
    assert catalog.get("x") is None
    assert catalog.count() == 0
    assert catalog.attribute_types() == {}
    assert catalog.delete(["x"]) == 0
    assert catalog.upsert([]) == Changes()
    known = catalog.known()
    assert known.ids == frozenset()
    assert known.phashes.dtype == Known().phashes.dtype == np.uint64
    assert catalog.snapshots() == ()
    with pytest.raises(NotReady, match="add media first"):
        catalog.snapshot()
    assert not catalog.path.parent.exists()


def test_the_same_items_twice_change_nothing_on_the_disk(catalog):
    items = [RICH, *(item(n, attributes={"price": n}) for n in range(2, 50))]
    catalog.upsert(items)
    before = version(catalog), data_files(catalog)
    assert catalog.upsert(items) == Changes(0, 0, 49)
    assert Catalog(catalog.path).upsert(reversed(items)) == Changes(0, 0, 49)
    assert (version(catalog), data_files(catalog)) == before


def test_only_what_changed_is_written(catalog):
    items = [item(n) for n in range(10)]
    catalog.upsert(items)
    changed = replace(items[3], captions=("new",))
    assert catalog.upsert([*items[:3], changed, *items[4:], item(10)]) == Changes(
        1, 1, 9, (changed.id, item(10).id)
    )
    assert catalog.get(changed.id) == changed


def test_an_attribute_that_left_is_gone(catalog):
    catalog.upsert([item(1, attributes={"price": 1}), item(2, attributes={"price": 2})])
    catalog.upsert([item(1)])
    assert catalog.get(item(1).id).attributes == {}
    assert [one.id for one in catalog.items(where="price IS NULL")] == [item(1).id]


def test_attribute_columns_appear_as_items_bring_them(catalog):
    catalog.upsert([item(1, attributes={"price": 1})])
    assert catalog.attribute_types() == {"price": "int64"}
    catalog.upsert([item(2, attributes={"colour": "red", "taken": date(2026, 1, 1)})])
    assert catalog.attribute_types() == {"price": "int64", "colour": "string", "taken": "date32"}
    assert catalog.get(item(1).id).attributes == {"price": 1}


def test_an_integer_column_becomes_fractions_when_a_fraction_comes(catalog):
    catalog.upsert([item(n, attributes={"price": n}) for n in range(5)])
    catalog.upsert([item(5, attributes={"price": 2.5})])
    assert catalog.attribute_types() == {"price": "float64"}
    assert [one.attributes["price"] for one in catalog.items()] == [0, 1, 2, 3, 4, 2.5]
    assert [one.id for one in catalog.items(where="price > 2")] == [item(n).id for n in (3, 4, 5)]
    before = version(catalog)
    assert catalog.upsert([item(3, attributes={"price": 3})]).unchanged == 1
    assert version(catalog) == before


def test_a_widening_that_would_lose_digits_is_refused_and_nothing_changes(catalog):
    catalog.upsert([item(1, attributes={"code": 2**53 + 1})])
    with pytest.raises(WrongUse, match="'code'"):
        catalog.upsert([item(2, attributes={"code": 0.5})])
    assert [one.attributes for one in catalog.items()] == [{"code": 2**53 + 1}]


def test_a_type_clash_names_the_column_and_nothing_is_written(catalog):
    catalog.upsert([item(1, attributes={"price": 1})])
    before = version(catalog)
    clash = [*(item(n) for n in range(2, 3000)), item(3000, attributes={"price": "cheap"})]
    with pytest.raises(WrongUse, match=r"'price' holds int64.*'cheap'"):
        catalog.upsert(clash)
    assert version(catalog) == before
    assert catalog.count() == 1


def test_attributes_named_like_fields_never_meet_them(catalog):
    named = dict.fromkeys(
        ("id", "kind", "uris", "tags", "month", "attr_x", "wide_x", "x", "X"), "v"
    )
    catalog.upsert([item(1, attributes=named), item(2)])
    assert catalog.get(item(1).id).attributes == named
    assert [one.id for one in catalog.items(where="attributes.kind = 'v'")] == [item(1).id]
    assert [one.id for one in catalog.items(where="kind = 'v'")] == []


def test_upserts_of_many_batches_are_whole(catalog, monkeypatch):
    monkeypatch.setattr("scrubjay.store.catalog.BATCH", 7)
    items = [item(n, tags=(f"t{n % 3}",)) for n in range(50)]
    assert catalog.upsert(items).added == 50
    assert catalog.upsert(items).unchanged == 50
    assert list(catalog.items(ids=[one.id for one in items[::-2]])) == items[1::2]
    assert catalog.delete(one.id for one in items[:20]) == 20
    assert list(catalog.items()) == items[20:]


def test_a_catalog_of_many_small_changes_is_gathered(catalog, monkeypatch):
    monkeypatch.setattr("scrubjay.store.catalog.GATHER_ABOVE", 5)
    for n in range(12):
        catalog.upsert([item(n)])
    assert catalog.count() == 12
    assert StoredTable(catalog.path, point="").small_files() <= 6 < GATHER_ABOVE


def test_items_by_id_are_sorted_and_unknown_ones_passed_over(catalog):
    catalog.upsert([item(n) for n in range(5)])
    wanted = [item(4).id, "nothing", item(1).id, item(4).id, "x' OR '1'='1"]
    assert list(catalog.items(ids=wanted)) == [item(1), item(4)]
    assert list(catalog.items(ids=[])) == []
    assert list(catalog.items(ids=wanted, where="size > 101")) == [item(4)]
    with pytest.raises(BadFilter, match="did you mean size"):
        catalog.items(where="sise > 101")


def test_deleting_forgets_once(catalog):
    catalog.upsert([item(n) for n in range(3)])
    assert catalog.delete([item(1).id, "nothing"]) == 1
    before = version(catalog)
    assert catalog.delete([item(1).id]) == 0
    assert version(catalog) == before
    assert [one.id for one in catalog.items()] == [item(0).id, item(2).id]


# One item, several names


def test_an_item_keeps_the_month_it_was_added_in(catalog):
    catalog.upsert([item(1)])
    assert catalog.upsert([item(1, month="2026-12")]).unchanged == 1
    catalog.upsert([item(1, month="2026-12", sha256=sha("edited"))])
    assert catalog.get(item(1).id).month == "2026-11"


def test_the_same_bytes_under_another_name_are_one_item_with_two_uris(catalog):
    first = item(1, captions=("a dog",), tags=("pets",), attributes={"price": 1}, split=Split.TEST)
    copy = item(
        1,
        uris=("/elsewhere/copy.png",),
        group="other",
        split=Split.TRAIN,
        captions=("ein Hund",),
        attributes={"colour": "brown"},
        language="de",
    )
    catalog.upsert([first])
    assert catalog.upsert([copy]) == Changes(0, 1, 0, (first.id,))
    both = catalog.get(first.id)
    assert both.uris == (first.uri, "/elsewhere/copy.png")
    assert both.captions == ("a dog", "ein Hund")
    assert both.tags == ("pets",)
    assert both.attributes == {"price": 1, "colour": "brown"}
    assert (both.group, both.split) == (first.group, Split.TEST)
    for again in (first, copy):
        assert catalog.upsert([replace(again, language="de")]).unchanged == 1


def test_the_same_name_again_replaces_what_it_said(catalog):
    catalog.upsert([item(1, captions=("a dgo",), tags=("old",), attributes={"price": 1})])
    mended = item(1, captions=("a dog",), split=Split.VAL)
    catalog.upsert([mended])
    assert catalog.get(mended.id) == mended


def test_new_bytes_under_an_id_replace_the_old_ones(catalog):
    catalog.upsert([item(1, captions=("before",))])
    edited = item(1, sha256=sha("edited"), uris=("/new.png",))
    catalog.upsert([edited])
    assert catalog.get(edited.id) == edited


def test_copies_within_one_call_are_joined_and_different_bytes_refused(catalog):
    catalog.upsert([item(1), item(1, uris=("/copy.png",))])
    assert catalog.get(item(1).id).uris == (item(1).uri, "/copy.png")
    with pytest.raises(WrongUse, match="different files with one id"):
        catalog.upsert([item(2), item(2, sha256=sha("other"))])
    assert catalog.get(item(2).id) is None


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"id": ""}, "lacks an id"),
        ({"uris": ()}, "lacks an id, a uri"),
        ({"month": "November"}, "write YYYY-MM"),
        ({"month": "2026-13"}, "write YYYY-MM"),
        ({"uris": (os.fsdecode(b"/caf\xe9.png"),)}, "surrogates not allowed"),
        ({"captions": ("nul \x00",)}, "NUL"),
        ({"phash": -1}, "out of range"),
        ({"phash": 2**64}, "out of range"),
        ({"size": 2**63}, "out of range"),
        ({"attributes": {"price": 2**63}}, "attribute 'price'"),
    ],
)
def test_an_item_that_cannot_be_stored_is_named_and_none_is_written(catalog, fields, says):
    with pytest.raises(WrongUse, match=says):
        catalog.upsert([item(1), item(2, **fields)])
    assert catalog.count() == 0


text = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=5)
texts = st.lists(text, max_size=3, unique=True).map(tuple)
any_item = st.builds(
    Item,
    id=st.sampled_from(["a", "b'c", "d\\e", "ü"]),
    kind=st.sampled_from(Kind),
    uris=st.lists(text.filter(bool), min_size=1, max_size=3, unique=True).map(tuple),
    sha256=st.just(sha("one")),
    group=text.filter(bool),
    split=st.sampled_from(Split),
    month=st.just("2026-11"),
    size=st.integers(0, 2**63 - 1),
    captions=texts,
    language=st.none() | text,
    tags=texts,
    attributes=st.dictionaries(st.sampled_from(["n", "t", "l"]), st.just(None), max_size=3).flatmap(
        lambda chosen: st.fixed_dictionaries(
            {
                name: {
                    "n": st.integers(-(2**53), 2**53) | st.floats(allow_nan=False),
                    "t": text,
                    "l": texts,
                }[name]
                for name in chosen
            }
        )
    ),
    phash=st.none() | st.integers(0, 2**64 - 1),
    width=st.none() | st.integers(1, 2**31),
    height=st.none() | st.integers(1, 2**31),
    duration_s=st.none() | st.floats(0, 1e6),
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(batches=st.lists(st.lists(any_item, max_size=4, unique_by=lambda one: one.id), max_size=3))
def test_whatever_is_upserted_is_there_and_again_changes_nothing(tmp_path_factory, batches):
    catalog = Catalog(tmp_path_factory.mktemp("any") / "catalog.lance")
    latest = {}
    for batch in batches:
        catalog.upsert(batch)
        for one in batch:
            latest[one.id] = one
            there = catalog.get(one.id)
            assert set(one.uris) <= set(there.uris)
            assert set(one.captions) <= set(there.captions)
            assert there.attributes.items() >= one.attributes.items()
            assert there.phash == one.phash
        again = catalog.upsert(batch)
        assert again.unchanged == len(batch)
    assert {one.id for one in catalog.items()} == set(latest)


# What a scan compares with


def test_known_is_what_a_scan_compares_with(catalog):
    items = [
        item(1, group="g", split=Split.TEST, phash=5),
        item(2, group="g", split=Split.TEST, phash=2**63 + 1),
        item(3, group="h", split=Split.VAL),
        item(4, group="i", sha256=sha(1)),
    ]
    catalog.upsert(items)
    known = catalog.known()
    assert known.ids == {one.id for one in items}
    assert known.ids_by_sha256 == {sha(1): items[0].id, sha(2): items[1].id, sha(3): items[2].id}
    assert known.phashes.tolist() == [5, 2**63 + 1]
    assert known.phash_groups == ("g", "g")
    assert known.splits_by_group == {"g": Split.TEST, "h": Split.VAL, "i": Split.TRAIN}


# Writers at the same time


def test_writers_at_the_same_time_lose_nothing(catalog):
    errors = []

    def write(first):
        try:
            mine = Catalog(catalog.path)
            for n in range(first, first + 30, 5):
                mine.upsert(
                    [
                        item(m, attributes={f"column {first}": m, "shared": m})
                        for m in range(n, n + 5)
                    ]
                )
        except Exception as error:  # noqa: BLE001 - reported below
            errors.append(error)

    writers = [threading.Thread(target=write, args=(first,)) for first in (0, 100, 200)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert errors == []
    expected = [item(m).id for first in (0, 100, 200) for m in range(first, first + 30)]
    assert [one.id for one in catalog.items()] == expected
    assert all(len(one.attributes) == 2 for one in catalog.items())


def test_a_damaged_catalog_says_so(catalog):
    catalog.upsert([item(1)])
    for path in (catalog.path / "data").iterdir():
        path.unlink()
    with pytest.raises(Damaged, match=r"catalog\.lance"):
        list(Catalog(catalog.path).items())


def test_a_catalog_whose_creation_was_killed_is_created_again(catalog):
    (catalog.path / "data").mkdir(parents=True)
    assert catalog.count() == 0
    assert catalog.upsert([item(1)]).added == 1


# Snapshots


def test_a_snapshot_lists_what_there_is_and_keeps_its_name(catalog):
    catalog.upsert([item(2, month="2026-10"), item(1, month="2026-09")])
    taken = catalog.snapshot()
    assert taken.ids == (item(1).id, item(2).id)
    assert taken.sha256s == (sha(1), sha(2))
    assert taken.name.startswith("2026-10-")
    assert len(taken.name) == len("2026-10-") + 7
    assert len(taken) == 2
    assert catalog.snapshot() == taken
    assert Catalog(catalog.path).read_snapshot(taken.name) == taken
    assert catalog.snapshots() == (taken.name,)


def test_snapshot_items_are_those_still_there_with_the_same_bytes(catalog):
    catalog.upsert([item(n) for n in range(4)])
    taken = catalog.snapshot()
    catalog.delete([item(0).id])
    catalog.upsert([item(1, sha256=sha("edited")), item(2, captions=("new words",)), item(9)])
    assert catalog.snapshot_items(taken.name) == [item(2, captions=("new words",)), item(3)]
    with pytest.raises(UnknownName, match=taken.name):
        catalog.snapshot_items(taken.name[:-1])


def test_the_snapshot_taken_last_is_named_last_even_when_content_comes_back(catalog):
    catalog.upsert([item(1), item(2)])
    first = catalog.snapshot()
    catalog.delete([item(2).id])
    second = catalog.snapshot()
    assert catalog.snapshots() == (first.name, second.name)
    catalog.upsert([item(2)])
    again = catalog.snapshot()
    assert again.name == first.name
    assert catalog.read_snapshot(again.name) == again
    assert catalog.snapshots() == (second.name, first.name)

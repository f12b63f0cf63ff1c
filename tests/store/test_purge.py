"""A purge leaves nothing of an item on the disk, and everything of the others."""

import threading
from datetime import timedelta

import pytest

from scrubjay.core.config import IndexSettings
from scrubjay.media.layout import Problem
from scrubjay.store.catalog import Catalog
from scrubjay.store.generations import Generations
from scrubjay.store.index import Generation
from scrubjay.store.quarantine import Quarantine
from tests.store.looking import holding, retained, tables_of, vector_of
from tests.store.made import item, rows_of, units

SECRET = "Tante Wilhelmine und der grüne Papagei"
BEFORE = "eine erste Fassung über die Tante"


def secret(**said):
    return item(3, captions=(SECRET,), uris=("/pictures/wilhelmine-0815.png",), **said)


def catalog_with_a_past(path):
    """The item is in an old version, in a hidden row of a file, and in the newest row."""
    catalog = Catalog(path)
    catalog.upsert([item(n) for n in range(40) if n != 3])
    catalog.upsert([item(3, captions=(BEFORE,), uris=("/pictures/wilhelmine-0815.png",))])
    catalog.upsert([secret()])
    catalog.upsert([item(n) for n in range(40, 50)])
    return catalog


def test_nothing_of_a_purged_item_is_left_in_any_file_of_the_catalog(tmp_path):
    catalog = catalog_with_a_past(tmp_path / "catalog.lance")
    needles = [SECRET.encode(), BEFORE.encode(), b"wilhelmine-0815"]
    assert all(holding(tmp_path, one) for one in needles)
    assert catalog.purge(["item-000003", "nobody"]) == 1
    assert not [one for one in needles if holding(tmp_path, one)]
    assert "wilhelmine" not in repr(retained(tmp_path))
    assert list(catalog.items()) == [item(n) for n in range(50) if n != 3]


def test_what_an_item_said_before_goes_though_its_row_moved_on(tmp_path):
    """A hidden row in a file whose other rows are all shown is not cleaned by compacting alone."""
    catalog = Catalog(tmp_path / "catalog.lance")
    catalog.upsert([*(item(n) for n in range(200)), item(500, captions=(BEFORE,))])
    catalog.upsert([item(500, captions=(SECRET,))])
    catalog._table.compact(keep=timedelta(microseconds=1))
    assert holding(tmp_path, SECRET.encode())
    catalog.delete(["item-000500"])
    catalog._table.compact(keep=timedelta(microseconds=1))
    assert holding(tmp_path, SECRET.encode())
    assert catalog.purge(["item-000500"]) == 0
    assert not holding(tmp_path, SECRET.encode())
    assert not holding(tmp_path, BEFORE.encode())
    assert catalog.count() == 200


def test_a_purged_table_keeps_one_version_and_only_files_it_names(tmp_path):
    catalog = catalog_with_a_past(tmp_path / "catalog.lance")
    catalog.purge(["item-000003"])
    (table,) = tables_of(tmp_path)
    (manifest,) = (table / "_versions").glob("*.manifest")
    named = manifest.read_bytes()
    assert [one.name for one in (table / "data").iterdir() if one.name.encode() not in named] == []
    assert list((table / "_deletions").glob("*")) == []


def test_nothing_of_a_purged_vector_is_left_in_a_generation_or_its_index(tmp_path):
    generations = Generations(tmp_path, IndexSettings(exact_below=100))
    made = generations.create("v1", dim=16, attribute_types={})
    vectors = units(400, 16)
    items = [secret() if n == 3 else item(n) for n in range(400)]
    for first in range(0, 400, 100):
        made.add(rows_of(items[first : first + 100]), vectors[first : first + 100])
    made.optimise()
    made.describe([secret(tags=("parrot",))])
    indexes = set((tmp_path / "v1.lance" / "_indices").iterdir())
    assert indexes
    needles = [vector_of(made, "item-000003"), SECRET.encode(), b"parrot"]
    assert all(holding(tmp_path, one) for one in needles)
    assert made.purge(["item-000003"]) == 1
    assert not [one for one in needles if holding(tmp_path, one)]
    left = set((tmp_path / "v1.lance" / "_indices").iterdir())
    assert left
    assert not left & indexes
    opened = generations.open("v1")
    assert opened.count() == 399
    for n in (0, 2, 4, 99, 100, 399):
        assert opened.search(vectors[n], 1)[0].id == item(n).id
    assert all(one.id != "item-000003" for one in opened.search(vectors[3], 20))


def test_an_index_is_dropped_when_few_rows_are_left(tmp_path):
    generations = Generations(tmp_path, IndexSettings(exact_below=300))
    made = generations.create("v1", dim=16, attribute_types={})
    vectors = units(300, 16)
    made.add(rows_of([item(n) for n in range(300)]), vectors)
    made.optimise()
    assert list((tmp_path / "v1.lance" / "_indices").iterdir())
    made.purge([item(n).id for n in range(10)])
    assert not any((tmp_path / "v1.lance" / "_indices").rglob("*.idx"))
    assert made.search(vectors[20], 1)[0].id == item(20).id


def test_purging_everything_and_nothing(tmp_path):
    catalog = Catalog(tmp_path / "catalog.lance")
    assert catalog.purge(["item-000001"]) == 0
    catalog.upsert([item(n) for n in range(5)])
    assert catalog.purge([]) == 0
    assert catalog.purge([item(n).id for n in range(5)]) == 5
    assert catalog.count() == 0
    assert catalog.upsert([item(9)]).added == 1


def test_a_purged_note_leaves_the_quarantine_and_the_others_stay(tmp_path):
    quarantine = Quarantine(tmp_path / "quarantine.lance")
    assert quarantine.purge(lambda one: True) == 0
    problems = [Problem(f"{n}.png", "truncated") for n in range(20)]
    quarantine.replace("/root", [*problems, Problem("it's-secret.png", "gone")], month="2026-11")
    assert holding(tmp_path, b"it's-secret.png")
    assert quarantine.purge(lambda one: one.path == "it's-secret.png") == 1
    assert not holding(tmp_path, b"it's-secret.png")
    assert sorted(one.path for one in quarantine.all()) == sorted(one.path for one in problems)


@pytest.mark.parametrize("exact_below", [10, 10_000])
def test_searches_go_on_while_another_purges(tmp_path, exact_below):
    settings = IndexSettings(exact_below=exact_below)
    vectors = units(300, 16)
    made = Generations(tmp_path, settings).create("v1", dim=16, attribute_types={})
    made.add(rows_of([item(n) for n in range(300)]), vectors)
    made.optimise()
    other = Generation(tmp_path / "v1.lance", settings)
    wrong, stop = [], threading.Event()

    def search():
        while not stop.is_set():
            try:
                found = other.search(vectors[299], 3)[0].id
                counted = other.count()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
                wrong.append(error)
                return
            if found != item(299).id or not 294 <= counted <= 300:
                wrong.append((found, counted))

    thread = threading.Thread(target=search)
    thread.start()
    for n in range(6):
        made.purge([item(n).id])
    stop.set()
    thread.join()
    assert wrong == []
    assert made.count() == 294

import os
import threading
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from scrubjay.core.config import IndexSettings
from scrubjay.core.errors import BadFilter, WrongUse
from scrubjay.core.types import Kind, Modality, Split
from scrubjay.store.generations import Generations
from scrubjay.store.index import Row
from scrubjay.store.partitions import partitioned
from scrubjay.store.table import StoredTable
from tests.store.made import item, rows_of, sha, units

DIM = 16


@pytest.fixture
def generations(tmp_path):
    return Generations(tmp_path / "generations")


@pytest.fixture
def generation(generations):
    return generations.create("v1", dim=DIM, attribute_types={"price": "int64"})


def version(generation):
    return StoredTable(generation._table.path, point="").version()


def ids(found):
    return [one.id for one in found]


ITEMS = [
    item(
        n,
        kind=Kind.SPEECH if n % 3 == 0 else Kind.IMAGE,
        tags=("even",) if n % 2 == 0 else (),
        captions=(f"caption {n}", "second"),
        attributes={"price": n, "taken": date(2026, 1, 1 + n % 28)},
        split=Split.TEST if n % 5 == 0 else Split.TRAIN,
    )
    for n in range(100)
]
VECTORS = units(100, DIM)


def even(one):
    return "even" in one.tags


def price(one):
    return one.attributes["price"]


@pytest.fixture
def filled(generation):
    generation.add(rows_of(ITEMS), VECTORS)
    return generation


def test_what_was_added_is_found_with_all_it_shows(generations, filled):
    for one in (filled, generations.open("v1")):
        (found,) = one.search(VECTORS[7], 1)
        assert found.id == ITEMS[7].id
        assert found.kind is Kind.IMAGE
        assert found.uri == ITEMS[7].uri
        assert found.caption == "caption 7"
        assert found.attributes == ITEMS[7].attributes
        assert found.modality is Modality.IMAGE
        assert found.version == "v1"
        assert (found.start_s, found.end_s) == (None, None)
        assert found.score == pytest.approx(1.0, abs=1e-6)


def test_scores_are_the_exact_cosines_best_first(filled):
    query = units(1, DIM, seed=9)[0]
    cosines = VECTORS.astype(np.float64) @ query.astype(np.float64)
    best = np.argsort(-cosines)[:10]
    found = filled.search(query * 37, 10)
    assert ids(found) == [ITEMS[n].id for n in best]
    assert [one.score for one in found] == pytest.approx(cosines[best].tolist(), abs=1e-6)


@pytest.mark.parametrize(
    ("options", "keeps"),
    [
        ({"kinds": frozenset({Kind.SPEECH})}, lambda one: one.kind is Kind.SPEECH),
        ({"kinds": frozenset(Kind)}, lambda _: True),
        ({"kinds": frozenset()}, lambda _: False),
        ({"where": "tag = 'even' AND price > 50"}, lambda one: even(one) and price(one) > 50),
        (
            {"where": "taken < '2026-01-03' OR split = 'test'"},
            lambda one: one.attributes["taken"] < date(2026, 1, 3) or one.split is Split.TEST,
        ),
        ({"where": "version = 'v1' AND modality = 'image' AND start_s IS NULL"}, lambda _: True),
        (
            {"where": "tag = 'even'", "kinds": frozenset({Kind.IMAGE})},
            lambda one: even(one) and one.kind is Kind.IMAGE,
        ),
        ({"where": "price < 0"}, lambda _: False),
    ],
)
@pytest.mark.parametrize("exact_below", [1000, 0])
def test_filters_apply_before_the_best_are_chosen(tmp_path, filled, options, keeps, exact_below):
    opened = Generations(tmp_path / "generations", IndexSettings(exact_below=exact_below)).open(
        "v1"
    )
    query = units(1, DIM, seed=3)[0]
    order = np.argsort(-(VECTORS @ query))
    expected = [ITEMS[n].id for n in order if keeps(ITEMS[n])][:20]
    assert ids(opened.search(query, 20, **options)) == expected


def test_a_filter_that_names_no_column_says_so(filled):
    with pytest.raises(BadFilter, match="did you mean price"):
        filled.search(VECTORS[0], 1, where="prise > 3")


def long_recording(n, count):
    """An item with one row a window."""
    sound = item(n, kind=Kind.SPEECH, duration_s=10.0 * count)
    return [Row(sound, Modality.SPEECH, "v1", 10.0 * m, 10.0 * (m + 1)) for m in range(count)]


@pytest.mark.parametrize("exact_below", [1000, 0])
def test_an_item_is_found_once_by_its_best_row_however_many_rows_it_has(
    tmp_path, generation, exact_below
):
    rows = [row for n in range(5) for row in long_recording(n, 40)]
    vectors = units(200, DIM, seed=4)
    query = units(1, DIM, seed=5)[0]
    vectors[:40] = query + 0.01 * vectors[:40]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    generation.add(rows, vectors)
    opened = Generations(tmp_path / "generations", IndexSettings(exact_below=exact_below)).open(
        "v1"
    )
    found = opened.search(query, 3)
    cosines = vectors @ query
    best = {n: 40 * n + int(np.argmax(cosines[40 * n : 40 * n + 40])) for n in range(5)}
    order = sorted(best, key=lambda n: -cosines[best[n]])[:3]
    assert ids(found) == [item(n).id for n in order]
    assert [one.start_s for one in found] == [rows[best[n]].start_s for n in order]
    assert [one.end_s for one in found] == [rows[best[n]].end_s for n in order]
    assert len(opened.search(query, 50)) == 5


def test_adding_an_item_again_replaces_all_its_rows_in_one_commit(generation):
    generation.add([*long_recording(1, 5), *long_recording(2, 2)], units(7, DIM))
    before = version(generation)
    generation.add([*long_recording(1, 3), *long_recording(3, 1)], units(4, DIM, seed=1))
    assert version(generation) == before + 1
    assert generation.count() == 3 + 2 + 1
    assert set(generation.embedded()) == {item(n).id for n in (1, 2, 3)}


def test_what_is_embedded_follows_every_change_by_whomever(generations, generation):
    other = generations.open("v1")
    assert generation.embedded() == {}
    generation.add(rows_of(ITEMS[:5]), VECTORS[:5])
    assert generation.embedded() == other.embedded() == {one.id: one.sha256 for one in ITEMS[:5]}
    other.add(rows_of([replace(ITEMS[0], sha256=sha("new")), ITEMS[6]]), VECTORS[:2])
    other.delete([ITEMS[1].id, "nothing"])
    generation.add(rows_of([ITEMS[7]]), VECTORS[7:8])
    expected = {one.id: one.sha256 for one in (*ITEMS[2:5], ITEMS[6], ITEMS[7])}
    assert generation.embedded() == {**expected, ITEMS[0].id: sha("new")}
    generation.embedded().clear()
    assert len(generation.embedded()) == 6


def test_a_search_sees_what_another_writer_just_did(generations, filled):
    serving = generations.open("v1")
    assert ids(serving.search(VECTORS[3], 1)) == [ITEMS[3].id]
    filled.delete([ITEMS[3].id])
    assert ids(serving.search(VECTORS[3], 1)) != [ITEMS[3].id]
    filled.add(rows_of([item(500)]), VECTORS[3:4])
    assert ids(serving.search(VECTORS[3], 1)) == [item(500).id]


def test_searches_while_another_thread_writes_are_always_of_one_version(generations, filled):
    stop, wrong = threading.Event(), []

    def search():
        serving = generations.open("v1")
        while not stop.is_set():
            for where in (None, "price >= 0"):
                found = serving.search(VECTORS[0], 5, where=where)
                if len(found) != 5 or found[0].id != ITEMS[0].id:
                    wrong.append(found)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for n in range(15):
        extra = [item(1000 + n, attributes={"price": 1})]
        filled.add(rows_of(extra), -VECTORS[:1])
        if n % 5 == 4:
            filled._table.compact(keep=timedelta(hours=1))
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_descriptions_follow_the_catalog_without_embedding_again(generations, filled):
    mended = replace(ITEMS[3], captions=("mended",), tags=("x",), attributes={"colour": "red"})
    edited = replace(ITEMS[4], sha256=sha("edited"), captions=("other bytes",))
    assert filled.describe([mended, edited, item(999), *ITEMS[5:]]) == 1
    (found,) = generations.open("v1").search(VECTORS[3], 1)
    assert (found.caption, found.attributes) == ("mended", {"colour": "red"})
    assert found.score == pytest.approx(1.0, abs=1e-6)
    assert ids(filled.search(VECTORS[3], 1, where="tag = 'x' AND colour = 'red'")) == [ITEMS[3].id]
    assert filled.search(VECTORS[4], 1)[0].caption == "caption 4"
    assert filled.count() == 100
    before = version(filled)
    assert filled.describe([mended, *ITEMS[5:]]) == 0
    assert version(filled) == before


def test_how_many_rows_there_are_of_a_kind_follows_every_change(generations, filled):
    other = generations.open("v1")
    spoken = sum(one.kind is Kind.SPEECH for one in ITEMS)
    assert other.kinds() == {Kind.SPEECH: spoken, Kind.IMAGE: 100 - spoken}
    filled.delete([one.id for one in ITEMS if one.kind is Kind.SPEECH])
    assert other.kinds() == filled.kinds() == {Kind.IMAGE: 100 - spoken}
    assert generations.create("v2", dim=4, attribute_types={}).kinds() == {}


def test_views_of_some_items_are_their_stored_vectors_by_modality(generation):
    spoken = [replace(row, modality=Modality.SPEECH) for row in rows_of(ITEMS[:5])]
    generation.add([*spoken, *rows_of(ITEMS[5:])], VECTORS)
    wanted = [ITEMS[n].id for n in (3, 6, 7)]
    views = generation.views([*wanted, "unknown"])
    assert {modality: found for modality, (found, _) in views.items()} == {
        Modality.SPEECH: wanted[:1],
        Modality.IMAGE: wanted[1:],
    }
    by_id = {one.id: VECTORS[n] for n, one in enumerate(ITEMS)}
    for found, vectors in views.values():
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(vectors, [by_id[one] for one in found], atol=1e-6)
    assert generation.views([]) == {}


def test_attributes_appear_and_widen_as_rows_bring_them(filled):
    filled.add(rows_of([item(200, attributes={"price": 0.5, "colour": "red"})]), VECTORS[:1])
    assert filled.attribute_types() == {"price": "float64", "taken": "date32", "colour": "string"}
    assert ids(filled.search(VECTORS[0], 5, where="price = 0.5")) == [item(200).id]
    with pytest.raises(WrongUse, match="'price'"):
        filled.add(rows_of([item(201, attributes={"price": "cheap"})]), VECTORS[:1])
    assert filled.count() == 101


@pytest.mark.parametrize(
    ("rows", "vectors", "says"),
    [
        (rows_of(ITEMS[:2]), VECTORS[:3], "shape"),
        (rows_of(ITEMS[:2]), VECTORS[:2, :4], "shape"),
        (rows_of(ITEMS[:2]), VECTORS[:2] * 2, "unit vectors"),
        (rows_of(ITEMS[:2]), VECTORS[:2] * np.nan, "unit vectors"),
        (rows_of(ITEMS[:2]), VECTORS[:2] * 0, "unit vectors"),
        (rows_of([ITEMS[0], ITEMS[0]]), VECTORS[:2], "each span once"),
        (rows_of([item(1, uris=())]), VECTORS[:1], "lacks an id, a uri"),
    ],
)
def test_rows_that_cannot_be_are_refused_and_none_is_written(generation, rows, vectors, says):
    with pytest.raises(WrongUse, match=says):
        generation.add(rows, vectors)
    assert generation.count() == 0


@pytest.mark.parametrize(
    ("vector", "k"),
    [
        (VECTORS[0, :4], 1),
        (VECTORS[0] * 0, 1),
        (VECTORS[0] * np.inf, 1),
        (VECTORS[:2], 1),
        (VECTORS[0], 0),
    ],
)
def test_queries_that_cannot_be_are_refused(filled, vector, k):
    with pytest.raises(WrongUse):
        filled.search(vector, k)


def test_a_query_is_left_as_it_was(filled):
    query = VECTORS[0] * np.float32(3)
    kept = query.copy()
    filled.search(query, 1)
    np.testing.assert_array_equal(query, kept)


def test_an_empty_generation_finds_nothing(generation):
    assert generation.search(VECTORS[0], 5) == []
    assert generation.search(VECTORS[0], 5, where="price > 1") == []
    assert generation.count() == 0
    generation.add([], VECTORS[:0])
    generation.describe([])
    generation.delete([])
    generation.optimise()
    generation.sync()


def test_sync_flushes_every_file(filled, monkeypatch):
    flushed, fsync = set(), os.fsync

    def spy(descriptor):
        flushed.add(os.path.realpath(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", spy)
    filled.sync()
    path = filled._table.path
    assert {str(one) for one in (path, path.parent, *path.rglob("*"))} <= flushed


# The approximate index


@pytest.fixture
def large(tmp_path):
    """3,000 clustered vectors, the index built."""
    settings = IndexSettings(exact_below=1000)
    made = Generations(tmp_path / "generations", settings).create("v1", dim=DIM, attribute_types={})
    random = np.random.default_rng(0)
    vectors = units(60, DIM)[random.integers(60, size=3000)] + 0.2 * random.standard_normal(
        (3000, DIM)
    )
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    items = [item(n, tags=(f"t{n % 10}",)) for n in range(3000)]
    made.add(rows_of(items), vectors)
    made.optimise()
    return made, items, vectors


def exact(vectors, query, k):
    return [f"item-{n:06d}" for n in np.argsort(-(vectors @ query))[:k]]


def test_a_large_generation_gets_an_index_whose_scores_are_exact_cosines(large):
    generation, _, vectors = large
    assert partitioned(generation._table).partitions == 1
    hits = 0
    for n in range(20):
        query = units(1, DIM, seed=n)[0]
        found = generation.search(query, 10)
        hits += len(set(ids(found)) & set(exact(vectors, query, 10)))
        cosines = [float(vectors[int(one.id[5:])] @ query) for one in found]
        assert [one.score for one in found] == pytest.approx(cosines, abs=2e-6)
        assert cosines == sorted(cosines, reverse=True)
    assert hits / 200 >= 0.95


def test_rows_added_after_the_index_was_built_are_found_and_deleted_ones_are_not(large):
    generation, items, vectors = large
    new = units(3, DIM, seed=77)
    generation.add(rows_of([item(5000 + n) for n in range(3)]), new)
    generation.add(rows_of([replace(items[0], sha256=sha("new"))]), -vectors[:1])
    assert partitioned(generation._table).unindexed == 4
    for n in range(3):
        assert ids(generation.search(new[n], 1)) == [item(5000 + n).id]
    assert ids(generation.search(-vectors[0], 1)) == [items[0].id]
    assert items[0].id not in ids(generation.search(vectors[0], 50))
    generation.delete([items[1].id])
    assert items[1].id not in ids(generation.search(vectors[1], 50))


def test_a_narrow_filter_finds_as_many_as_there_are(large):
    generation, items, _ = large
    query = units(1, DIM, seed=3)[0]
    assert len(generation.search(query, 300, where="tag = 't3'")) == 300
    assert ids(generation.search(query, 5, where=f"id = '{items[17].id}'")) == [items[17].id]


def test_optimising_twice_changes_nothing(large):
    generation, _, _ = large
    before = version(generation)
    generation.optimise()
    assert version(generation) == before


def test_many_new_rows_are_taken_into_the_index(large):
    generation, _, _ = large
    generation.add(rows_of([item(5000 + n) for n in range(200)]), units(200, DIM, seed=8))
    assert partitioned(generation._table).unindexed == 200
    generation.optimise()
    assert partitioned(generation._table).unindexed == 0


def test_an_outgrown_index_is_built_anew_and_the_old_one_dropped(large, monkeypatch):
    generation, _, vectors = large
    monkeypatch.setattr("scrubjay.store.partitions.PARTITION_ROWS", 500)
    generation.optimise()
    assert partitioned(generation._table).partitions == 6
    assert len(generation._table.current().list_indices()) == 1
    assert ids(generation.search(vectors[5], 1)) == [item(5).id]

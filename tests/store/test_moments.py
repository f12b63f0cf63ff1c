"""Videos in a generation: found by moment, by each clue alone, in each of the three ways."""

import time

import numpy as np
import pytest

from scrubjay.core.config import IndexSettings
from scrubjay.core.errors import BadFilter, UnknownItem, WrongUse
from scrubjay.core.types import Clue, Kind, Modality
from scrubjay.store.background import SAMPLE, sampled
from scrubjay.store.generations import Generations
from scrubjay.store.index import Generation, Row
from scrubjay.store.nearest import Nearest
from scrubjay.store.rows import CLUE_FIELDS, StoredMoment
from tests.store.films import TOWER, begun_earlier, film, film_rows, naive, some_rows
from tests.store.killing import killed, run
from tests.store.made import item, rows_of, units
from tests.store.test_carried import Turn, carried, stored

DIM = 16
WAYS = ("exact", "index", "held")


def searched(tmp_path, rows, vectors, way):
    """A generation that holds rows and looks for them in one of the three ways."""
    settings = IndexSettings(exact_below=10**6 if way == "exact" else 0)
    made = Generations(tmp_path / way, settings).create("v1", dim=DIM, attribute_types={})
    made.add(rows, vectors)
    if way == "held":
        hold(made)
    return made


def hold(generation):
    generation.hold(most_bytes=2**30)
    deadline = time.monotonic() + 120
    while not generation.in_memory:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def places(found):
    return [(one.id, None if one.moment is None else one.moment[0]) for one in found]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(3))
def test_every_way_finds_the_moments_that_looking_at_every_row_finds(tmp_path, way, seed):
    rows = some_rows(seed)
    vectors = units(len(rows), DIM, seed)
    generation = searched(tmp_path, rows, vectors, way)
    for turn, k in enumerate((1, 5, 100)):
        query = units(1, DIM, 100 * seed + turn)[0]
        expected = naive(rows, vectors, query, k)
        found = generation.search(query, k)
        assert places(found) == [one[:2] for one in expected]
        assert [one.score for one in found] == pytest.approx([one[2] for one in expected], abs=1e-5)
        for one, (*_, place) in zip(found, expected, strict=True):
            row = rows[place]
            assert (one.start_s, one.end_s, one.clue, one.text, one.moment) == (
                row.start_s,
                row.end_s,
                row.clue,
                row.text,
                row.moment,
            )


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("how", "keeps"),
    [
        ({}, lambda row: True),
        ({"kinds": frozenset({Kind.VIDEO})}, lambda row: row.item.kind is Kind.VIDEO),
        ({"kinds": frozenset({Kind.IMAGE})}, lambda row: row.item.kind is Kind.IMAGE),
        ({"kinds": frozenset({Kind.IMAGE, Kind.VIDEO})}, lambda row: True),
        ({"where": "clue = 'said'"}, lambda row: row.clue is Clue.SAID),
        (
            {"where": "id = 'item-000001'", "kinds": frozenset({Kind.VIDEO})},
            lambda row: row.item.id == "item-000001",
        ),
    ],
)
def test_every_clue_is_searched_for_itself(tmp_path, way, how, keeps):
    rows = some_rows(5)
    vectors, query = units(len(rows), DIM, 5), units(1, DIM, 6)[0]
    generation = searched(tmp_path, rows, vectors, way)
    for k in (2, 50):
        found = generation.search_clues(query, k, **how)
        for clue in (None, *Clue):
            expected = naive(
                rows, vectors, query, k, keeps=lambda row, c=clue: row.clue is c and keeps(row)
            )
            assert places(found.get(clue, [])) == [one[:2] for one in expected]


def test_what_clues_say_already_asks_no_index(tmp_path, monkeypatch):
    rows = some_rows(3)
    generation = searched(tmp_path, rows, units(len(rows), DIM), "held")
    monkeypatch.setattr(Nearest, "_candidates", None)
    query = units(1, DIM, 1)[0]
    assert set(generation.search_clues(query, 3)) == {None, *Clue}
    assert set(generation.search_clues(query, 3, kinds=frozenset({Kind.VIDEO}))) == set(Clue)


@pytest.mark.parametrize("way", WAYS)
def test_of_a_moment_the_best_row_of_every_clue_is_told_however_far(tmp_path, way):
    rows = some_rows(7)
    vectors, query = units(len(rows), DIM, 7), units(1, DIM, 8)[0]
    generation = searched(tmp_path, rows, vectors, way)
    moments = sorted({(row.item.id, row.moment[0]) for row in rows if row.moment})
    found = generation.clues_of(query, [*moments, ("item-000000", 999.0), ("nobody", 0.0)])
    assert found.pop(("item-000000", 999.0)) == found.pop(("nobody", 0.0)) == []
    assert sorted(found) == moments
    for moment, clues in found.items():
        best = {}
        scores = vectors @ query
        for place in np.argsort(-scores, kind="stable"):
            row = rows[place]
            if row.moment and (row.item.id, row.moment[0]) == moment:
                best.setdefault(row.clue, (row.clue, row.start_s, row.text, float(scores[place])))
        told = [(one.clue, one.start_s, one.text) for one in clues]
        assert told == [one[:3] for one in best.values()]
        scored = [one[3] for one in best.values()]
        assert [one.score for one in clues] == pytest.approx(scored, abs=1e-5)


@pytest.mark.parametrize("way", WAYS)
def test_clues_are_those_there_are_and_change_with_the_rows(tmp_path, way):
    generation = searched(tmp_path, rows_of([item(n) for n in range(4)]), units(4, DIM), way)
    assert generation.clues() == frozenset()
    assert generation.background() == {}
    rows = [row for row in film_rows(9, 4, np.random.default_rng(0)) if row.clue is not Clue.READ]
    generation.add(rows, units(len(rows), DIM, 1))
    assert generation.clues() == {row.clue for row in rows}
    assert set(generation.background()) == {TOWER[row.clue] for row in rows}
    generation.delete([film(9).id])
    assert generation.clues() == frozenset()


def test_the_background_is_a_lot_of_rows_that_other_rows_hardly_change(tmp_path):
    random = np.random.default_rng(2)
    rows = [row for n in range(8) for row in film_rows(n, 60, random)]
    vectors = units(len(rows), DIM, 2)
    generation = searched(tmp_path, rows, vectors, "exact")
    before = generation.background()
    for modality, sample in before.items():
        mine = [n for n, row in enumerate(rows) if row.modality is modality]
        assert len(sample) == min(SAMPLE, len(mine))
        assert (sample @ vectors[mine].T).max(axis=1) == pytest.approx(1, abs=1e-6)
    again = sampled(generation._table, DIM)
    more = film_rows(99, 4, random)
    generation.add([*more, *rows_of([item(500)])], units(len(more) + 1, DIM, 3))
    for modality, sample in before.items():
        np.testing.assert_array_equal(sample, again[modality])
        kept = {tuple(one) for one in sample} & {
            tuple(one) for one in generation.background()[modality]
        }
        assert len(kept) > 0.9 * len(sample)


def test_an_item_tells_its_moments_in_order_of_time_each_with_its_rows(tmp_path):
    rows = film_rows(1, 5, np.random.default_rng(1))
    turned = [*reversed(rows), *rows_of([item(2)])]
    generation = searched(tmp_path, turned, units(len(turned), DIM), "exact")
    moments = generation.moments(film(1).id)
    assert all(isinstance(one, StoredMoment) for one in moments)
    assert [(one.start_s, one.end_s) for one in moments] == [
        (10.0 * n, 10.0 * (n + 1)) for n in range(5)
    ]
    told = [
        (span.modality, span.start_s, span.end_s, span.clue, span.text, span.moment)
        for one in moments
        for span in one.spans
    ]
    assert told == [
        (row.modality, row.start_s, row.end_s, row.clue, row.text, row.moment) for row in rows
    ]
    assert [one for moment in moments for one in moment.spans] == generation.spans(film(1).id)
    assert generation.moments(item(2).id) == generation.moments("nobody") == ()


def test_vectors_of_a_video_are_those_of_one_tower(tmp_path):
    rows = film_rows(1, 6, np.random.default_rng(1))
    vectors = units(len(rows), DIM)
    generation = searched(tmp_path, rows, vectors, "exact")
    seen = [n for n, row in enumerate(rows) if row.clue is Clue.SEEN]
    np.testing.assert_allclose(generation.vectors(film(1).id), vectors[seen], atol=1e-6)
    heard = [n for n, row in enumerate(rows) if row.clue is not Clue.SEEN]
    generation.add([rows[n] for n in heard], vectors[heard])
    only = [n for n in heard if rows[n].clue is Clue.HEARD]
    np.testing.assert_allclose(generation.vectors(film(1).id), vectors[only], atol=1e-6)
    with pytest.raises(UnknownItem):
        generation.vectors("nobody")


def test_a_video_is_described_replaced_counted_and_forgotten_whole(tmp_path):
    random = np.random.default_rng(4)
    rows = [*film_rows(1, 5, random), *film_rows(2, 3, random), *rows_of([item(3)])]
    generation = searched(tmp_path, rows, units(len(rows), DIM), "exact")
    one, two = (sum(row.item.id == film(n).id for row in rows) for n in (1, 2))
    assert generation.kinds() == {Kind.VIDEO: one + two, Kind.IMAGE: 1}
    assert generation.embedded() == {each.id: each.sha256 for each in (film(1), film(2), item(3))}
    said = film(1, captions=("the sea",), attributes={"price": 3})
    assert generation.describe([said, film(2), item(3)]) == one
    assert generation.describe([said, film(2), item(3)]) == 0
    assert {each.captions for each in generation.items([said.id])} == {("the sea",)}
    assert len(generation.moments(said.id)) == 5
    shorter = film_rows(1, 2, random, sha256="other")
    generation.add(shorter, units(len(shorter), DIM, 5))
    assert len(generation.spans(film(1).id)) == len(shorter)
    assert generation.purge([film(1).id]) == 1
    assert generation.spans(film(1).id) == []
    assert generation.count() == two + 1
    assert {one for modality in generation.views([film(2).id]).values() for one in modality[0]} == {
        film(2).id
    }


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"moment": (0.0, float("nan"))}, "moment"),
        ({"moment": (5.0, 1.0)}, "moment lasts from 5.0 to 1.0"),
        ({"text": "\ud800"}, "words"),
        ({"text": "a\x00b"}, "NUL"),
    ],
)
def test_what_a_moment_cannot_be_is_refused_by_name(tmp_path, row, why):
    generation = searched(tmp_path, [], np.empty((0, DIM), np.float32), "exact")
    bad = Row(film(1), Modality.TEXT, "v1", 0.0, 1.0, Clue.SAID, **{"moment": (0.0, 2.0), **row})
    with pytest.raises(WrongUse, match=why):
        generation.add([bad], units(1, DIM))


OLD_SETTINGS = [IndexSettings(), IndexSettings(exact_below=0)]


@pytest.mark.parametrize("settings", OLD_SETTINGS, ids=["exact", "index"])
def test_a_generation_begun_before_there_were_videos_goes_on_and_grows(tmp_path, settings):
    old = begun_earlier(tmp_path / "v1.lance", DIM, settings)
    items = [item(n, captions=(f"caption {n}",)) for n in range(10)]
    vectors = units(10, DIM)
    old.add(rows_of(items), vectors)
    assert set(CLUE_FIELDS).isdisjoint(old._table.schema().names)
    assert places(old.search(vectors[3], 1)) == [(items[3].id, None)]
    assert old.clues() == frozenset()
    assert old.search_clues(vectors[3], 1)[None][0].id == items[3].id
    assert old.search(vectors[3], 1, where="start_s IS NULL AND modality = 'image'")
    assert old.describe([item(3, captions=("new",))]) == 1
    (span,) = old.spans(items[3].id)
    assert (span.clue, span.text, span.moment) == (None, None, None)
    assert old.moments(items[3].id) == ()
    assert len(old.vectors(items[3].id)) == 1
    assert list(old.views([items[3].id])) == [Modality.IMAGE]
    with pytest.raises(BadFilter, match="clue"):
        old.search(vectors[3], 1, where="clue = 'said'")
    before = old._table.version()
    old.add(rows_of([item(20)]), units(1, DIM, 2))
    assert old._table.version() == before + 1
    rows = film_rows(50, 6, np.random.default_rng(3))
    made = units(len(rows), DIM, 3)
    old.add(rows, made)
    for opened in (old, Generation(tmp_path / "v1.lance", settings)):
        assert opened.clues() == {row.clue for row in rows}
        assert len(opened.moments(film(50).id)) == 6
        said = next(n for n, row in enumerate(rows) if row.clue is Clue.SAID)
        (found,) = opened.search(made[said], 1, where="clue = 'said'")
        assert (found.text, found.moment) == (rows[said].text, rows[said].moment)
        assert places(opened.search(vectors[3], 1)) == [(items[3].id, None)]
        assert opened.embedded().keys() == {one.id for one in (*items, item(20), film(50))}
    hold(old) if settings.exact_below == 0 else None
    assert places(old.search(vectors[3], 1)) == [(items[3].id, None)]


def test_rows_are_carried_between_generations_of_before_and_after(tmp_path):
    old = begun_earlier(tmp_path / "v1.lance", 8, IndexSettings())
    old.add(rows_of([item(n) for n in range(5)]), units(5, 8))
    generations = Generations(tmp_path)
    new = generations.create("v2", dim=6, attribute_types={})
    maps = {modality: Turn() for modality in Modality}
    assert carried(old, new, maps) == 5
    assert new.clues() == frozenset()
    rows = film_rows(50, 6, np.random.default_rng(3))
    old.add(rows, units(len(rows), 8, 1))
    assert carried(old, new, maps, page_rows=3) == len(rows)
    assert new.spans(film(50).id) == old.spans(film(50).id)
    before = begun_earlier(tmp_path / "v3.lance", 6, IndexSettings(), version="v2")
    assert carried(old, before, maps) == 5 + len(rows)
    kept = [*CLUE_FIELDS, "start_s", "end_s", "id", "modality"]
    assert {key: [row[name] for name in kept] for key, row in stored(before).items()} == {
        key: [row[name] for name in kept] for key, row in stored(old).items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("point", ["before_commit", "after_commit"])
@pytest.mark.parametrize("nth", [1, 2])
def test_killed_while_the_first_video_comes_the_generation_is_as_before_or_has_it(
    tmp_path, point, nth
):
    """Two commits: the columns, the rows."""
    made = begun_earlier(tmp_path / "generations" / "v1.lance", 8, IndexSettings())
    vectors = units(10, 8)
    made.add(rows_of([item(n) for n in range(10)]), vectors)
    assert killed("add_film", tmp_path, f"generation.{point}", nth)
    opened = Generations(tmp_path / "generations").open("v1")
    there = bool(opened.spans(film(50).id))
    assert there == (nth == 2 and point == "after_commit")
    assert opened.clues() == (set(Clue) if there else set())
    assert [opened.search(one, 1)[0].id for one in vectors] == [item(n).id for n in range(10)]
    assert run("add_film", tmp_path) == 0
    again = Generations(tmp_path / "generations").open("v1")
    assert len(again.moments(film(50).id)) == 6
    assert again.embedded().keys() == {one.id for one in (*map(item, range(10)), film(50))}

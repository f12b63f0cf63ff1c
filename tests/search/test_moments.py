"""Moments among hits: on one scale with pictures, a page at a time, with what speaks for them."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.core.config import IndexSettings
from scrubjay.core.types import Champion, Clue, Kind, Modality
from scrubjay.search.cutoff import Calibration, Cutoffs, rows_cut
from scrubjay.search.fusing import scale_of
from scrubjay.search.paging import unpacked
from scrubjay.search.query import Query, Searcher
from scrubjay.store.generations import Generations
from scrubjay.store.index import Generation
from tests.search.conftest import ColourEncoder
from tests.store.films import film, film_rows
from tests.store.made import item, rows_of, units
from tests.store.test_moments import WAYS, hold

DIM = 16


ABOUT = units(1, DIM, 60)[0]
FILLED = (film(2).id, (40.0, 50.0))
"""A moment that is wholly about it."""


def searcher_of(folder, rows, vectors, *, way="exact", modalities=frozenset(Modality)):
    settings = IndexSettings(exact_below=10**6 if way == "exact" else 0)
    generation = Generations(folder, settings).create(
        "v1", dim=vectors.shape[1], attribute_types={}
    )
    generation.add(rows, vectors)
    if way == "held":
        hold(generation)
    return Searcher(ColourEncoder(modalities), generation, Champion("v1", "v1"))


def some(seed, *, films=4, moments=12, pictures=15, dim=DIM):
    random = np.random.default_rng(seed)
    rows = [row for n in range(films) for row in film_rows(n, moments, random)]
    rows += rows_of([item(1000 + n) for n in range(pictures)])
    return rows, units(len(rows), dim, seed)


def place(hit):
    return hit.id, hit.start_s


def paged(searcher, query, vector):
    """Every page of a query."""
    pages = []
    while True:
        result = searcher.find(query, vector)
        pages.append(result.hits)
        if result.next is None:
            return pages
        query = Query(**{**_asked(query), "after": result.next})


def _asked(query):
    return {name: getattr(query, name) for name in ("text", "like", "k", "kinds", "where")}


@pytest.fixture(scope="module", params=WAYS)
def searcher(request, tmp_path_factory):
    rows, vectors = some(1)
    for n, row in enumerate(rows):
        if (row.item.id, row.moment) == FILLED:
            vectors[n] = ABOUT + 0.3 * vectors[n]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    made = searcher_of(tmp_path_factory.mktemp("moments"), rows, vectors, way=request.param)
    made.rows, made.vectors = rows, vectors
    return made


def reference(searcher, query):
    """(id, where the moment begins) -> score, every row looked at."""
    scale = scale_of(query, searcher.generation.background())
    best = {}
    for row, cosine in zip(searcher.rows, searcher.vectors @ query, strict=True):
        slope, offset = (1, 0) if row.clue is None else scale.lines[row.modality]
        one = (row.item.id, row.moment and row.moment[0])
        best[one] = max(best.get(one, -9), float(slope * cosine + offset))
    return best


@pytest.mark.parametrize("seed", range(4))
def test_moments_and_pictures_are_found_in_the_order_of_one_scale(searcher, seed):
    query = units(1, DIM, 50 + seed)[0]
    hits = searcher.find(Query(text="x", k=100), query).hits
    expected = reference(searcher, query)
    assert len(hits) == len(expected)
    assert {place(one): one.score for one in hits} == pytest.approx(expected, abs=1e-5)
    scores = [one.score for one in hits]
    assert scores == sorted(scores, reverse=True)


def test_a_moment_tells_when_it_is_and_all_that_speaks_for_it(searcher):
    query = ABOUT
    scale = scale_of(query, searcher.generation.background())
    several = {}
    for hit in searcher.find(Query(text="x", k=100), query).hits:
        if hit.kind is not Kind.VIDEO:
            assert [one.kind for one in hit.evidence] == ["image"]
            assert hit.evidence[0].score is None
            continue
        rows = {}
        for row, cosine in zip(searcher.rows, searcher.vectors @ query, strict=True):
            if (row.item.id, row.moment and row.moment[0]) == place(hit):
                slope, offset = scale.lines[row.modality]
                score = float(slope * cosine + offset)
                if row.clue not in rows or rows[row.clue][0] < score:
                    rows[row.clue] = (score, row)
                assert (hit.start_s, hit.end_s) == row.moment
        ordered = sorted(rows.values(), key=lambda one: -one[0])
        told = [pair for n, pair in enumerate(ordered) if n == 0 or pair[0] >= scale.support]
        assert [(one.kind, one.text, one.start_s, one.end_s) for one in hit.evidence] == [
            (row.clue.value, row.text, row.start_s, row.end_s) for _, row in told
        ]
        assert [one.score for one in hit.evidence] == pytest.approx([s for s, _ in told], abs=1e-5)
        assert hit.score == hit.evidence[0].score
        several[place(hit)] = len(hit.evidence)
    made_of = {row.clue for row in searcher.rows if (row.item.id, row.moment) == FILLED}
    assert len(made_of) > 1
    assert several[film(2).id, 40.0] == len(made_of)


@pytest.mark.parametrize("k", [1, 3, 7, 60])
def test_pages_hold_every_moment_once_in_the_order_of_one_large_page(searcher, k):
    query = units(1, DIM, 61)[0]
    whole = searcher.find(Query(text="x", k=100), query).hits
    pages = paged(searcher, Query(text="x", k=k), query)
    assert [one for page in pages for one in page] == list(whole)
    assert all(len(page) == k for page in pages[:-1])


def test_moments_that_fit_alike_are_paged_in_order_of_time(tmp_path):
    rows = [row for n in (2, 1) for row in film_rows(n, 9, np.random.default_rng(n))]
    rows = [row for row in rows if row.clue is Clue.SEEN]
    searcher = searcher_of(tmp_path, rows, np.repeat(units(1, DIM), len(rows), axis=0))
    pages = paged(searcher, Query(text="x", k=4), units(1, DIM, 3)[0])
    told = [place(one) for page in pages for one in page]
    assert told == [(film(n).id, 10.0 * m) for n in (1, 2) for m in range(9)]


def test_films_that_come_meanwhile_move_no_other_moment_between_pages(tmp_path):
    rows, vectors = some(3, films=2, moments=9)
    searcher = searcher_of(tmp_path, rows, vectors)
    query = units(1, DIM, 62)[0]
    before = [place(one) for one in searcher.find(Query(text="x", k=100), query).hits]
    first = searcher.find(Query(text="x", k=6), query)
    more = film_rows(77, 30, np.random.default_rng(9))
    searcher.generation.add(more, np.sign(units(len(more), DIM, 9)[:, :1]) * units(len(more), DIM))
    told, after = [place(one) for one in first.hits], first.next
    while after is not None:
        page = searcher.find(Query(text="x", k=6, after=after), query)
        told += [place(one) for one in page.hits]
        after = page.next
    assert [one for one in told if one[0] != film(77).id] == before
    assert len(told) == len(set(told))


def test_pictures_beside_films_keep_their_cosines_and_their_order(tmp_path):
    rows, vectors = some(4)
    there = [n for n, row in enumerate(rows) if row.item.kind is Kind.IMAGE]
    both = searcher_of(tmp_path / "both", rows, vectors)
    alone = searcher_of(tmp_path / "alone", [rows[n] for n in there], vectors[there])
    query = units(1, DIM, 63)[0]
    expected = alone.find(Query(text="x", k=100), query).hits
    found = both.find(Query(text="x", k=100), query).hits
    assert tuple(one for one in found if one.kind is Kind.IMAGE) == expected
    only = both.find(Query(text="x", k=100, kinds=frozenset({Kind.IMAGE})), query)
    assert only.hits == expected
    films = both.find(Query(text="x", k=100, kinds=frozenset({Kind.VIDEO})), query)
    assert films.hits == tuple(one for one in found if one.kind is Kind.VIDEO)


def test_without_videos_nothing_is_looked_up_that_was_not_before(tmp_path, monkeypatch):
    searcher = searcher_of(tmp_path, rows_of([item(n) for n in range(20)]), units(20, DIM))
    for name in ("search_clues", "clues_of", "background", "moments"):
        monkeypatch.setattr(Generation, name, None)
    query = units(1, DIM, 64)[0]
    found = searcher.find(Query(text="x", k=5), query)
    assert len(found.hits) == 5
    assert len(unpacked(found.next)) == 4
    assert len(searcher.find(Query(like=item(3).id, k=30), query).hits) == 19


def test_what_is_like_a_video_is_none_of_its_moments(searcher):
    query = Query(like=film(1).id, k=5)
    vector = searcher.vector(query, {})
    pages = paged(searcher, query, vector)
    told = [place(one) for page in pages for one in page]
    whole = {(row.item.id, row.moment and row.moment[0]) for row in searcher.rows}
    assert sorted(told, key=str) == sorted((one for one in whole if one[0] != film(1).id), key=str)


def test_a_filter_on_clues_finds_what_was_said(searcher):
    query = units(1, DIM, 65)[0]
    hits = searcher.find(Query(text="x", k=50, where="clue = 'said'"), query).hits
    said = {(row.item.id, row.moment[0]) for row in searcher.rows if row.clue is Clue.SAID}
    assert {place(one) for one in hits} == said
    assert all("said" in [one.kind for one in hit.evidence] for hit in hits)
    words = searcher.find(Query(text="x", where="clue_text = 'said in 3'"), query).hits
    assert {hit.start_s for hit in words} <= {30.0}


def test_videos_can_be_asked_for_by_an_encoder_that_hears_nothing(tmp_path):
    rows, vectors = some(6, films=1, dim=4)
    made = searcher_of(
        tmp_path, rows, vectors, modalities=frozenset({Modality.TEXT, Modality.IMAGE})
    )
    made.check(Query(text="x", kinds=frozenset({Kind.VIDEO})))
    made.check(Query(text="x", kinds=frozenset({Kind.VIDEO, Kind.SPEECH})))
    assert made.search(Query(text="red", kinds=frozenset({Kind.VIDEO}))).hits


def test_videos_are_never_cut_and_said_to_be_uncut(tmp_path):
    rows, vectors = some(7, dim=4)
    made = searcher_of(tmp_path, rows, vectors)
    made.cutoff = Cutoffs(tmp_path / "none.json", made.encoder, made.generation)
    query = Query(text="red", k=100, cutoff=True)
    found = made.search(query)
    assert set(found.uncut) == {Kind.IMAGE, Kind.VIDEO}
    assert not found.cut
    assert len(found.hits) == len(made.search(Query(text="red", k=100)).hits)


def test_moments_do_not_count_among_the_rows_a_cutoff_was_fitted_for(tmp_path):
    rows, vectors = some(8)
    made = searcher_of(tmp_path, rows, vectors)
    assert rows_cut(made.generation) == sum(row.item.kind is Kind.IMAGE for row in rows)
    spec = made.encoder.spec
    fitted = Calibration(spec.version, spec.fingerprint, 15, {Kind.IMAGE: 15})
    assert fitted.rows_now(Kind.IMAGE, rows_cut(made.generation)) == 15

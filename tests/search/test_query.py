"""Queries: the documented answer, the exact cosine, and clear words for wrong ones."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from scrubjay.core.errors import BadFilter, BadMedia, UnknownItem, UnsupportedModality, WrongUse
from scrubjay.core.types import Champion, Kind, Modality
from scrubjay.media.audio import encode_wav
from scrubjay.search.cutoff import Judged
from scrubjay.search.ingest import ingest
from scrubjay.search.query import MAX_K, MAX_TEXT, Query, Searcher, checked_text
from scrubjay.store.generations import Generations
from tests.search.conftest import ColourEncoder, Shelf, png, wav


@pytest.fixture(scope="module")
def searcher(tmp_path_factory):
    folder = tmp_path_factory.mktemp("query")
    shelf = Shelf(folder)
    for name, colour, price in (
        ("red", (250, 5, 5), 10),
        ("green", (5, 250, 5), 20),
        ("blue", (5, 5, 250), 30),
    ):
        shelf.picture(
            f"{name}.png", colour, captions=(f"a {name} thing",), attributes={"price": price}
        )
    shelf.recording("low.wav", 0.8, level=0.01)
    shelf.recording("long.wav", 2.5, level=0.9)
    generation = Generations(folder / "generations").create(
        "g1", dim=4, attribute_types={"price": "int64"}, version="v1"
    )
    encoder = ColourEncoder()
    ingest(shelf.items, generation, encoder, read=shelf.read, threads=1)
    searcher = Searcher(encoder, generation, Champion("2026-11-0000000", "g1"))
    searcher.shelf = shelf
    return searcher


def names(result):
    return [hit.uri.rsplit("/", 1)[1] for hit in result.hits]


@pytest.mark.parametrize("colour", ["red", "green", "blue"])
def test_words_find_their_picture(searcher, colour):
    result = searcher.search(Query(text=f"  the {colour} one "))
    assert names(result)[0] == f"{colour}.png"
    assert len(result.hits) == 5


def test_a_picture_finds_pictures_like_it(searcher):
    result = searcher.search(Query(picture=png((0, 200, 40)), picture_name="q.png", k=2))
    assert names(result)[0] == "green.png"
    assert len(result.hits) == 2


def test_a_recording_finds_recordings_and_one_hit_an_item_with_its_moment(searcher):
    result = searcher.search(Query(sound=wav(1.0, 0.9), kinds=frozenset({Kind.SPEECH})))
    assert names(result) == ["long.wav", "low.wav"]
    best = result.hits[0]
    assert best.end_s - best.start_s == pytest.approx(1.0)
    assert best.evidence[0].to_json()["start_s"] == best.start_s


def test_a_picture_finds_recordings_when_asked_for(searcher):
    result = searcher.search(Query(picture=png((250, 0, 0)), kinds=frozenset({Kind.SPEECH})))
    assert {hit.kind for hit in result.hits} == {Kind.SPEECH}


def test_the_score_is_the_cosine(searcher):
    result = searcher.search(Query(text="red"))
    encoder = searcher.encoder
    (asked,) = encoder.encode(Modality.TEXT, ["red"])
    from scrubjay.media.image import decode_picture

    for hit in result.hits:
        if hit.kind is Kind.IMAGE:
            picture = decode_picture(searcher.shelf.read(hit.uri))
            (row,) = encoder.encode(Modality.IMAGE, [picture])
            assert hit.score == pytest.approx(float(asked @ row), abs=1e-5)
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)


def test_the_answer_has_exactly_the_documented_shape(searcher):
    told = searcher.search(Query(text="red", k=1, where="price < 15")).to_json()
    assert json.loads(json.dumps(told)) == told
    assert list(told) == [
        "query",
        "hits",
        "next",
        "cut",
        "uncut",
        "took_ms",
        "version",
        "generation",
    ]
    assert (bool(told["next"]), told["cut"]) == (False, False)
    assert told["query"] == {"text": "red", "k": 1, "kinds": None, "where": "price < 15"}
    assert set(told["took_ms"]) == {"encode", "search", "total"}
    assert (told["version"], told["generation"]) == ("2026-11-0000000", "g1")
    (hit,) = told["hits"]
    assert hit == {
        "id": hit["id"],
        "kind": "image",
        "uri": hit["uri"],
        "score": hit["score"],
        "caption": "a red thing",
        "attributes": {"price": 10},
        "start_s": None,
        "end_s": None,
        "evidence": [{"kind": "image", "text": None, "start_s": None, "end_s": None, "box": None}],
    }


def test_a_picture_query_is_told_by_its_name(searcher):
    told = searcher.search(
        Query(picture=png((1, 1, 1)), picture_name="q.png", kinds=frozenset({Kind.IMAGE}))
    ).to_json()
    assert told["query"] == {"image": "q.png", "k": 10, "kinds": ["image"], "where": None}


def test_times_add_up(searcher):
    took = searcher.search(Query(text="red")).took_ms
    assert took.encode > 0
    assert took.search > 0
    assert took.total >= took.encode + took.search


def test_a_recording_longer_than_the_encoder_hears_is_asked_whole(searcher):
    encoder = searcher.encoder
    encoder.batches.clear()
    long = searcher.search(Query(sound=wav(3.0, 0.7), kinds=frozenset({Kind.SPEECH})))
    assert encoder.batches == [(Modality.SPEECH, 5)]
    short = searcher.search(Query(sound=wav(1.0, 0.7), kinds=frozenset({Kind.SPEECH})))
    assert [hit.id for hit in long.hits] == [hit.id for hit in short.hits]
    np.testing.assert_allclose(
        [hit.score for hit in long.hits], [hit.score for hit in short.hits], atol=1e-5
    )


def test_silence_around_a_question_is_no_part_of_it(searcher):
    tone = 0.5 * np.sin(np.arange(8_000, dtype=np.float32) / 9)
    silence = np.zeros(8_000, np.float32)
    asked = encode_wav(np.concatenate([silence, tone, silence]))
    [heard] = searcher.media(Query(sound=asked))[Modality.SPEECH]
    assert len(tone) <= len(heard) <= len(tone) + 2 * 800 + 160


@pytest.mark.parametrize(
    ("query", "error", "said"),
    [
        (Query(), WrongUse, "the query is empty"),
        (Query(text="  \n "), WrongUse, "empty"),
        (Query(text="a" * (MAX_TEXT + 1)), WrongUse, f"at most {MAX_TEXT}"),
        (Query(text="red \udcff"), WrongUse, "not Unicode"),
        (Query(text="red", k=0), WrongUse, f"1 to {MAX_K}, not 0"),
        (Query(text="red", k=MAX_K + 1), WrongUse, "k must be"),
        (
            Query(picture=b"", picture_name="q.jpg"),
            BadMedia,
            "q.jpg: cannot be searched with: empty",
        ),
        (Query(picture=wav(0.1), picture_name="q.jpg"), BadMedia, "not a picture"),
        (
            Query(sound=png((1, 1, 1)), sound_name="q.wav"),
            BadMedia,
            "q.wav: cannot be searched with",
        ),
        (Query(sound=wav(61.0), sound_name="q.wav"), BadMedia, "q.wav: cannot be searched with"),
        (Query(text="red", where="no_such_column = 1"), BadFilter, "no_such_column"),
        (Query(text="red", where="price <"), BadFilter, "not understood"),
    ],
)
def test_wrong_queries_are_refused_in_words(searcher, query, error, said):
    with pytest.raises(error, match=said):
        searcher.search(query)


def test_the_longest_text_allowed_is_searched():
    assert checked_text("a" * MAX_TEXT) == "a" * MAX_TEXT


def test_a_query_the_encoder_has_no_tower_for_is_refused_before_it_is_decoded(searcher):
    deaf = Searcher(
        ColourEncoder({Modality.IMAGE, Modality.TEXT}), searcher.generation, searcher.champion
    )
    with pytest.raises(UnsupportedModality, match="no speech tower"):
        deaf.search(Query(sound=b"anything"))
    with pytest.raises(UnsupportedModality, match="no speech tower"):
        deaf.search(Query(text="red", kinds=frozenset({Kind.SPEECH})))
    both = dataclasses.replace(Query(text="red"), kinds=frozenset({Kind.SPEECH, Kind.IMAGE}))
    assert deaf.search(both).hits


def test_a_condition_nothing_passes_finds_nothing(searcher):
    assert searcher.search(Query(text="red", where="price > 1000")).hits == ()


def test_a_mix_is_the_weighted_sum_of_its_parts(searcher):
    """Red words and a green picture, against the cosines worked out by hand."""
    query = Query(
        text="red", picture=png((0, 255, 0)), weights={"text": 2, "image": -0.5}, kinds={Kind.IMAGE}
    )
    encoder = searcher.encoder
    (words,) = encoder.encode(Modality.TEXT, ["red"])
    (shown,) = encoder.encode(Modality.IMAGE, [np.full((20, 24, 3), (0, 255, 0), np.uint8)])
    wanted = 2 * words.astype(float) - 0.5 * shown
    wanted /= np.linalg.norm(wanted)
    expected = {}
    for item in searcher.shelf.items[:3]:
        (row,) = searcher.generation.vectors(item.id)
        expected[item.id] = float(wanted @ row)
    result = searcher.search(query)
    assert {hit.id: hit.score for hit in result.hits} == pytest.approx(expected, abs=1e-5)
    assert [hit.id for hit in result.hits] == sorted(expected, key=lambda one: -expected[one])
    assert result.to_json()["query"]["weights"] == {"text": 2, "image": -0.5}


def test_more_of_one_part_brings_its_own_nearer(searcher):
    def best(text, image):
        weights = {"text": text, "image": image}
        query = Query(text="red", picture=png((0, 0, 255)), weights=weights, k=1)
        return names(searcher.search(query))[0]

    assert best(5, 1) == "red.png"
    assert best(1, 5) == "blue.png"


def test_more_like_an_item_uses_its_own_vectors_and_leaves_it_out(searcher):
    red, green, _, low, long = searcher.shelf.items
    searcher.encoder.batches.clear()
    found = searcher.search(Query(like=red.id))
    assert searcher.encoder.batches == []
    assert [hit.id for hit in found.hits].count(red.id) == 0
    assert len(found.hits) == 4
    (row,) = searcher.generation.vectors(red.id)
    (other,) = searcher.generation.vectors(green.id)
    scores = {hit.id: hit.score for hit in found.hits}
    assert scores[green.id] == pytest.approx(float(row @ other), abs=1e-5)
    windows = searcher.generation.vectors(long.id)
    assert len(windows) == 4
    middle = windows.mean(axis=0) / np.linalg.norm(windows.mean(axis=0))
    (of_low,) = searcher.generation.vectors(low.id)
    scores = {hit.id: hit.score for hit in searcher.search(Query(like=long.id)).hits}
    assert scores[low.id] == pytest.approx(float(middle @ of_low), abs=1e-5)


def test_like_this_but_that(searcher):
    red = searcher.shelf.items[0]
    query = Query(like=red.id, text="blue", weights={"text": 3}, kinds=frozenset({Kind.IMAGE}))
    assert names(searcher.search(query)) == ["blue.png", "green.png"]
    told = searcher.search(query).to_json()["query"]
    assert (told["like"], told["text"]) == (red.id, "blue")


@pytest.mark.parametrize("like", ["nobody", "'; DROP", "", "a" * 500])
def test_an_item_that_is_not_indexed_has_no_like(searcher, like):
    with pytest.raises(UnknownItem, match="is indexed in g1"):
        searcher.search(Query(like=like))


def test_pages_of_a_query_are_its_one_large_page(searcher):
    for query in (
        Query(text="red"),
        Query(picture=png((9, 200, 30)), where="price >= 10"),
        Query(like=searcher.shelf.items[1].id, text="blue", weights={"like": 0.3}),
    ):
        whole = searcher.search(dataclasses.replace(query, k=100))
        assert whole.next is None
        for k in (1, 2, 3):
            hits, after = [], None
            while True:
                page = searcher.search(dataclasses.replace(query, k=k, after=after))
                hits += page.hits
                if page.next is None:
                    break
                assert len(page.hits) == k
                after = page.next
            assert hits == list(whole.hits)


def test_a_page_goes_on_with_the_vector_of_the_first(searcher):
    first = searcher.search(Query(text="red", k=1))
    searcher.encoder.batches.clear()
    again = Query(text="red", k=1, after=first.next)
    second = searcher.search(again)
    assert searcher.encoder.batches == []
    forgetful = Searcher(searcher.encoder, searcher.generation, searcher.champion)
    assert forgetful.search(again).hits == second.hits
    assert searcher.encoder.batches == [(Modality.TEXT, 1)]


def test_a_cursor_of_another_query_or_generation_is_refused(searcher):
    after = searcher.search(Query(text="red", k=1)).next
    for other in (
        Query(text="blue", k=1, after=after),
        Query(text="red", k=1, after=after, where="price > 1"),
        Query(text="red", k=1, after=after, kinds=frozenset({Kind.IMAGE})),
        Query(text="red", k=1, after=after, weights={"text": -1}),
        Query(text="red", k=1, after=after, cutoff=True),
    ):
        with pytest.raises(WrongUse, match="another query"):
            searcher.search(other)
    elsewhere = Searcher(searcher.encoder, searcher.generation, Champion("v", "g2"))
    with pytest.raises(WrongUse, match="another index"):
        elsewhere.search(Query(text="red", k=1, after=after))
    assert searcher.search(Query(text="red", k=3, after=after)).hits


class FarFrom:
    """A cutoff that finds nothing close enough among some kinds of item."""

    def __init__(self, *kinds):
        self.kinds = frozenset(kinds)

    def judge(self, asked, vector, *, kinds=None, where=None):
        return Judged(far=self.kinds)


def test_a_cutoff_leaves_out_kinds_with_nothing_close_enough_when_asked_to(searcher):
    whole = searcher.search(Query(text="red"))
    kinds = {hit.kind for hit in whole.hits}
    assert len(kinds) > 1
    first = whole.hits[0].kind
    strict = Searcher(
        searcher.encoder, searcher.generation, searcher.champion, cutoff=FarFrom(first)
    )
    cut = strict.search(Query(text="red", cutoff=True))
    assert cut.cut
    assert {hit.kind for hit in cut.hits} == kinds - {first}
    assert strict.search(Query(text="red")).hits == whole.hits
    nothing = Searcher(
        searcher.encoder, searcher.generation, searcher.champion, cutoff=FarFrom(*Kind)
    ).search(Query(text="red", cutoff=True))
    assert (nothing.hits, nothing.cut, nothing.next) == ((), True, None)


def test_a_mix_and_the_like_of_an_item_are_never_cut(searcher):
    strict = Searcher(
        searcher.encoder, searcher.generation, searcher.champion, cutoff=FarFrom(*Kind)
    )
    like = strict.search(Query(text="red")).hits[0].id
    for query in (
        Query(like=like, cutoff=True),
        Query(text="red", like=like, cutoff=True),
        Query(text="red", weights={"text": -1}, cutoff=True),
    ):
        found = strict.search(query)
        assert found.hits
        assert not found.cut
        assert set(found.uncut) == {hit.kind for hit in found.hits}

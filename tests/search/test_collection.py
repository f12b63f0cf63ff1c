"""The whole line with the fake encoder: pictures and tones in, found by words, colours, tones."""

from __future__ import annotations

import pytest

from scrubjay.core.types import Champion, Kind
from scrubjay.models.load import load_encoder
from scrubjay.search.ingest import ingest
from scrubjay.search.measure import evaluate_items
from scrubjay.search.query import Query, Searcher
from scrubjay.store.generations import Generations
from tests.cli.conftest import collection, tone
from tests.search.conftest import png


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    return collection(tmp_path_factory.mktemp("collection") / "media")


@pytest.fixture(scope="module")
def searcher(shelf, tmp_path_factory):
    generation = Generations(tmp_path_factory.mktemp("generations")).create(
        "g1", dim=64, attribute_types={"price": "int64"}, version=""
    )
    encoder = load_encoder("fake")
    ingest(shelf.items, generation, encoder, read=shelf.read, threads=2)
    return Searcher(encoder, generation, Champion("v", "g1"))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(text="something red"), "red.png"),
        (Query(text="a high tone"), "high.wav"),
        (Query(picture=png((45, 90, 190))), "blue.png"),
        (Query(sound=tone(170)), "low.wav"),
        (Query(sound=tone(2300), kinds=frozenset({Kind.SPEECH})), "high.wav"),
        (Query(text="green", where="price >= 20"), "green.png"),
    ],
)
def test_what_is_meant_is_found_first(searcher, query, expected):
    assert searcher.search(query).hits[0].uri.endswith(f"/{expected}")


def test_an_encoder_that_understands_colours_measures_so(shelf):
    evaluation = evaluate_items(shelf.items, load_encoder("fake"), read=shelf.read)
    figures = {one.name: one for one in evaluation.directions}
    assert figures["image->text"].recall[1].value == 1.0
    assert figures["text->image"].recall[1].value == pytest.approx(3 / 4)
    assert figures["text->image"].unanswerable == 1

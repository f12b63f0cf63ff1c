"""What a generation lets in: its own version's rows, and what is still wanted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from scrubjay.core.config import IndexSettings
from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Modality
from scrubjay.store.generations import Generations
from tests.store.made import item, rows_of, sha, units

DIM = 8


@pytest.fixture
def generation(tmp_path):
    return Generations(tmp_path / "generations").create("v2", dim=DIM, attribute_types={})


def test_a_row_of_another_version_is_refused_and_nothing_is_written(generation):
    items = [item(1), item(2)]
    rows = [*rows_of(items[:1], version="v2"), *rows_of(items[1:], version="v1")]
    with pytest.raises(WrongUse, match=r"version 'v1' made the row of item 'item-000002'"):
        generation.add(rows, units(2, DIM))
    assert generation.count() == 0


def test_a_generation_is_of_the_version_it_is_named_after_or_was_told(tmp_path):
    generations = Generations(tmp_path)
    assert generations.create("v2", dim=DIM, attribute_types={}).version == "v2"
    other = generations.create("again", dim=DIM, attribute_types={}, version="v2")
    assert other.version == generations.open("again").version == "v2"
    other.add(rows_of([item(1)], version="v2"), units(1, DIM))
    with pytest.raises(WrongUse, match="'again' is searched with 'v2'"):
        other.add(rows_of([item(1)], version="again"), units(1, DIM))


def test_the_version_outlives_every_kind_of_change(tmp_path):
    generations = Generations(tmp_path, IndexSettings(exact_below=300))
    made = generations.create("g", dim=DIM, attribute_types={"price": "int64"}, version="v7")
    items = [item(n, attributes={"price": n}) for n in range(600)]
    made.add(rows_of(items, version="v7"), units(600, DIM))
    made.add(rows_of([item(1, attributes={"price": 0.5, "new": "x"})], "v7"), units(1, DIM))
    made.describe([item(2, captions=("other",))])
    made.delete(["item-000003"])
    made.optimise()
    made._table.compact(keep=timedelta(0))
    made.purge(["item-000004"])
    assert generations.open("g").version == "v7"


def test_rows_are_counted_by_maker_and_modality(generation):
    rows = [
        *rows_of([item(1), item(2)], version="v2"),
        *rows_of([item(3)], version="v2", modality=Modality.SPEECH),
    ]
    assert (generation.versions(), generation.modalities()) == ({}, {})
    generation.add(rows, units(3, DIM))
    assert generation.versions() == {"v2": 3}
    assert generation.modalities() == {Modality.IMAGE: 2, Modality.SPEECH: 1}
    assert generation.mapped() == frozenset()


def test_what_somebody_changed_or_forgot_is_passed_over_the_rest_says_what_is_true_now(generation):
    items = [item(n, captions=("before",)) for n in range(4)]
    now = {
        items[0].id: items[0],
        items[1].id: replace(items[1], captions=("after",), attributes={"price": 3}),
        items[2].id: replace(items[2], sha256=sha("other bytes")),
        "somebody-else": item(9),
    }
    asked = []

    def current(ids):
        asked.append(sorted(ids))
        return now.values()

    vectors = units(4, DIM)
    passed = generation.add(rows_of(items, version="v2"), vectors, current=current)
    assert asked == [[one.id for one in items]]
    assert passed == {items[2].id, items[3].id}
    assert generation.embedded() == {one.id: one.sha256 for one in items[:2]}
    (found,) = generation.search(vectors[1], 1)
    assert (found.id, found.caption, found.attributes) == (items[1].id, "after", {"price": 3})
    assert found.score == pytest.approx(1.0, abs=1e-6)


def test_when_nothing_is_wanted_any_more_nothing_is_written(generation):
    rows = rows_of([item(1)], version="v2")
    assert generation.add(rows, units(1, DIM), current=lambda ids: ()) == {item(1).id}
    assert generation.count() == 0
    assert generation.add([], np.empty((0, DIM), np.float32)) == frozenset()

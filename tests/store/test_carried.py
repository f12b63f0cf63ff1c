"""Rows carried into another version's space: mapped, otherwise as they were, and never unmapped."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pytest

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Kind, Modality
from scrubjay.store.generations import Generations
from scrubjay.store.index import Row
from tests.store.made import item, rows_of, units

OLD, NEW = 8, 6


@dataclass
class Turn:
    """A map by a random matrix."""

    source: str = "v1"
    target: str = "v2"
    seed: int = 0
    dim: int = NEW
    matrix: np.ndarray = field(init=False)

    def __post_init__(self):
        self.matrix = np.random.default_rng(self.seed).standard_normal((OLD, self.dim))

    def map(self, rows):
        mapped = (rows @ self.matrix).astype(np.float32)
        return mapped / np.linalg.norm(mapped, axis=1, keepdims=True)


@pytest.fixture
def generations(tmp_path):
    return Generations(tmp_path / "generations")


@pytest.fixture
def old(generations):
    return generations.create("v1", dim=OLD, attribute_types={})


@pytest.fixture
def new(generations):
    return generations.create("v2", dim=NEW, attribute_types={})


def carried(old, new, maps, page_rows=100):
    return sum(new.carry(page, maps) for page in old.pages(page_rows))


def stored(generation):
    """Key -> the whole row, of every row."""
    return {row["key"]: row for page in generation.pages(1000) for row in page.rows.to_pylist()}


def test_pages_hold_every_row_once_whatever_their_size(old):
    items = [item(n) for n in range(50)]
    vectors = units(50, OLD)
    for start in range(0, 50, 7):
        old.add(rows_of(items[start : start + 7]), vectors[start : start + 7])
    for size in (1, 8, 50, 1000):
        pages = list(old.pages(size))
        assert all(page.version == "v1" for page in pages)
        assert all(len(page) >= size for page in pages[:-1])
        rows = {row["id"]: row for page in pages for row in page.rows.to_pylist()}
        assert sum(map(len, pages)) == len(rows) == 50
        for one, vector in zip(items, vectors, strict=True):
            np.testing.assert_allclose(rows[one.id]["vector"], vector, atol=1e-6)


def test_each_row_is_mapped_by_its_modality_and_keeps_all_else(old, new):
    items = [
        item(
            n,
            kind=Kind.SPEECH if n % 2 else Kind.IMAGE,
            captions=(f"caption {n}", "second"),
            tags=("t",) if n % 3 else (),
            attributes={"price": n, "taken": date(2026, 1, 1 + n)} if n % 5 else {},
        )
        for n in range(20)
    ]
    rows = [
        Row(one, Modality.SPEECH, "v1", 0.5, 1.5)
        if one.kind is Kind.SPEECH
        else Row(one, Modality.IMAGE, "v1")
        for one in items
    ]
    old.add(rows, units(20, OLD))
    maps = {Modality.IMAGE: Turn(seed=1), Modality.SPEECH: Turn(seed=2)}
    assert carried(old, new, maps, page_rows=7) == 20
    before, after = stored(old), stored(new)
    assert before.keys() == after.keys()
    for key, row in before.items():
        there = after[key]
        vector = np.array(row.pop("vector")) @ maps[Modality(row["modality"])].matrix
        expected = vector / np.linalg.norm(vector)
        np.testing.assert_allclose(there.pop("vector"), expected, atol=1e-6)
        assert there == row
        assert there["version"] == "v1"
    assert new.versions() == {"v1": 20}
    assert new.mapped() == {one.id for one in items}
    assert new.embedded() == old.embedded()


def test_carrying_again_writes_nothing(old, new):
    old.add(rows_of([item(n) for n in range(10)]), units(10, OLD))
    maps = {Modality.IMAGE: Turn()}
    assert carried(old, new, maps) == 10
    before = stored(new)
    assert carried(old, new, maps) == 0
    assert stored(new) == before


def test_what_the_new_version_embedded_already_stays(old, new):
    items = [item(n) for n in range(5)]
    old.add(
        [Row(one, Modality.SPEECH, "v1", start, start + 1) for one in items for start in (0, 1)],
        units(10, OLD),
    )
    mine = units(1, NEW, seed=9)
    new.add([Row(items[2], Modality.SPEECH, "v2", 0.0, 2.0)], mine)
    assert carried(old, new, {Modality.SPEECH: Turn()}) == 8
    assert new.versions() == {"v1": 8, "v2": 1}
    (found,) = new.search(mine[0], 1)
    assert (found.id, found.version) == (items[2].id, "v2")
    assert found.score == pytest.approx(1, abs=1e-6)


def test_rows_without_a_map_for_their_modality_are_left_out(old, new):
    old.add([*rows_of([item(1)]), *rows_of([item(2)], modality=Modality.TEXT)], units(2, OLD))
    assert carried(old, new, {Modality.IMAGE: Turn()}) == 1
    assert new.embedded().keys() == {item(1).id}
    assert carried(old, new, {}) == 0


def test_a_row_that_comes_home_mapped_does_not_pass_for_an_embedded_one(generations, old, new):
    """v1 -> v2 -> v1 again: what v1 made is by now mapped twice, and says v1."""
    old.add(rows_of([item(1)]), units(1, OLD))
    carried(old, new, {Modality.IMAGE: Turn(dim=NEW)})
    new.add(rows_of([item(2)], version="v2"), units(1, NEW))
    third = generations.create("home", dim=NEW, attribute_types={}, version="v1")

    class Same:
        source, target = "v2", "v1"

        def map(self, rows):
            return rows

    assert carried(new, third, {Modality.IMAGE: Same()}) == 1
    assert third.embedded().keys() == {item(2).id}
    assert third.mapped() == {item(2).id}


@pytest.mark.parametrize(
    "wrong", [Turn(source="v0"), Turn(target="v3"), Turn(source="v2", target="v1")]
)
def test_a_map_between_other_versions_is_refused_and_nothing_is_written(old, new, wrong):
    old.add(rows_of([item(1)]), units(1, OLD))
    with pytest.raises(WrongUse, match="Learn one between these two versions"):
        carried(old, new, {Modality.IMAGE: wrong})
    assert new.count() == 0


def test_a_map_into_another_width_is_refused(old, new):
    old.add(rows_of([item(1)]), units(1, OLD))
    with pytest.raises(WrongUse, match="the generation holds 6 numbers a row"):
        carried(old, new, {Modality.IMAGE: Turn(dim=NEW + 1)})
    assert new.count() == 0


def test_attribute_columns_of_both_generations_are_kept_and_widened(old, new):
    old.add(
        rows_of([item(1, attributes={"price": 3, "colour": "red", "a.b 'c'": True})]),
        units(1, OLD),
    )
    new.add(rows_of([item(2, attributes={"price": 0.5, "size": 7})], "v2"), units(1, NEW))
    assert carried(old, new, {Modality.IMAGE: Turn()}) == 1
    assert new.attribute_types() == {
        "price": "float64",
        "size": "int64",
        "colour": "string",
        "a.b 'c'": "bool",
    }
    by_id = {one.id: one.attributes for one in new.search(units(1, NEW)[0], 2)}
    assert by_id == {
        item(1).id: {"price": 3.0, "colour": "red", "a.b 'c'": True},
        item(2).id: {"price": 0.5, "size": 7},
    }


def test_whole_numbers_here_become_fractions_when_those_are_carried_in(old, new):
    old.add(rows_of([item(1, attributes={"price": 0.5})]), units(1, OLD))
    new.add(rows_of([item(2, attributes={"price": 7})], "v2"), units(1, NEW))
    assert carried(old, new, {Modality.IMAGE: Turn()}) == 1
    found = {one.id: one.attributes for one in new.search(units(1, NEW)[0], 2)}
    assert found == {item(1).id: {"price": 0.5}, item(2).id: {"price": 7.0}}


def test_attributes_whose_types_clash_are_refused(old, new):
    old.add(rows_of([item(1, attributes={"price": "cheap"})]), units(1, OLD))
    new.add(rows_of([item(2, attributes={"price": 7})], "v2"), units(1, NEW))
    with pytest.raises(WrongUse, match="'price' holds int64 here and string there"):
        carried(old, new, {Modality.IMAGE: Turn()})
    assert new.count() == 1

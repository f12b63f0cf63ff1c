"""Parts of what is trained on: nested, whole, and counted in what makes sense."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import pytest

from scrubjay.core.types import Kind, Split
from scrubjay.retrain.diagnosing.parts import GROUPS, ITEMS, month_of, nested_parts
from tests.retrain.made import item

SHARES = (0.25, 0.5, 0.75, 1.0)


def collection(n: int, *, per_group: int = 1):
    made = [
        item(g * per_group + k, group=f"g{g}", month=f"2026-{1 + g % 3:02}")
        for g in range(n)
        for k in range(per_group)
    ]
    return [*made, item(9000, split=Split.TEST, group="asked"), item(9001, kind=Kind.VIDEO)]


def test_each_part_holds_the_smaller_ones_and_whole_groups() -> None:
    items = collection(40, per_group=3)
    unit, parts = nested_parts(items, SHARES, {"asked"})
    assert unit == GROUPS
    assert [one.n for one in parts] == [10, 20, 30, 40]
    ids = [{one.id for one in part.items} for part in parts]
    assert all(a < b for a, b in pairwise(ids))
    for part in parts:
        assert len(part.items) == 3 * part.n
        assert all(one.split is Split.TRAIN for one in part.items)
    assert nested_parts(items, SHARES, {"asked"}) == (unit, parts)
    assert nested_parts(items, SHARES, {"asked"}, seed=1)[1][0] != parts[0]


def test_classes_are_taken_in_part_and_no_class_is_missing() -> None:
    items = collection(40, per_group=8)
    unit, parts = nested_parts(items, SHARES, {"g3"})
    assert unit == ITEMS
    assert [one.n for one in parts] == [80, 160, 240, 320]
    assert {one.group for one in parts[0].items} == {f"g{g}" for g in range(40)}
    few, parts = nested_parts(collection(5, per_group=8), SHARES, {"asked"})
    assert (few, parts[0].n) == (ITEMS, 10)


def test_both_halves_of_a_pair_stay_where_classes_are_taken_in_part() -> None:
    items = [
        dataclasses.replace(item(at), group=f"g{at % 2}", kind=kind, id=f"{kind}-{at}")
        for at in range(8)
        for kind in (Kind.IMAGE, Kind.SPEECH)
    ]
    _, parts = nested_parts(items, (0.25,), {"g0"})
    assert sorted((one.group, one.kind) for one in parts[0].items) == [
        ("g0", "image"),
        ("g0", "speech"),
        ("g1", "image"),
        ("g1", "speech"),
    ]


def test_a_month_is_the_median_of_what_months_brought() -> None:
    items = collection(40, per_group=3)
    assert month_of(items, GROUPS) == (13, 3)
    assert month_of(items, ITEMS) == (39, 3)
    assert month_of([], GROUPS) == (0, 0)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_items_does_not_matter(seed: int) -> None:
    items = collection(30)
    _, parts = nested_parts(items, SHARES, {"asked"}, seed=seed)
    _, turned = nested_parts(items[::-1], SHARES, {"asked"}, seed=seed)
    assert [{i.id for i in one.items} for one in parts] == [
        {i.id for i in one.items} for one in turned
    ]

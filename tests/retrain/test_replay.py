"""What is learnt: everything new, a bounded and repeatable part of the old, and never the test."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.core.types import Item, Kind, Modality, Split
from scrubjay.retrain.replay import HELD_OUT, Replayed, replayed

BOTH = frozenset({Modality.IMAGE, Modality.TEXT})


def item(number: int, *, group: str = "", split: Split = Split.TRAIN, **more: object) -> Item:
    name = f"i{number:04d}"
    made = Item(
        id=name,
        kind=Kind.IMAGE,
        uris=(name,),
        sha256=f"{number:064x}",
        group=group or f"g{number}",
        split=split,
        month="2026-11",
        size=1,
        captions=(f"caption {number}",),
    )
    return replace(made, **more)


def drawn(items: list[Item], new: set[str], replay: float | None = 1.0, **more: object) -> Replayed:
    settings = {"modalities": BOTH, "seed": "run", **more}
    return replayed(items, new=new, replay=replay, **settings)


HUNDRED = [item(number) for number in range(100)]
TEN = {one.id for one in HUNDRED[90:]}


@pytest.mark.parametrize(("replay", "old"), [(0.0, 0), (0.25, 3), (1.0, 10), (3, 30), (99, 90)])
def test_all_that_is_new_and_replay_times_as_many_old_groups(replay, old) -> None:
    found = drawn(HUNDRED, TEN, replay)
    assert (found.new, found.old) == (10, old)
    taken = {one.id for one in found.train}
    assert taken >= TEN
    assert len(taken) == 10 + old


def test_without_a_bound_everything_is_taken() -> None:
    assert drawn(HUNDRED, TEN, None).train == tuple(HUNDRED)


@given(st.randoms(use_true_random=False), st.floats(0, 8), st.integers(0, 100))
def test_the_same_run_draws_the_same_in_the_same_order_however_it_is_asked(
    order: random.Random, replay: float, n_new: int
) -> None:
    new = {one.id for one in HUNDRED[:n_new]}
    shuffled = order.sample(HUNDRED, len(HUNDRED))
    assert drawn(shuffled, new, replay) == drawn(HUNDRED, new, replay)


def test_another_month_draws_others_and_in_time_all() -> None:
    months = [
        {one.id for one in drawn(HUNDRED, TEN, seed=f"run-{number}").train} for number in range(60)
    ]
    assert len({frozenset(one) for one in months}) == 60
    assert set[str]().union(*months) == {one.id for one in HUNDRED}


def test_more_replay_adds_to_what_less_draws() -> None:
    less, more = ({one.id for one in drawn(HUNDRED, TEN, replay).train} for replay in (1, 2))
    assert less < more


def test_a_group_with_a_new_item_is_new_and_its_old_items_come_along() -> None:
    items = [*HUNDRED, item(200, group="g3")]
    found = drawn(items, {"i0200"}, 0.0)
    assert [one.id for one in found.train] == ["i0003", "i0200"]
    assert (found.new, found.old) == (1, 0)


def test_what_makes_no_pair_for_this_encoder_is_neither_taken_nor_counted() -> None:
    mute = [replace(one, captions=()) for one in HUNDRED[85:95]]
    items = [*HUNDRED[:85], *mute, *HUNDRED[95:]]
    found = drawn(items, TEN, 100)
    assert (found.new, found.old) == (5, 85)
    assert not {one.id for one in mute} & {one.id for one in found.train}
    spoken = drawn(items, TEN, 1, modalities=frozenset({Modality.SPEECH, Modality.TEXT}))
    assert (spoken.train, spoken.new, spoken.old) == ((), 0, 0)


def test_held_out_items_are_bounded_alike_but_never_too_few_to_measure() -> None:
    many = [item(number, split=Split.VAL) for number in range(1000, 2000)]
    new = {one.id for one in many[:50]}
    found = drawn([*HUNDRED, *many], new | TEN, 1.0)
    assert len(found.held_out) == 50 + HELD_OUT
    assert {one.id for one in found.held_out} >= new
    assert len(drawn([*HUNDRED, *many], new | TEN, 10.0).held_out) == 50 + 500
    assert len(drawn([*HUNDRED, *many], TEN, 0.0).held_out) == HELD_OUT
    assert len(drawn([*HUNDRED, *many], new | TEN, None).held_out) == 1000


def test_the_test_split_is_never_taken() -> None:
    frozen = [item(number, split=Split.TEST) for number in range(1000, 1100)]
    found = drawn([*frozen, *HUNDRED], {one.id for one in frozen} | TEN, None)
    assert {one.split for one in [*found.train, *found.held_out]} == {Split.TRAIN}
    assert found.new == 10

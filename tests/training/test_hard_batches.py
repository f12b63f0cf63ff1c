"""Batches with hard negatives: composed, complete, repeatable; wrong captions of nobody."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.core.errors import BadConfig, UnknownName
from scrubjay.core.types import Item, Kind, Split
from scrubjay.evaluate.minimal_alone import plain
from scrubjay.training.data import PairData
from scrubjay.training.hard_batches import (
    NOTHING,
    HardPairData,
    hard_epoch_batches,
    kinds_of,
)
from scrubjay.training.pairs import epoch_batches
from tests.training.collection import Collection, make
from tests.training.tiny import TinyEncoder

COLOURS = ("red", "blue", "green", "pink")
SHAPES = ("star", "ring", "box", "cross")


def coloured(n: int = 16) -> Collection:
    """n pictures captioned with two coloured shapes each."""
    made = make(n, val_every=0)
    made.items[:] = [
        replace(
            item,
            captions=(
                f"a {COLOURS[at % 4]} {SHAPES[at // 4 % 4]} and "
                f"a {COLOURS[(at + 1) % 4]} {SHAPES[(at // 4 + 1) % 4]}",
            ),
        )
        for at, item in enumerate(made.items)
    ]
    return made


def data(made: Collection, **settings: object) -> HardPairData:
    given: dict[str, object] = {"negatives": {}, "batch_size": 4, "hard": 0.0, **settings}
    return HardPairData(made.items, made.read, TinyEncoder(), **given)


def batches(data: PairData, epoch: int = 0) -> list[object]:
    data.next_epoch = epoch
    return list(data.train_dataloader())


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[int], dict[int, tuple[int, ...]], int, float]:
    """Groups of anchors, what looks alike, a batch size and a share."""
    n_groups = draw(st.integers(2, 12))
    groups = [g for g in range(n_groups) for _ in range(draw(st.integers(1, 3)))]
    table = {
        g: tuple(dict.fromkeys(o for o in draw(st.lists(st.integers(0, n_groups - 1))) if o != g))
        for g in draw(st.sets(st.integers(0, n_groups - 1)))
    }
    hard = draw(st.floats(0, 0.9))
    return groups, {g: o for g, o in table.items() if o}, draw(st.integers(2, 9)), hard


@given(tables(), st.integers(0, 3), st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_every_anchor_is_visited_once_in_batches_as_large_as_ever(
    case: tuple[list[int], dict[int, tuple[int, ...]], int, float], seed: int, epoch: int
) -> None:
    groups, table, size, hard = case
    made = hard_epoch_batches(groups, table, size, hard=hard, seed=seed, epoch=epoch)
    again = hard_epoch_batches(groups, table, size, hard=hard, seed=seed, epoch=epoch)
    usual = epoch_batches(len(groups), size, seed=seed, epoch=epoch)
    assert sorted(np.concatenate(made).tolist()) == list(range(len(groups)))
    assert sorted(map(len, made)) == sorted(map(len, usual))
    assert all(np.array_equal(one, other) for one, other in zip(made, again, strict=True))


@pytest.mark.parametrize("hard", [0.25, 0.5, 0.75])
def test_hard_negatives_are_the_share_of_a_batch_that_was_asked_for(hard: float) -> None:
    n, size = 400, 16
    families = [at // 20 for at in range(n)]
    table = {
        at: tuple(one for one in range(n) if one != at and families[one] == families[at])
        for at in range(n)
    }
    shares = []
    for batch in hard_epoch_batches(range(n), table, size, hard=hard, seed=3, epoch=0):
        count = Counter(families[int(at)] for at in batch)
        shares.append(sum(count.values()) - len(count))
    by_chance = [
        size - len({families[int(at)] for at in batch})
        for batch in epoch_batches(n, size, seed=3, epoch=0)
    ]
    assert np.mean(shares) / size >= hard - 0.05
    assert np.mean(shares) > np.mean(by_chance)


def test_the_hardest_that_is_left_follows() -> None:
    followed = []
    for epoch in range(20):
        (batch,) = hard_epoch_batches(range(6), {0: (5, 3)}, 6, hard=0.5, seed=0, epoch=epoch)
        at = batch.tolist().index(0)
        left = [one for one in (5, 3) if one in batch[at:]]
        followed += left[:1]
        assert batch[at + 1 : at + 2].tolist() == left[:1] or not left
    assert set(followed) == {5, 3}


def test_epochs_differ() -> None:
    table = {at: ((at + 1) % 40,) for at in range(40)}
    first, second = (
        hard_epoch_batches(range(40), table, 8, hard=0.5, seed=0, epoch=epoch) for epoch in (0, 1)
    )
    assert not all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_a_table_brings_what_looks_alike_into_one_batch() -> None:
    made = make(40, val_every=0)
    alike = {f"g{at}": (f"g{at ^ 1}", "g-gone") for at in range(40)}
    together = 0
    for batch in batches(data(made, negatives=alike, hard=0.5, batch_size=8)):
        numbers = set(batch.groups["image"].tolist())
        together += sum((number ^ 1) in numbers for number in numbers)
    assert together == 40


def test_without_negatives_batches_are_those_of_pairs() -> None:
    made = coloured()
    usual = PairData(made.items, made.read, TinyEncoder(), batch_size=4)
    for one, other in zip(batches(data(made)), batches(usual), strict=True):
        assert one.groups["text"].tolist() == other.groups["text"].tolist()
        assert np.array_equal(one.inputs["image"]["pixels"], other.inputs["image"]["pixels"])


def test_wrong_captions_are_nobodys_and_never_right_of_another() -> None:
    made = coloured()
    encoder = TinyEncoder()
    said = {plain(one) for item in made.items for one in item.captions}
    told: list[str] = []
    ready = encoder.preprocess

    def noting(modality, *, train):
        def note(media):
            if modality.value == "text":
                told.extend(media)
            return ready(modality, train=train)(media)

        return note

    encoder.preprocess = noting  # type: ignore[method-assign]
    settings = {"negatives": {}, "hard": 0.0, "kinds": ["attribute"], "batch_size": 16}
    (batch,) = batches(HardPairData(made.items, made.read, encoder, **settings))
    texts = batch.groups["text"]
    assert len(batch.groups["image"]) == 16
    assert (texts[:16] == batch.groups["image"]).all()
    wrong = told[16:]
    assert len(texts) == len(told) == 16 + len(wrong)
    assert wrong
    assert (texts[16:] == NOTHING).all()
    assert not said & {plain(one) for one in wrong}
    assert len(set(wrong)) == len(wrong)


def test_a_wrong_caption_that_is_right_of_another_in_the_batch_is_left_out() -> None:
    made = make(2, val_every=0)
    texts = ("a red star and a blue ring", "A blue star and a red ring.")
    made.items[:] = [
        replace(item, captions=(text,)) for item, text in zip(made.items, texts, strict=True)
    ]
    (batch,) = batches(data(made, kinds=["attribute"], batch_size=2))
    assert batch.groups["text"].tolist() == batch.groups["image"].tolist()


def test_digits_bring_wrong_digits_that_nothing_in_the_batch_is() -> None:
    made = make(6, val_every=0)
    digits = ("seven", "three", "7", "nine", "four", "five")
    made.items[:] = [
        replace(item, captions=(text,)) for item, text in zip(made.items, digits, strict=True)
    ]
    encoder = TinyEncoder()
    told: list[tuple[str, ...]] = []
    ready = encoder.preprocess

    def noting(modality, *, train):
        def note(media):
            if modality.value == "text":
                told.append(tuple(media))
            return ready(modality, train=train)(media)

        return note

    encoder.preprocess = noting  # type: ignore[method-assign]
    settings = {"negatives": {}, "hard": 0.0, "kinds": ["count"], "batch_size": 2, "wrongs": 3}
    found = batches(HardPairData(made.items, made.read, encoder, **settings))
    assert [(one.groups["text"] == NOTHING).sum() for one in found] == [len(t) - 2 for t in told]
    assert any(len(texts) > 2 for texts in told)
    for texts in told:
        right, wrong = {plain(one) for one in texts[:2]}, [plain(one) for one in texts[2:]]
        assert set(wrong) <= {"3", "4", "5", "7", "9"} - right
        assert len(set(wrong)) == len(wrong)


def test_as_many_wrong_captions_as_asked_for_at_most() -> None:
    made = coloured()
    kinds = ["attribute", "object"]
    counts = [
        int((batch.groups["text"] == NOTHING).sum())
        for wrongs in (0, 1, 2)
        for batch in batches(data(made, kinds=kinds, wrongs=wrongs, batch_size=16))
    ]
    assert counts[0] == 0
    assert 10 <= counts[1] <= 16
    assert 16 < counts[2] <= 32


def test_each_epoch_draws_other_wrong_captions_and_the_same_epoch_the_same() -> None:
    made = coloured()
    kinds = ["attribute", "object"]
    once, again, later = (
        np.concatenate([one.inputs["text"]["words"] for one in batches(data(made, kinds=kinds), e)])
        for e in (0, 0, 1)
    )
    assert np.array_equal(once, again)
    assert once.shape != later.shape or not np.array_equal(once, later)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"hard": 1.0}, BadConfig),
        ({"hard": -0.1}, BadConfig),
        ({"wrongs": -1}, BadConfig),
        ({"kinds": "attribute"}, BadConfig),
        ({"kinds": ["colour"]}, UnknownName),
    ],
)
def test_settings_that_cannot_be_are_named(
    wrong: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error, match=next(iter(wrong))):
        data(coloured(), **wrong)


def test_kinds_come_once_in_order() -> None:
    assert kinds_of(["order", "count", "order"]) == ("order", "count")


def test_an_item_of_no_pair_changes_nothing() -> None:
    made = coloured()
    silent = Item(
        id="x",
        kind=Kind.TEXT,
        uris=("x",),
        sha256="x",
        group="x",
        split=Split.TRAIN,
        month="2026-11",
        size=1,
        captions=("a dog",),
    )
    made.items.append(silent)
    found = data(made, negatives={"g0": ("x",), "x": ("g0",)}, hard=0.5)
    assert sum(len(one.groups["image"]) for one in batches(found)) == 16

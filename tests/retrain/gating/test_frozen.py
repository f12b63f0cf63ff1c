"""Frozen sets and what each query found, against a naive loop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.core.types import Item, Kind, Modality, Split
from scrubjay.evaluate.examples import View
from scrubjay.retrain.gating.frozen import comparisons, general, held_out, outcomes
from scrubjay.retrain.gating.settings import Part


def item(name: str, month: str = "2026-01", split: Split = Split.TEST, **more: object) -> Item:
    plain = Item(
        id=name,
        kind=Kind.IMAGE,
        uris=(f"/{name}.png",),
        sha256=name,
        group=name,
        split=split,
        month=month,
        size=1,
        captions=(f"caption of {name}",),
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def view(modality: Modality, groups: list[str], seed: int, dim: int = 4) -> View:
    rows = np.random.default_rng(seed).normal(size=(len(groups), dim)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    named = modality is not Modality.TEXT
    return View(
        modality,
        rows,
        tuple(groups),
        tuple(f"/{one}.{modality.value}" if named else "" for one in groups),
        tuple("" if named else f"caption of {one}" for one in groups),
    )


def naive(query: View, gallery: View, among: int) -> list[tuple[str, float]]:
    found = []
    for vector, group in zip(query.vectors, query.groups, strict=True):
        if group not in gallery.groups:
            continue
        scores = gallery.vectors @ vector
        right = max(s for s, one in zip(scores, gallery.groups, strict=True) if one == group)
        better = sum(
            s > right for s, one in zip(scores, gallery.groups, strict=True) if one != group
        )
        found.append((group, float(better < among)))
    return found


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(11, 40), st.integers(1, 10))
def test_every_query_of_every_direction_is_asked_of_both(
    seed: int, texts: int, pictures: int, among: int
) -> None:
    groups = [f"g{n}" for n in range(pictures)]
    models = [
        {
            Modality.IMAGE: view(Modality.IMAGE, groups, seed + which),
            Modality.TEXT: view(Modality.TEXT, groups[:texts], seed + which + 2),
        }
        for which in (0, 1)
    ]
    of = outcomes(models[0], models[1], found_among=among)
    expected = [naive(one[Modality.TEXT], one[Modality.IMAGE], among) for one in models]
    assert of.groups.tolist() == [group for group, _ in expected[0]]
    assert of.challenger.tolist() == [found for _, found in expected[0]]
    assert of.champion is not None
    assert of.champion.tolist() == [found for _, found in expected[1]]
    assert set(of.directions.tolist()) == {"text->image"}


def test_texts_are_asked_and_never_searched() -> None:
    groups = ["a", "b"]
    views = {one: view(one, groups, 3) for one in Modality}
    directions = set(outcomes(views, None).directions.tolist())
    assert directions == {
        "text->image",
        "text->speech",
        "image->speech",
        "speech->image",
    }


def test_what_one_model_could_not_use_is_nobodys_query() -> None:
    groups = [f"g{n}" for n in range(6)]
    mine = {Modality.IMAGE: view(Modality.IMAGE, groups, 1)}
    mine[Modality.TEXT] = view(Modality.TEXT, groups, 2)
    theirs = {Modality.IMAGE: view(Modality.IMAGE, groups[1:], 3)}
    theirs[Modality.TEXT] = view(Modality.TEXT, groups, 4)
    of = outcomes(mine, theirs)
    assert of.champion is not None
    assert of.groups.tolist() == groups[1:]
    assert len(of.champion) == len(of.challenger) == 5


def test_a_modality_only_the_challenger_has_is_not_compared() -> None:
    groups = ["a", "b", "c"]
    mine = {one: view(one, groups, 1) for one in Modality}
    theirs = {one: view(one, groups, 2) for one in (Modality.IMAGE, Modality.TEXT)}
    assert set(outcomes(mine, theirs).directions.tolist()) == {"text->image"}


def test_where_the_champion_has_no_tower_it_guesses() -> None:
    groups = ["a", "b", "c", "d"]
    mine = {one: view(one, groups, 1) for one in Modality}
    mine[Modality.SPEECH] = view(Modality.SPEECH, ["a", "a", "b", "c", "d"], 1)
    theirs = {one: view(one, groups, 2) for one in (Modality.IMAGE, Modality.TEXT)}
    both = outcomes(mine, theirs, found_among=2)
    of = outcomes(mine, theirs, found_among=2, new={Modality.SPEECH})
    assert of.champion is not None
    assert both.champion is not None
    assert of.guessed.tolist() == [name != "text->image" for name in of.directions]
    assert of.champion[~of.guessed].tolist() == both.champion.tolist()
    assert of.challenger[~of.guessed].tolist() == both.challenger.tolist()
    # Two of four pictures; of five recordings two, of which one or two are right.
    chances = {"speech->image": {"a": 2 / 4}, "text->speech": {"a": 1 - 3 / 10, "b": 2 / 5}}
    for name, by_group in chances.items():
        for group, chance in by_group.items():
            chosen = (of.directions == name) & (of.groups == group)
            assert chosen.any()
            assert of.champion[chosen] == pytest.approx(chance)
    everything = outcomes(mine, theirs, found_among=20, new={Modality.SPEECH})
    assert everything.champion is not None
    assert everything.champion.min() == everything.challenger.min() == 1


def test_a_tower_that_is_lost_is_a_loss_in_every_set() -> None:
    old, new = item("a"), item("b", month="2026-02")
    theirs = {one: view(one, ["a", "b"], 5) for one in Modality}
    mine = {one: theirs[one] for one in (Modality.IMAGE, Modality.TEXT)}
    of = outcomes(mine, theirs, found_among=1, lost={Modality.SPEECH})
    turned = outcomes(theirs, mine, found_among=1, new={Modality.SPEECH})
    assert of.champion is not None
    assert of.challenger.tolist() == turned.champion.tolist()  # type: ignore[union-attr]
    assert of.champion.tolist() == turned.challenger.tolist()
    assert set(of.challenger[of.directions != "text->image"]) == {1 / 2}
    assert not of.guessed.any()
    sets = comparisons(of, [old, new], new={"b"}, month="2026-02")
    assert {one.name: len(one.groups) for one in sets} == {"2026-02": 4, "2026-01": 4}


def test_what_only_one_hears_and_only_the_other_sees_is_asked_of_nobody() -> None:
    views = {one: view(one, ["a", "b"], 5) for one in Modality}
    mine = {one: views[one] for one in (Modality.TEXT, Modality.IMAGE)}
    theirs = {one: views[one] for one in (Modality.TEXT, Modality.SPEECH)}
    of = outcomes(mine, theirs, new={Modality.IMAGE}, lost={Modality.SPEECH})
    assert set(of.directions.tolist()) == {"text->image", "text->speech"}


def test_what_a_new_tower_finds_makes_up_for_no_loss() -> None:
    old, new = item("a"), item("b", month="2026-02")
    views = {one: view(one, ["a", "b"], 5) for one in Modality}
    before = {one: views[one] for one in (Modality.IMAGE, Modality.TEXT)}
    of = outcomes(views, before, new={Modality.SPEECH})
    sets = comparisons(
        of,
        [old, new],
        new={"b"},
        month="2026-02",
        slices={"month": lambda one: [one.month]},
    )
    queries = {one.name: (one.part, len(one.groups)) for one in sets}
    assert queries == {
        "2026-02": (Part.HELD_OUT, 4),
        "2026-02, what both can be asked": (Part.SLICE, 1),
        "2026-01": (Part.EARLIER, 1),
        "month: 2026-01": (Part.SLICE, 1),
        "month: 2026-02": (Part.SLICE, 1),
    }


def test_sets_are_this_months_earlier_months_and_slices() -> None:
    items = [
        item("old1", "2026-01", language="en"),
        item("old2", "2026-02", language="de"),
        item("new1", "2026-03", language="de"),
        item("late", "2026-03", language="en"),
    ]
    groups = [one.group for one in items]
    views = {m: view(m, groups, 5) for m in (Modality.IMAGE, Modality.TEXT)}
    sets = comparisons(
        outcomes(views, views),
        items,
        new={"new1"},
        month="2026-03",
        slices={"language": lambda one: [one.language or ""]},
    )
    said = {(one.name, one.part): list(one.groups) for one in sets}
    assert said == {
        ("2026-03", Part.HELD_OUT): ["new1"],
        ("2026-01", Part.EARLIER): ["old1"],
        ("2026-02", Part.EARLIER): ["old2"],
        ("2026-03 before", Part.EARLIER): ["late"],
        ("language: de", Part.SLICE): ["old2", "new1"],
        ("language: en", Part.SLICE): ["old1", "late"],
    }


def test_a_group_with_something_old_in_it_is_old() -> None:
    old, new = item("a", "2026-01"), replace(item("b", "2026-02"), group="a")
    views = {m: view(m, ["a"], 5) for m in (Modality.IMAGE, Modality.TEXT)}
    sets = comparisons(outcomes(views, views), [old, new], new={"b"}, month="2026-02")
    assert {one.name: len(one.groups) for one in sets} == {"2026-02": 0, "2026-01": 1}


def test_frozen_are_the_test_items_that_are_not_held() -> None:
    items = [item("a"), item("b", split=Split.TRAIN), item("c", split=Split.VAL), item("d")]
    assert [one.id for one in held_out(items, {"d"})] == ["a"]


def test_nothing_to_ask_is_no_error() -> None:
    of = outcomes({}, {})
    assert len(of) == 0
    (only,) = comparisons(of, [], new=(), month="2026-01")
    assert (only.part, len(only.groups)) == (Part.HELD_OUT, 0)
    assert general(of).part is Part.GENERAL


@pytest.mark.parametrize("champion", [True, False])
def test_a_set_holds_both_models_or_one(champion: bool) -> None:
    views = {m: view(m, ["a", "b"], 5) for m in (Modality.IMAGE, Modality.TEXT)}
    (only,) = comparisons(
        outcomes(views, views if champion else None),
        [item("a"), item("b")],
        new={"a", "b"},
        month="2026-01",
    )
    assert (only.champion is not None) is champion

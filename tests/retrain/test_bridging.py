"""What a bridge is learned from, and what is said of it before anything is done."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from scrubjay.core.types import Modality
from scrubjay.evaluate.examples import View
from scrubjay.retrain.bridging import BridgePlan, learn_bridges, plan_bridge
from scrubjay.store.generations import Generations
from scrubjay.store.index import Row
from tests.store.made import item, units

N, DIM = 80, 12


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


MEANING = unit(np.random.default_rng(0).standard_normal((N, DIM)))
TURN = np.linalg.qr(np.random.default_rng(1).standard_normal((DIM, DIM)))[0]


def near(rows, seed):
    return unit(rows + 0.02 * np.random.default_rng(seed).standard_normal(rows.shape))


def view(modality, vectors, order=None):
    """Pictures have uris, texts words; item n is of group n."""
    order = range(len(vectors)) if order is None else order
    named = modality is not Modality.TEXT
    return View(
        modality,
        vectors[list(order)],
        tuple(f"group-{n}" for n in order),
        tuple(f"/pictures/{n}.png" if named else "" for n in order),
        tuple(f"text {n}" for n in order),
    )


OLD = {
    Modality.IMAGE: view(Modality.IMAGE, near(MEANING, 1)),
    Modality.TEXT: view(Modality.TEXT, near(MEANING, 2)),
}
NEW = {
    Modality.IMAGE: view(Modality.IMAGE, near(MEANING @ TURN, 3)),
    Modality.TEXT: view(Modality.TEXT, near(MEANING @ TURN, 4)),
}


def learned(old=OLD, new=NEW):
    problems = {}
    bridges = learn_bridges(old, new, source="v1", target="v2", on_problem=problems.__setitem__)
    return bridges, problems


def without_words(one):
    return dataclasses.replace(one, texts=("",) * len(one))


def part(one, places):
    return View(
        one.modality,
        one.vectors[places],
        tuple(one.groups[i] for i in places),
        tuple(one.uris[i] for i in places),
        tuple(one.texts[i] for i in places),
    )


def test_every_modality_both_versions_embedded_gets_a_bridge_that_leads_over():
    bridges, problems = learned()
    assert problems == {}
    assert bridges.keys() == {Modality.IMAGE, Modality.TEXT}
    for modality, one in bridges.items():
        assert (one.bridge.source, one.bridge.target) == ("v1", "v2")
        assert one.bridge.modality is modality
        assert one.share_of_full == pytest.approx(1, abs=0.05)
        mapped = one.bridge.map(OLD[modality].vectors)
        assert np.einsum("ij,ij->i", mapped, NEW[modality].vectors).min() > 0.95


def test_the_same_things_are_paired_whatever_their_order_and_what_else_there_is():
    order = np.random.default_rng(5).permutation(N)
    kept = list(order[: N - 10])
    shuffled = {one: part(made, list(order)) for one, made in NEW.items()}
    bridges, _ = learned({one: part(made, sorted(kept)) for one, made in OLD.items()}, shuffled)
    for modality, one in bridges.items():
        assert one.n_pairs == N - 10
        mapped = one.bridge.map(OLD[modality].vectors)
        assert np.einsum("ij,ij->i", mapped, NEW[modality].vectors).min() > 0.95


def test_texts_without_their_words_are_paired_by_their_turn():
    old, new = ({**one, Modality.TEXT: without_words(one[Modality.TEXT])} for one in (OLD, NEW))
    bridges, problems = learned(old, new)
    assert problems == {}
    mapped = bridges[Modality.TEXT].bridge.map(OLD[Modality.TEXT].vectors)
    assert np.einsum("ij,ij->i", mapped, NEW[Modality.TEXT].vectors).min() > 0.95


def test_texts_without_their_words_are_not_paired_when_one_may_be_missing():
    old = {**OLD, Modality.TEXT: without_words(part(OLD[Modality.TEXT], list(range(1, N))))}
    new = {**NEW, Modality.TEXT: without_words(NEW[Modality.TEXT])}
    bridges, problems = learned(old, new)
    assert bridges.keys() == {Modality.IMAGE}
    assert problems == {Modality.TEXT: "no item was embedded by both versions"}


def test_a_modality_with_too_few_groups_has_no_bridge_and_it_is_said_why():
    few = {**OLD, Modality.IMAGE: part(OLD[Modality.IMAGE], list(range(30)))}
    bridges, problems = learned(few)
    assert bridges.keys() == {Modality.TEXT}
    assert "only 30 content groups" in problems[Modality.IMAGE]


def test_without_anything_to_search_with_there_is_no_bridge():
    only = {Modality.IMAGE: NEW[Modality.IMAGE]}
    bridges, problems = learned(OLD, only)
    assert bridges == {}
    assert "nothing of another modality" in problems[Modality.IMAGE]


def test_a_modality_the_old_version_did_not_know_has_no_bridge():
    bridges, problems = learned({Modality.IMAGE: OLD[Modality.IMAGE]})
    assert bridges.keys() == {Modality.IMAGE}
    assert problems == {Modality.TEXT: "no item was embedded by both versions"}


def test_only_what_is_stored_needs_a_bridge():
    problems = {}
    bridges = learn_bridges(
        OLD,
        NEW,
        source="v1",
        target="v2",
        stored={Modality.IMAGE, Modality.SPEECH},
        on_problem=problems.__setitem__,
    )
    assert bridges.keys() == {Modality.IMAGE}
    assert problems == {Modality.SPEECH: "no item was embedded by both versions"}


@pytest.fixture
def old(tmp_path):
    generation = Generations(tmp_path).create("v1", dim=DIM, attribute_types={})
    rows = [Row(item(n), Modality.IMAGE, "v1") for n in range(5)]
    rows += [Row(item(9), Modality.SPEECH, "v1", at, at + 1) for at in (0.0, 1.0)]
    generation.add(rows, units(7, DIM))
    return generation


def test_the_plan_tells_shares_of_what_is_stored_and_what_is_embedded_first(old):
    bridges, _ = learned()
    plan = plan_bridge(old, "v2", bridges, min_recall=0.9)
    assert plan.good
    assert plan.to_json() == {
        "source": "v1",
        "target": "v2",
        "good": True,
        "min_recall": 0.9,
        "share_of_full": {"image": bridges[Modality.IMAGE].share_of_full},
        "mapped": {"image": 5},
        "anew": {"speech": 2},
        "again": 0,
        "statement": plan.statement,
    }
    assert "2 speech rows have no bridge and are embedded anew before" in plan.statement
    assert "mapped rows serve v2 at once" in plan.statement


def test_without_a_bridge_for_anything_stored_the_old_version_serves(old):
    bridges, _ = learned()
    plan = plan_bridge(old, "v2", {Modality.TEXT: bridges[Modality.TEXT]}, min_recall=0.0)
    assert not plan.good
    assert "v1 serves until all is embedded by v2" in plan.statement


@pytest.mark.parametrize(
    ("shares", "good"),
    [
        ({Modality.IMAGE: 0.9}, True),
        ({Modality.IMAGE: 0.899}, False),
        ({Modality.IMAGE: 1.0, Modality.SPEECH: 0.5}, False),
        ({Modality.IMAGE: None}, False),
    ],
)
def test_every_stored_modality_must_keep_its_share_of_the_recall(shares, good):
    plan = BridgePlan("v1", "v2", shares, dict.fromkeys(shares, 1), {}, 0, 0.9)
    assert plan.good is good


def test_rows_that_are_mapped_a_second_time_are_counted(tmp_path, old):
    bridges, _ = learned()
    new = Generations(tmp_path).create("v2", dim=DIM, attribute_types={})
    for page in old.pages(100):
        new.carry(page, {Modality.IMAGE: bridges[Modality.IMAGE].bridge})
    plan = plan_bridge(new, "v3", bridges, min_recall=0.5)
    assert plan.again == 5
    assert "5 rows had been mapped before" in plan.statement

"""A learned bridge finds again what re-embedding finds, is chosen fairly, and says its worth."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from scrubjay.core.errors import NotReady, WrongUse
from scrubjay.core.types import Modality
from scrubjay.search import bridge_choice
from scrubjay.search.bridge import BridgeKind
from scrubjay.search.bridge_choice import FULL, Pairs, learn_bridge


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def things(n, *, latent=16, topics=40, seed=0):
    """Structured data: items of some topics, a caption of each that says nearly the same."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((topics, latent))
    items = centres[rng.integers(topics, size=n)] + 0.4 * rng.standard_normal((n, latent))
    features = rng.standard_normal((latent, 128)) / np.sqrt(latent)
    captions = items + 0.35 * rng.standard_normal(items.shape)
    return np.tanh(items @ features), np.tanh(captions @ features)


def encoder(seed, dim=64):
    """A random projection that saturates: another seed is another space altogether."""
    weights = np.random.default_rng(seed).standard_normal((128, dim)) / np.sqrt(128)
    return lambda rows: unit(np.tanh(3 * rows @ weights))


def pairs_of(old, new, n=1200, **made):
    items, captions = things(n, **made)
    groups = [f"g{i}" for i in range(n)]
    return Pairs(old(items), new(items), groups, new(captions), groups)


def learned(pairs, **options):
    return learn_bridge(pairs, modality=Modality.IMAGE, source="old", target="new", **options)


def recalls(result):
    return {name: one and one.value for name, one in result.recall.items()}


def test_between_encoders_of_different_seeds_the_bridge_beats_none_clearly():
    result = learned(pairs_of(encoder(1), encoder(2)))
    recall = result.recall
    assert recall["none"].high < 0.1
    assert recall[result.bridge.kind.value].low > recall["none"].high + 0.5
    assert result.share_of_full > 0.8
    assert recall[FULL].value >= recall[result.bridge.kind.value].value


def test_between_encoders_of_different_widths_there_is_a_bridge_and_no_recall_without_one():
    for old, new in [(48, 64), (64, 48)]:
        result = learned(pairs_of(encoder(1, old), encoder(2, new)))
        assert result.recall["none"] is None
        assert result.share_of_full > 0.75
        assert result.bridge.matrix.shape == (old, new)


def test_a_rotated_space_is_bridged_as_well_as_re_embedded():
    turn, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((64, 64)))
    new = encoder(1)
    result = learned(pairs_of(lambda rows: unit(new(rows) @ turn), new))
    assert recalls(result)["procrustes"] == pytest.approx(recalls(result)[FULL], abs=0.01)
    assert result.share_of_full >= 0.99
    items, _ = things(50, seed=9)
    mapped = result.bridge.map(unit(new(items) @ turn))
    assert np.allclose(mapped, new(items), atol=0.02)


def test_a_low_rank_change_makes_the_affine_map_better_than_the_rotation():
    """Three of sixteen directions fall silent but for a tenth: no rotation does that."""
    rng = np.random.default_rng(0)
    n, dim = 3000, 16
    strength = np.r_[np.full(3, 3.0), np.ones(dim - 3)]
    rows = strength * rng.standard_normal((n, dim))
    silence = np.r_[np.full(3, 0.1), np.ones(dim - 3)]
    turn, _ = np.linalg.qr(rng.standard_normal((dim, dim)))
    groups = [str(i) for i in range(n)]
    asked = unit((rows + 0.4 * rng.standard_normal(rows.shape)) * silence @ turn)
    result = learned(Pairs(unit(rows), unit(rows * silence @ turn), groups, asked, groups))
    assert result.bridge.kind is BridgeKind.AFFINE
    assert result.rank >= 3
    assert result.recall["affine"].low > result.recall["procrustes"].high


def test_an_unchanged_space_with_few_pairs_is_left_as_it_is():
    """Any map learned from fewer pairs than dimensions only adds noise."""
    new = encoder(1, 64)
    rng = np.random.default_rng(0)
    result = learned(
        pairs_of(
            lambda rows: unit(new(rows) + 0.05 * rng.standard_normal((len(rows), 64))), new, n=80
        )
    )
    kept = recalls(result)
    assert kept[result.bridge.kind.value] >= 0.95 * kept["none"]


def test_the_same_input_gives_the_same_bridge_and_json():
    pairs = pairs_of(encoder(1), encoder(2), n=300)
    first, again = learned(pairs), learned(pairs)
    assert np.array_equal(first.bridge.matrix, again.bridge.matrix)
    told = json.loads(json.dumps(first.to_json(), allow_nan=False))
    assert told == again.to_json()
    assert set(told["recall"]) == {"none", "procrustes", "affine", "full"}
    assert told["n_pairs"] == 300
    assert told["n_queries"] == 60


def test_items_of_a_group_stay_together_and_groups_asked_for_elsewhere_do_not_count(monkeypatch):
    pairs = pairs_of(encoder(1), encoder(2), n=600)
    groups = [f"g{i // 5}" for i in range(600)]
    pairs = dataclasses.replace(pairs, groups=groups, query_groups=groups)
    parts = bridge_choice._deal(pairs, seed=0)
    assert [len(part) for part in parts] == [72, 24, 24]
    assert len(set(np.concatenate(parts))) == 120
    result = learned(pairs)
    assert result.n_queries == 24 * 5
    monkeypatch.setattr(bridge_choice, "MOST_QUERIES", 30)
    assert learned(pairs).n_queries == 30


def test_of_a_huge_collection_some_pairs_are_enough(monkeypatch):
    monkeypatch.setattr(bridge_choice, "MOST_PAIRS", 400)
    result = learned(pairs_of(encoder(1), encoder(2), n=1500))
    assert result.n_pairs == 400
    assert result.share_of_full > 0.6


def test_too_few_pairs_are_said_with_what_to_do():
    with pytest.raises(NotReady, match=r"only 20 content groups .* needs 50; embed more"):
        learned(pairs_of(encoder(1), encoder(2), n=20))


def test_queries_that_ask_for_nothing_held_out_are_not_ready():
    pairs = pairs_of(encoder(1), encoder(2), n=100)
    with pytest.raises(NotReady, match="no query asks"):
        learned(dataclasses.replace(pairs, query_groups=["elsewhere"] * 100))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"old": lambda p: p.old[:-1]}, "99 old rows, 100 new rows"),
        ({"old": lambda p: p.old[0]}, "old rows must be a table"),
        ({"queries": lambda p: p.queries[:, :-1]}, "queries have 63 numbers and new rows 64"),
        ({"query_groups": lambda p: p.query_groups[1:]}, "100 queries but 99 groups"),
        ({"new": lambda p: np.where(np.arange(100)[:, None] == 7, np.nan, p.new)}, "new row 7"),
        ({"queries": lambda p: np.full_like(p.queries, np.inf)}, "query row 0 is not finite"),
    ],
)
def test_rows_that_do_not_fit_are_said(change, message):
    pairs = pairs_of(encoder(1), encoder(2), n=100)
    ((name, make),) = change.items()
    with pytest.raises(WrongUse, match=message):
        learned(dataclasses.replace(pairs, **{name: make(pairs)}))

"""The shape of a space: every figure against its definition written out, and against its end."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scrubjay.core.errors import WrongUse
from scrubjay.evaluate import geometry


def rows(n: int, dim: int, *, seed: int = 0, towards: float = 0.0) -> np.ndarray:
    made = np.random.default_rng(seed).standard_normal((n, dim))
    made[:, 0] += towards
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def test_the_gap_is_the_distance_of_the_centres() -> None:
    one, other = rows(40, 6), rows(30, 6, seed=1, towards=3.0)
    by_hand = math.dist(one.mean(axis=0), other.mean(axis=0))
    assert geometry.modality_gap(one, other) == pytest.approx(by_hand, abs=1e-6)
    assert geometry.gap_of_halves(one, other) < by_hand / 2


def test_two_separate_cones_have_a_gap_and_one_cone_has_none() -> None:
    apart = geometry.modality_gap(rows(200, 8, towards=9.0), rows(200, 8, seed=1, towards=-9.0))
    assert apart > 1.8
    together = geometry.modality_gap(rows(200, 8, towards=9.0), rows(200, 8, seed=1, towards=9.0))
    assert together < 0.1


def test_uniformity_is_the_mean_over_all_pairs() -> None:
    some = rows(30, 5).astype(np.float64)
    pairs = [
        math.exp(-2 * float(((some[i] - some[j]) ** 2).sum()))
        for i in range(30)
        for j in range(30)
        if i != j
    ]
    by_hand = math.log(sum(pairs) / len(pairs))
    assert geometry.uniformity(some.astype(np.float32)) == pytest.approx(by_hand, abs=1e-4)


@pytest.mark.parametrize("dim", [2, 3, 16, 192])
def test_even_rows_have_the_uniformity_that_is_called_even(dim: int) -> None:
    drawn = geometry.uniformity(geometry.random_rows(3000, dim))
    assert geometry.even_uniformity(dim) == pytest.approx(drawn, abs=0.03)


def test_one_point_is_not_uniform_at_all() -> None:
    assert geometry.uniformity(np.ones((20, 4), np.float32) / 2) == pytest.approx(0.0, abs=1e-6)
    with pytest.raises(WrongUse, match="two rows"):
        geometry.uniformity(rows(1, 4))


def test_alignment_is_the_mean_over_pairs_of_a_group_and_then_over_groups() -> None:
    one, other = rows(6, 4), rows(5, 4, seed=1)
    mine, theirs = ["a", "a", "b", "b", "b", "x"], ["a", "b", "b", "a", "y"]
    by_group = []
    for group in "ab":
        pairs = [
            float(((one[i] - other[j]) ** 2).sum())
            for i in range(6)
            for j in range(5)
            if mine[i] == theirs[j] == group
        ]
        by_group.append(sum(pairs) / len(pairs))
    found = geometry.alignment(one, other, mine, theirs)
    assert found == pytest.approx(sum(by_group) / 2, abs=1e-5)
    assert geometry.alignment(one, other, ["p"] * 6, ["q"] * 5) is None
    anything = np.mean([((a - b) ** 2).sum() for a in one for b in other])
    assert geometry.chance_alignment(one, other) == pytest.approx(float(anything), abs=1e-5)


def test_effective_rank_is_the_entropy_of_the_singular_values() -> None:
    some = rows(50, 7)
    singular = np.linalg.svd(some - some.mean(axis=0), compute_uv=False).astype(np.float64)
    share = singular / singular.sum()
    by_hand = math.exp(-float((share * np.log(share)).sum()))
    assert geometry.effective_rank(some) == pytest.approx(by_hand, rel=1e-4)
    few = rows(4, 60)  # fewer rows than dimensions
    assert geometry.effective_rank(few) <= 3.0 + 1e-6
    assert geometry.effective_rank(np.ones((9, 4), np.float32) / 2) == 0.0


def test_rows_on_a_line_use_one_dimension() -> None:
    line = np.outer(np.linspace(-1, 1, 40), [1.0, 0.0, 0.0]).astype(np.float32)
    assert geometry.effective_rank(line) == pytest.approx(1.0, abs=1e-3)


def test_hubness_counts_who_is_near_and_whom_they_asked_for() -> None:
    queries, gallery = rows(50, 5), rows(30, 5, seed=1)
    asked = [f"g{i % 10}" for i in range(50)]
    offered = [f"g{i % 10}" for i in range(30)]
    scores = queries @ gallery.T
    near = np.argsort(-scores, axis=1)[:, :10]
    found = [int((near == at).sum()) for at in range(30)]
    wrong = [sum(at in near[q] and asked[q] != offered[at] for q in range(50)) for at in range(30)]
    measured = geometry.hubness(queries, gallery, asked, offered)
    assert measured.found.tolist() == found
    assert measured.wrong.tolist() == wrong
    away = np.array(found) - np.mean(found)
    assert measured.skew == pytest.approx(float((away**3).mean() / (away**2).mean() ** 1.5))
    assert measured.expected == pytest.approx(50 * 10 / 30)


def test_a_planted_hub_is_seen() -> None:
    gallery = rows(200, 32)
    queries = rows(300, 32, seed=1, towards=6.0)
    even = geometry.hubness(queries, gallery, ["q"] * 300, ["g"] * 200)
    gallery[7] = 0.0
    gallery[7, 0] = 1.0  # where all queries lean to
    hub = geometry.hubness(queries, gallery, ["q"] * 300, ["g"] * 200)
    assert hub.found.argmax() == 7
    assert hub.found[7] > 250
    assert hub.skew > even.skew + 1


def test_the_scale_that_fits_is_the_one_answers_were_drawn_with() -> None:
    rng = np.random.default_rng(0)
    gallery, queries = rows(60, 24, seed=2), rows(900, 24, seed=3)
    logits = 12.0 * queries @ gallery.T
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    asked = [f"g{rng.choice(60, p=one / one.sum())}" for one in shares.astype(np.float64)]
    fits = geometry.fitting_scale(queries, gallery, asked, [f"g{i}" for i in range(60)])
    assert fits == pytest.approx(12.0, rel=0.12)
    assert geometry.fitting_scale(queries, gallery, ["no"] * 900, ["yes"] * 60) is None

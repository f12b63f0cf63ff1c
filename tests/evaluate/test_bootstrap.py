"""Bootstrap intervals: reproducible, honest about groups, equal to a naive resampling."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.evaluate import bootstrap
from scrubjay.evaluate.bootstrap import bootstrap_mean, bootstrap_median


def test_the_interval_holds_the_value_and_the_seed_fixes_it():
    rng = np.random.default_rng(1)
    values = rng.random((80, 2))
    groups = np.arange(80)
    first = bootstrap_mean(values, groups, seed=3)
    assert first == bootstrap_mean(values, groups, seed=3)
    assert first != bootstrap_mean(values, groups, seed=4)
    for column, estimate in enumerate(first):
        assert estimate.value == pytest.approx(values[:, column].mean())
        assert estimate.low < estimate.value < estimate.high


def test_independent_queries_give_the_interval_of_the_normal_approximation():
    rng = np.random.default_rng(0)
    hits = (rng.random((2000, 1)) < 0.3).astype(float)
    (estimate,) = bootstrap_mean(hits, np.arange(2000), resamples=2000)
    half = 1.96 * np.sqrt(0.3 * 0.7 / 2000)
    assert estimate.high - estimate.low == pytest.approx(2 * half, rel=0.1)


def test_copies_of_a_query_in_its_group_do_not_narrow_the_interval():
    rng = np.random.default_rng(0)
    hits = (rng.random((60, 1)) < 0.5).astype(float)
    (single,) = bootstrap_mean(hits, np.arange(60))
    (fivefold,) = bootstrap_mean(np.repeat(hits, 5, axis=0), np.repeat(np.arange(60), 5))
    assert (fivefold.low, fivefold.high) == pytest.approx((single.low, single.high))


def test_medians_equal_a_naive_resampling_of_the_same_draws():
    rng = np.random.default_rng(2)
    values = rng.integers(1, 30, 40).astype(float)
    groups = rng.integers(0, 9, 40)
    _, codes = np.unique(groups, return_inverse=True)
    n_groups = codes.max() + 1
    rng, naive = np.random.default_rng(7), []
    for _ in range(50):
        drawn = rng.integers(0, n_groups, n_groups)
        naive.append(np.median(np.concatenate([values[codes == one] for one in drawn])))
    low, high = np.percentile(naive, [2.5, 97.5])
    estimate = bootstrap_median(values, groups, resamples=50, seed=7)
    assert estimate.value == np.median(values)
    assert (estimate.low, estimate.high) == pytest.approx((low, high))


def test_pieces_draw_what_one_piece_draws(monkeypatch):
    values = np.random.default_rng(0).random((30, 1))
    (whole,) = bootstrap_mean(values, np.arange(30))
    monkeypatch.setattr(bootstrap, "_CELLS", 100)
    (pieces,) = bootstrap_mean(values, np.arange(30))
    assert (pieces.low, pieces.high) == pytest.approx((whole.low, whole.high))


def test_one_group_has_an_interval_of_no_width():
    (estimate,) = bootstrap_mean(np.array([[0.0], [1.0]]), np.array([5, 5]))
    assert (estimate.low, estimate.value, estimate.high) == (0.5, 0.5, 0.5)

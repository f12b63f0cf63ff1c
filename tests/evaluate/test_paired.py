"""The paired bootstrap: equal to a naive one, honest about groups and about few differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.core.errors import WrongUse
from scrubjay.evaluate import paired
from scrubjay.evaluate.paired import paired_gain


def coins(seed, n, base, gain=0.0, correlation=0.6):
    rng = np.random.default_rng(seed)
    other = base + gain
    both = base * other + correlation * np.sqrt(base * (1 - base) * other * (1 - other))
    u = rng.random(n)
    return (u < base).astype(float), ((u < both) | ((u >= base) & (u < base + other - both))) * 1.0


def test_drawing_kinds_of_groups_equals_drawing_groups_one_by_one():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), rng.integers(1, 6, 60))
    first, second = (rng.random((2, len(groups))) < [[0.4], [0.5]]).astype(float)
    gain = paired_gain(first, second, groups, resamples=20_000)
    naive = []
    for _ in range(4000):
        drawn = rng.integers(0, 60, 60)
        rows = np.concatenate([np.flatnonzero(groups == one) for one in drawn])
        naive.append((second - first)[rows].mean())
    assert gain.value == pytest.approx((second - first).mean())
    assert gain.error == pytest.approx(np.std(naive), rel=0.05)
    low, high = np.quantile(naive, [0.025, 0.975])
    assert gain.low == pytest.approx(min(low, 2 * gain.value - high), abs=0.012)
    assert gain.high == pytest.approx(max(high, 2 * gain.value - low), abs=0.012)


def test_pieces_draw_from_the_same_collections(monkeypatch):
    first, second = coins(1, 300, 0.5)
    whole = paired_gain(first, second, np.arange(300))
    monkeypatch.setattr(paired, "_CELLS_AT_ONCE", 100)
    assert paired_gain(first, second, np.arange(300)).to_json() == whole.to_json()


def test_copies_of_a_query_in_its_group_add_nothing():
    first, second = coins(2, 150, 0.5, 0.05)
    single = paired_gain(first, second, np.arange(150))
    copied = paired_gain(np.repeat(first, 5), np.repeat(second, 5), np.repeat(np.arange(150), 5))
    assert copied.n_queries == 750
    assert copied.n_groups == 150
    assert (copied.low, copied.high) == pytest.approx((single.low, single.high))


def test_exchanging_the_models_turns_the_gain_around():
    first, second = coins(3, 400, 0.5, 0.05)
    there = paired_gain(first, second, np.arange(400), resamples=40_000)
    back = paired_gain(second, first, np.arange(400), resamples=40_000)
    assert back.value == -there.value
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low), abs=0.003)
    assert back.p_at_least(0) == pytest.approx(there.p_at_most(0), abs=0.005)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(40, 400),
    threshold=st.floats(-0.2, 0.2),
    alpha=st.sampled_from([0.025, 0.05, 0.1]),
)
def test_p_and_bound_say_the_same(seed, n, threshold, alpha):
    first, second = coins(seed, n, 0.5, 0.05, 0.3)
    gain = paired_gain(first, second, np.arange(n), alpha=alpha, resamples=500)
    if abs(gain.low - threshold) > 1e-9:
        assert (gain.p_at_most(threshold) <= alpha) == (gain.low > threshold)
    if abs(gain.high - threshold) > 1e-9:
        assert (gain.p_at_least(threshold) <= alpha) == (gain.high < threshold)
    assert gain.low <= gain.value <= gain.high


def test_few_differences_prove_nothing_however_many_queries_agree():
    champion, challenger = np.zeros(1000), np.zeros(1000)
    challenger[:4] = 1
    assert paired_gain(champion, challenger, np.arange(1000)).p_at_most(0) > 0.025
    challenger[:12] = 1
    assert paired_gain(champion, challenger, np.arange(1000)).p_at_most(0) < 0.005


def test_three_groups_never_reach_a_small_p():
    gain = paired_gain(np.zeros(300), np.ones(300), np.repeat([0, 1, 2], 100))
    assert gain.p_at_most(0) == 0.125


@pytest.mark.parametrize(("base", "correlation"), [(0.5, 0.0), (0.5, 0.9), (0.05, 0.5), (0.9, 0.8)])
@pytest.mark.parametrize("captions", [1, 5])
def test_equal_models_differ_by_chance_at_most_as_often_as_alpha_says(base, correlation, captions):
    n, wins = 150, 0
    for seed in range(1000):
        first, second = coins(seed, n, base, correlation=correlation)
        groups = np.repeat(np.arange(n), captions)
        gain = paired_gain(
            np.repeat(first, captions), np.repeat(second, captions), groups, resamples=400
        )
        wins += gain.p_at_most(0) <= 0.025
    # 0.025 is promised; three standard errors of a thousand trials are 0.015.
    assert wins / 1000 <= 0.040


def test_the_error_and_the_chance_to_show_are_those_of_the_normal_approximation():
    first, second = coins(4, 4000, 0.5, correlation=0.0)
    gain = paired_gain(first, second, np.arange(4000))
    assert gain.error == pytest.approx(np.sqrt(0.5 / 4000), rel=0.04)
    assert gain.chance_to_show(1.96 * gain.error) == pytest.approx(0.5, abs=0.001)
    assert gain.chance_to_show(2.8 * gain.error) == pytest.approx(0.8, abs=0.01)
    groups = gain.groups_to_show(0.02, 0.8)
    assert groups == pytest.approx(0.5 * (2.8 / 0.02) ** 2, rel=0.06)


def test_models_that_agree_on_everything_have_no_interval():
    same = coins(5, 200, 0.5)[0]
    gain = paired_gain(same, same, np.arange(200))
    assert (gain.low, gain.value, gain.high, gain.error) == (0, 0, 0, 0)
    assert gain.p_at_most(0) == 1
    assert gain.p_at_most(-0.05) < 0.001
    assert gain.chance_to_show(0.01) == 1


@pytest.mark.parametrize(
    ("champion", "challenger", "groups", "message"),
    [
        ([0, 1], [1], [0, 1], "same queries"),
        ([0, 1], [1, 1], [0], "same queries"),
        ([], [], [], "one row of numbers"),
        ([0, 1], [1, np.nan], [0, 1], "challenger's success at query 1 is nan"),
        ([0, 2], [1, 1], [0, 1], "champion's success at query 1 is 2"),
    ],
)
def test_what_does_not_fit_is_said(champion, challenger, groups, message):
    with pytest.raises(WrongUse, match=message):
        paired_gain(np.array(champion), np.array(challenger), groups)


def test_too_few_resamples_are_refused():
    with pytest.raises(WrongUse, match="resamples"):
        paired_gain(np.zeros(3), np.ones(3), np.arange(3), resamples=50)

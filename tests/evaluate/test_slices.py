from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.core.errors import WrongUse
from scrubjay.evaluate.slices import (
    Slice,
    judged_cutoff,
    measure_slices,
    ranked,
    with_changes,
)


def ranks_of(success):
    """Ranks 1 where right, 99 where wrong."""
    return np.where(success, 1, 99).astype(np.int64)


def sliced(*masks):
    return [Slice("part", str(at), np.asarray(one, bool)) for at, one in enumerate(masks)]


def test_figures_by_hand():
    success = np.array([1, 1, 0, 0, 1, 1, 1, 0], bool)
    groups = list("aabbccdd")
    ranks = np.where(success, [1, 5, 1, 1, 5, 5, 1, 1], 99)
    (one,) = measure_slices(ranks, groups, sliced([1, 1, 1, 1, 0, 0, 0, 0]), judged_at=10)
    assert (one.n_queries, one.n_groups) == (4, 2)
    assert one.recall[1].value == 0.25
    assert one.recall[10].value == 0.5
    assert one.difference.value == pytest.approx(0.5 - 0.75)
    assert one.few
    assert not one.worse
    # groups of two, successes 2, 0, 2, 1: two of them are in the slice, and hold 2 or fewer of the
    # five in the pairs (2, 0), (0, 2) and (1, 0)... of all six pairs
    counts = [2, 0, 2, 1]
    pairs = [counts[i] + counts[j] for i in range(4) for j in range(i)]
    share = sum(one <= 2 for one in pairs) / 6
    assert one.p == pytest.approx(share, abs=0.05)


def test_a_slice_of_single_queries_is_fishers_exact_test():
    stats = pytest.importorskip("scipy.stats", reason="pip install scipy to compare")
    rng = np.random.default_rng(3)
    success, members = rng.random(60) < 0.6, rng.random(60) < 0.3
    (one,) = measure_slices(
        ranks_of(success), np.arange(60), sliced(members), judged_at=1, resamples=5_000
    )
    table = [
        [(success & members).sum(), (~success & members).sum()],
        [(success & ~members).sum(), (~success & ~members).sum()],
    ]
    assert one.p == pytest.approx(stats.fisher_exact(table, "less").pvalue, abs=0.025)


def test_a_planted_failing_slice_is_found_and_comes_first():
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(200), 3)
    masks = [rng.random(600) < rng.uniform(0.1, 0.5) for _ in range(25)]
    bad = (groups % 8 == 0) & (rng.random(600) < 0.9)
    success = rng.random(600) < np.where(bad, 0.45, 0.8)
    slices = [*sliced(*masks), Slice("planted", "bad", bad)]
    found = ranked(measure_slices(ranks_of(success), groups, slices, judged_at=1, directions=4))
    assert (found[0].about, found[0].worse) == ("planted", True)
    assert [one.about for one in found if one.worse] == ["planted"]
    deficits = [one.difference.value for one in found[1:]]
    assert deficits == sorted(deficits)


def test_groups_that_succeed_together_are_no_evidence():
    """Sixteen groups of forty queries, half of them right: a slice of three is three coins."""
    success = np.repeat(np.arange(16) % 2 == 0, 40)
    groups = np.repeat(np.arange(16), 40)
    members = np.isin(groups, [1, 3, 5])
    (one,) = measure_slices(ranks_of(success), groups, sliced(members), judged_at=1)
    assert one.difference.value < -0.5
    assert one.p > 0.05  # 8/16 * 7/15 * 6/14 = 0.1
    assert one.p == pytest.approx(0.1, abs=0.04)


def collection(rng, *, groups=60, slices=20):
    """Success hangs on the group and on luck, never on a slice."""
    sizes = rng.choice([1, 2, 2, 5], groups)
    codes = np.repeat(np.arange(groups), sizes)
    success = rng.random(len(codes)) < rng.beta(1.2, 0.8, groups)[codes]
    masks = []
    for at in range(slices):
        whole = rng.random(groups)[codes] < rng.uniform(0.08, 0.5)
        alone = rng.random(len(codes)) < rng.uniform(0.08, 0.5)
        mask = whole if at % 2 else alone
        mask[0], mask[-1] = True, False
        masks.append(mask)
    return ranks_of(success), codes, sliced(*masks)


@pytest.mark.slow
def test_of_200_collections_without_a_bad_slice_at_most_alpha_show_one():
    rng = np.random.default_rng(7)
    wrong = sum(
        any(
            one.worse
            for one in measure_slices(*collection(rng), judged_at=1, resamples=500, seed=seed)
        )
        for seed in range(200)
    )
    # 0.05 of 200 are 10; more than 16 happen once in fifty times
    assert wrong <= 16


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_figures_do_not_depend_on_names_of_groups_or_on_other_slices(seed):
    rng = np.random.default_rng(seed)
    ranks, codes, slices = collection(rng, groups=12, slices=4)
    first = measure_slices(ranks, codes, slices, judged_at=1, resamples=100)
    named = measure_slices(
        ranks, [f"g{one:03}" for one in codes], slices, judged_at=1, resamples=100
    )
    assert first == named
    for one, slice_ in zip(first, slices, strict=True):
        assert one.recall[1].low <= one.recall[1].value <= one.recall[1].high
        assert 0 < one.p <= one.adjusted <= 1
        inside = (ranks <= 1)[slice_.members].mean()
        outside = (ranks <= 1)[~slice_.members].mean()
        assert one.difference.value == pytest.approx(inside - outside)
    alone = measure_slices(ranks, codes, slices[:1], judged_at=1, resamples=100)
    assert alone[0].p == first[0].p


def test_the_cutoff_that_tells_queries_apart_is_judged():
    assert judged_cutoff(ranks_of(np.arange(10) < 5)) == 1
    assert judged_cutoff(np.array([1] * 9 + [50] * 1)) == 1
    assert judged_cutoff(np.array([1] * 1 + [7] * 5 + [50] * 4)) == 10


def test_a_change_is_found_where_it_is_and_nowhere_else():
    rng = np.random.default_rng(2)
    groups, n = np.repeat(np.arange(150), 2), 300
    bad = groups < 40
    other = rng.random(n) < 0.8
    mine = np.where(bad, rng.random(n) < 0.3, other)
    slices = [Slice("planted", "bad", bad), Slice("planted", "other", groups >= 100)]
    figures = measure_slices(ranks_of(mine), groups, slices, judged_at=1)
    theirs = ranks_of(other)
    theirs[-1] = 0  # the other version could not read it
    ((worse, same),) = with_changes([figures], [slices], [ranks_of(mine)], [theirs], [groups], [1])
    assert worse.change is not None
    assert worse.change.gain.high < -0.2
    assert worse.change.adjusted < 0.01
    assert same.change is not None
    assert (same.change.gain.value, same.change.adjusted) == (0.0, 1.0)


def test_a_slice_nobody_else_answered_has_no_change():
    slices = sliced([1, 1, 0, 0], [0, 0, 1, 1])
    ranks = np.array([1, 99, 1, 1])
    figures = measure_slices(ranks, list("abcd"), slices, judged_at=1)
    ((first, second),) = with_changes(
        [figures], [slices], [ranks], [np.array([0, 0, 1, 99])], [list("abcd")], [1]
    )
    assert first.change is None
    assert second.change is not None


def test_sixty_slices_of_five_thousand_queries_take_no_minutes():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(1000), 5)
    masks = [rng.random(5000) < rng.uniform(0.02, 0.5) for _ in range(60)]
    began = time.process_time()
    measure_slices(rng.integers(1, 20, 5000), groups, sliced(*masks), judged_at=10)
    assert time.process_time() - began < 20.0


@pytest.mark.parametrize("members", [[0, 0, 0], [1, 1, 1]])
def test_a_slice_of_nothing_or_of_all_is_refused(members):
    with pytest.raises(WrongUse, match="needs some"):
        measure_slices(np.array([1, 2, 3]), list("abc"), sliced(members), judged_at=1)

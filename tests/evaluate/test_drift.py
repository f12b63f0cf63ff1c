"""Drift: right by a plain computation, honest without one, and found when there is one.

The measured promises are on simulated months: vectors around the directions of ten kinds of
things, as unit vectors in 64 dimensions.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from scrubjay.core.errors import BadConfig, WrongUse
from scrubjay.evaluate.drift import Drift, DriftSettings, Vectors, drift, drifts

QUICK = DriftSettings(sample=60, permutations=199, minimum_n=10)
KINDS = np.random.default_rng(99).normal(size=(20, 64))


def month(rng, n, *, unlike=0.0, spread=1.0):
    """n things of ten kinds; a share of them of ten other kinds nobody has seen before."""
    kinds = rng.integers(0, 10, n) + 10 * (np.arange(n) < round(n * unlike))
    rows = KINDS[kinds] + spread * rng.normal(size=(n, 64))
    return unit(rows)


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def compared(reference, new, settings=QUICK, **groups):
    return drift(
        Vectors(reference, groups.get("reference_groups")),
        Vectors(new, groups.get("groups")),
        name="image",
        settings=settings,
    )


def at_most(n, chance):
    """A count that n tries of this chance pass less than once in a thousand."""
    rng = np.random.default_rng(0)
    return int(np.quantile(rng.binomial(n, chance, 100_000), 0.999))


def test_the_distance_is_the_energy_distance_without_pairs_of_a_vector_with_itself():
    rng = np.random.default_rng(0)
    old, new = month(rng, 40), month(rng, 25, unlike=0.5)
    found = compared(old, new)

    def mean(one, other, *, pairs):
        total = sum(float(np.linalg.norm(a - b)) for a in one for b in other)
        return total / pairs

    between = mean(old, new, pairs=40 * 25)
    energy = 2 * between - mean(old, old, pairs=40 * 39) - mean(new, new, pairs=25 * 24)
    assert found.distance == pytest.approx(energy / (2 * between), abs=1e-6)


def test_the_p_is_that_of_a_plain_permutation_test():
    rng = np.random.default_rng(4)
    old, new = month(rng, 40), month(rng, 30, unlike=0.3)
    settings = DriftSettings(permutations=4999, minimum_n=10)
    found = compared(old, new, settings)
    rows = np.concatenate([old, new]).astype(np.float64)
    distances = np.linalg.norm(rows[:, None] - rows[None], axis=2)

    def energy(order):
        one, other = order[:40], order[40:]
        between = distances[np.ix_(one, other)].mean()
        within = [distances[np.ix_(s, s)].sum() / (len(s) * (len(s) - 1)) for s in (one, other)]
        return 2 * between - sum(within)

    observed = energy(np.arange(70))
    null = np.array([energy(rng.permutation(70)) for _ in range(3000)])
    assert 0.03 < found.p < 0.9
    assert found.p == pytest.approx(np.mean(null >= observed), abs=0.02)


def test_two_heaps_apart_are_as_far_as_can_be():
    old, new = np.tile(KINDS[:1], (30, 1)), np.tile(KINDS[1:2], (30, 1))
    found = compared(old.astype(np.float32), new.astype(np.float32))
    assert found.distance == pytest.approx(1.0)
    assert found.told_apart == 1.0
    assert found.p == 1 / 200
    assert found.warns


def test_vectors_all_alike_did_not_drift():
    same = np.tile(KINDS[:1], (40, 1)).astype(np.float32)
    found = compared(same, same)
    assert (found.distance, found.told_apart, found.p) == (0.0, 0.5, 1.0)


def test_without_drift_a_p_below_alpha_is_as_rare_as_alpha_and_half_are_told_apart():
    rng = np.random.default_rng(1)
    found = [compared(month(rng, 50), month(rng, 50)) for _ in range(400)]
    ps = np.array([one.p for one in found])
    for alpha in (0.01, 0.05, 0.2):
        assert np.count_nonzero(ps <= alpha) <= at_most(400, alpha)
    assert 0.45 < ps.mean() < 0.55
    assert np.mean([one.told_apart for one in found]) == pytest.approx(0.5, abs=0.015)
    assert sum(one.warns for one in found) <= at_most(400, QUICK.alpha)


def test_unequal_samples_are_held_to_the_same_alpha():
    rng = np.random.default_rng(2)
    settings = DriftSettings(sample=200, permutations=199, minimum_n=10)
    ps = np.array([compared(month(rng, 120), month(rng, 15), settings).p for _ in range(200)])
    assert np.count_nonzero(ps <= 0.05) <= at_most(200, 0.05)
    assert 0.43 < ps.mean() < 0.57


def test_descriptions_of_one_picture_do_not_pass_for_independent_ones():
    rng = np.random.default_rng(4)

    def described(n):
        pictures = np.repeat(month(rng, n), 5, axis=0)
        return unit(pictures + 0.02 * rng.normal(size=pictures.shape))

    groups = [str(n) for n in np.repeat(np.arange(20), 5)]
    honest, fooled = [], []
    for _ in range(100):
        old, new = described(20), described(20)
        honest.append(compared(old, new, reference_groups=groups, groups=groups).p)
        fooled.append(compared(old, new).p)
    assert np.count_nonzero(np.array(honest) <= 0.05) <= at_most(100, 0.05)
    assert np.count_nonzero(np.array(fooled) <= 0.05) > 30


def test_of_a_group_one_vector_counts():
    rng = np.random.default_rng(5)
    groups = [str(n // 4) for n in range(80)]
    found = compared(month(rng, 80), month(rng, 40), reference_groups=groups)
    assert (found.n_reference, found.n_new) == (20, 40)


@pytest.mark.parametrize(
    ("unlike", "at_least"),
    [(1.0, 20), (0.5, 19), (0.35, 15)],
)
def test_new_kinds_of_things_are_noticed(unlike, at_least):
    rng = np.random.default_rng(6)
    settings = DriftSettings(sample=250, permutations=199)
    found = [compared(month(rng, 250), month(rng, 250, unlike=unlike), settings) for _ in range(20)]
    assert sum(one.warns for one in found) >= at_least


def test_things_that_only_vary_more_or_less_are_noticed_too():
    rng = np.random.default_rng(7)
    settings = DriftSettings(sample=250, permutations=199)
    for spread in (0.3, 2.5):
        found = compared(month(rng, 250), month(rng, 250, spread=spread), settings)
        assert found.p <= 0.01
        assert found.told_apart > 0.55


def test_how_often_they_are_told_apart_grows_with_the_share_that_is_new():
    rng = np.random.default_rng(8)
    settings = DriftSettings(sample=400, permutations=199)
    old = month(rng, 400)
    shares = (0.0, 0.25, 0.5, 0.75, 1.0)
    told = [compared(old, month(rng, 400, unlike=one), settings).told_apart for one in shares]
    assert told == sorted(told)
    for share, one in zip(shares, told, strict=True):
        assert one <= 0.5 + share / 2 + 0.06
    assert told[-1] > 0.95


def test_a_difference_that_is_sure_but_small_does_not_warn():
    rng = np.random.default_rng(9)
    settings = DriftSettings(sample=1000, permutations=199)
    old, new = month(rng, 1000), month(rng, 1000, unlike=0.2)
    found = compared(old, new, settings)
    assert found.p <= 0.01
    assert 0.5 < found.told_apart < 0.6
    assert not found.warns
    strict = DriftSettings(sample=1000, permutations=199, told_apart=0.5)
    assert compared(old, new, strict).warns


def test_both_thresholds_are_the_last_values_that_warn():
    rng = np.random.default_rng(10)
    old, new = month(rng, 100), month(rng, 100, unlike=0.6)
    settings = DriftSettings(sample=100, permutations=199)
    found = compared(old, new, settings)
    assert found.p == 1 / 200
    for told_apart, warns in ((found.told_apart, True), (found.told_apart + 1e-9, False)):
        limit = DriftSettings(sample=100, permutations=199, told_apart=told_apart)
        assert compared(old, new, limit).warns is warns


@pytest.mark.parametrize(("n", "said"), [(29, False), (30, True)])
def test_few_vectors_say_nothing(n, said):
    rng = np.random.default_rng(11)
    settings = DriftSettings(permutations=199)
    for old, new in ((100, n), (n, 100)):
        found = compared(month(rng, old), month(rng, new, unlike=1.0), settings)
        assert (found.p is not None) is said
        assert found.warns is said
        assert ("too few" in found.statement) is not said


def test_groups_are_what_is_counted_as_too_few():
    rng = np.random.default_rng(12)
    few = [str(n // 10) for n in range(100)]
    found = compared(month(rng, 100), month(rng, 100), DriftSettings(), groups=few)
    assert (found.n_new, found.p) == (10, None)


def test_the_most_unlike_are_named_by_their_places():
    rng = np.random.default_rng(13)
    new = month(rng, 60, spread=0.3)
    strange = [7, 31, 44, 58, 59]
    new[strange] = unit(KINDS[15] + 0.1 * rng.normal(size=(5, 64)))
    assert set(compared(month(rng, 60, spread=0.3), new).most_unlike) == set(strange)


def test_every_kind_is_compared_with_the_one_of_its_name():
    rng = np.random.default_rng(14)
    reference = {"image": Vectors(month(rng, 60)), "text": Vectors(month(rng, 60))}
    new = {
        "image": Vectors(month(rng, 60)),
        "text": Vectors(month(rng, 60, unlike=1.0)),
        "queries": Vectors(month(rng, 60)),
    }
    image, text, queries = drifts(reference, new, QUICK)
    assert (image.name, image.warns) == ("image", False)
    assert (text.name, text.warns) == ("text", True)
    assert (queries.name, queries.p, queries.n_reference) == ("queries", None, 0)


def test_the_statement_is_a_sentence_with_its_figures():
    drifted = Drift("queries", 900, 300, 0.1, 0.001, 0.834, (3,), warns=True)
    assert drifted.statement == (
        "queries: drifted; a new and an old one are told apart 83% of the time "
        "(50% by chance; p 0.001, 300 new, 900 before)"
    )
    assert json.loads(json.dumps(drifted.to_json()))["most_unlike"] == [3]


def test_the_same_vectors_give_the_same_figures_whatever_their_scale():
    rng = np.random.default_rng(15)
    old, new = month(rng, 200), month(rng, 200, unlike=0.3)
    assert compared(old, new) == compared(old, new)
    doubled = compared(old * 2, new * 2)
    assert doubled.told_apart == compared(old, new).told_apart
    assert doubled.distance == pytest.approx(compared(old, new).distance)


def test_figures_are_the_same_in_another_process():
    code = (
        "import numpy as np\n"
        "from scrubjay.evaluate.drift import Vectors, drift\n"
        "rows = np.sin(np.arange(8000, dtype=np.float32)).reshape(200, 40)\n"
        "print(drift(Vectors(rows[:100]), Vectors(rows[100:]), name='x').to_json())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


@pytest.mark.parametrize(
    ("reference", "new", "says"),
    [
        (np.zeros((40, 8)), np.zeros((40, 9)), "have 8 numbers and new ones 9"),
        (np.zeros((40, 8)), np.zeros(8), "rows of one matrix"),
        (np.full((40, 8), np.nan), np.zeros((40, 8)), "vector 0 is not finite"),
    ],
)
def test_rows_that_cannot_be_compared_are_refused(reference, new, says):
    with pytest.raises(WrongUse, match=f"image: .*{says}"):
        compared(reference.astype(np.float32), new.astype(np.float32))


def test_every_row_needs_its_group():
    rows = np.zeros((40, 8), np.float32)
    with pytest.raises(WrongUse, match="40 vectors with 2 groups"):
        compared(rows, rows, groups=["a", "b"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alpha", 0),
        ("alpha", 0.5),
        ("told_apart", 0.49),
        ("told_apart", 1.01),
        ("minimum_n", 4),
        ("sample", 29),
        ("permutations", 198),
    ],
)
def test_settings_that_mean_nothing_are_refused_by_name(name, value):
    with pytest.raises(BadConfig, match=rf"drift\.{name}"):
        DriftSettings(**{name: value})


def test_the_ends_of_a_range_belong_to_it():
    assert DriftSettings(told_apart=0.5, permutations=199, sample=30).minimum_n == 30
    assert DriftSettings(told_apart=1.0, minimum_n=5, sample=5).sample == 5

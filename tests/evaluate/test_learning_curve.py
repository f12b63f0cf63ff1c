"""A curve through trainings on parts: a known one is found, a flat one is called flat."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from scrubjay.core.errors import WrongUse
from scrubjay.evaluate.learning_curve import Verdict, brought_by, fit_power_law, outlook

SIZES = [250, 500, 750, 1000]
GROUPS = [f"g{i // 2}" for i in range(800)]


def errors(chances, *, seed: int = 0, wobble: float = 0.0) -> np.ndarray:
    """Queries of groups of two that fail with such chances; the hard ones are hard at each size."""
    rng = np.random.default_rng(seed)
    own = np.repeat(rng.random((400, 1)), 2, axis=0)
    hardness = 0.6 * own + 0.4 * rng.random((800, len(chances)))
    failed = []
    for at, chance in enumerate(chances):
        chance = np.clip(chance + rng.normal(0, wobble), 0, 1)
        failed.append(hardness[:, at] < np.quantile(hardness[:, at], chance))
    return np.stack(failed, axis=1).astype(np.float64)


def law(n: float) -> float:
    return 0.1 + 8.0 * n**-0.5


def test_a_power_law_without_noise_is_found() -> None:
    fitted = fit_power_law(SIZES, np.array([law(n) for n in SIZES]))
    assert fitted.a == pytest.approx(0.1, abs=0.02)
    assert fitted.c == pytest.approx(0.5, abs=0.05)
    assert fitted.at(1500) == pytest.approx(law(1500), abs=2e-3)


def test_a_fit_is_as_good_as_a_search_over_everything() -> None:
    measured = np.array([0.52, 0.41, 0.39, 0.36])
    fitted = fit_power_law(SIZES, measured)
    ours = sum((fitted.at(n) - one) ** 2 for n, one in zip(SIZES, measured, strict=True))
    best = min(
        sum((a + b * (n / 1000) ** -c - one) ** 2 for n, one in zip(SIZES, measured, strict=True))
        for a, b, c in itertools.product(
            np.linspace(0, 0.5, 26), np.linspace(0, 0.6, 61), np.geomspace(0.05, 2.0, 30)
        )
    )
    assert ours <= best + 1e-6
    assert fitted.a >= 0
    assert fitted.b >= 0


@pytest.mark.parametrize("seed", range(5))
def test_a_known_law_with_noise_is_recovered_and_predicted(seed: int) -> None:
    table = errors([law(n) for n in SIZES], seed=seed, wobble=0.004)
    found = outlook(SIZES, table, GROUPS, n=1300, seed=seed)
    assert found.verdict in {Verdict.FALLING, Verdict.UNSURE}
    assert found.predicted is not None
    assert found.gain is not None
    assert found.predicted.value == pytest.approx(law(1300), abs=0.02)
    assert found.predicted.low <= law(1300) <= found.predicted.high
    assert found.gain.low <= law(1000) - law(1300) <= found.gain.high


def test_intervals_hold_what_they_promise() -> None:
    """The law's own error at n lies inside nearly always: held-out luck and misfit are both in."""
    inside = 0
    for seed in range(24):
        table = errors([law(n) for n in SIZES], seed=seed, wobble=0.01)
        found = outlook(SIZES, table, GROUPS, n=1300, seed=seed, resamples=200)
        if found.predicted is not None:
            inside += found.predicted.low <= law(1300) <= found.predicted.high
    assert inside >= 21


def test_a_flat_curve_says_no_more_from_more_of_the_same() -> None:
    verdicts = [
        outlook(SIZES, errors([0.3] * 4, seed=seed), GROUPS, n=1300, seed=seed) for seed in range(8)
    ]
    flat = [one for one in verdicts if one.verdict is Verdict.FLAT]
    assert len(flat) >= 6
    assert all("more of the same" in one.why for one in flat)
    assert not any(one.verdict is Verdict.FALLING for one in verdicts)


def test_a_curve_that_has_levelled_off_is_flat_though_it_fell() -> None:
    chances = [0.3 + 0.3 * math.exp(-n / 60) for n in SIZES]
    found = outlook(SIZES, errors(chances), GROUPS, n=1100)
    assert found.verdict in {Verdict.FLAT, Verdict.UNSURE}
    assert found.gain is not None
    assert found.gain.value < 0.01


def test_more_data_that_does_harm_is_refused() -> None:
    found = outlook(SIZES, errors([0.2, 0.3, 0.35, 0.4]), GROUPS, n=1300)
    assert (found.verdict, found.predicted, found.law) == (Verdict.USELESS, None, None)
    assert "rises" in found.why


def test_a_curve_that_is_no_power_law_is_refused() -> None:
    found = outlook(SIZES, errors([0.5, 0.25, 0.5, 0.3]), GROUPS, n=1300)
    assert found.verdict is Verdict.USELESS
    assert "power law" in found.why


def test_nothing_is_predicted_beyond_twice_what_was_measured() -> None:
    table = errors([law(n) for n in SIZES])
    assert outlook(SIZES, table, GROUPS, n=2000).predicted is not None
    found = outlook(SIZES, table, GROUPS, n=2001)
    assert (found.verdict, found.predicted) == (Verdict.USELESS, None)
    assert "2,001" in found.why


def test_two_sizes_are_no_curve() -> None:
    found = outlook([10, 20], errors([0.5, 0.4]), GROUPS, n=25)
    assert found.verdict is Verdict.USELESS
    assert "2 sizes" in found.why


def test_equal_calls_give_equal_answers_and_wrong_ones_none() -> None:
    table = errors([law(n) for n in SIZES])
    one, two = (outlook(SIZES, table, GROUPS, n=1300).to_json() for _ in range(2))
    assert one == two
    with pytest.raises(WrongUse, match="rising sizes"):
        outlook([500, 250, 750, 1000], table, GROUPS, n=1300)
    with pytest.raises(WrongUse, match="column of errors"):
        outlook([250, 500, 750], table, GROUPS, n=1300)


def test_a_training_that_learns_nothing_says_nothing_of_more_data() -> None:
    found = outlook(SIZES, errors([0.5] * 4), GROUPS, n=1300, chance=0.5)
    assert (found.verdict, found.predicted) == (Verdict.USELESS, None)
    assert "chance" in found.why
    assert outlook(SIZES, errors([0.3] * 4), GROUPS, n=1300, chance=0.5).predicted is not None


def test_few_held_out_things_do_not_make_a_curve_flat() -> None:
    few = errors([0.5] * 4)[:24]
    found = outlook(SIZES, few, GROUPS[:24], n=2000)
    assert found.verdict in {Verdict.UNSURE, Verdict.USELESS}


def test_what_training_brought_is_paired_query_by_query() -> None:
    before = errors([0.5])[:, 0]
    after = before.copy()
    mended = [f"g{at}" for at in range(0, 400, 5)]
    after[[at for at, group in enumerate(GROUPS) if group in mended]] = 0.0
    stood, brought = brought_by(before, after, GROUPS)
    assert stood.value == pytest.approx(before.mean())
    assert brought.value == pytest.approx((before - after).mean())
    assert stood.low < stood.value < stood.high
    assert 0 < brought.low < brought.value < brought.high < stood.low
    _, nothing = brought_by(before, before, GROUPS)
    assert (nothing.low, nothing.value, nothing.high) == (0.0, 0.0, 0.0)
    with pytest.raises(WrongUse, match="not the same"):
        brought_by(before, after[1:], GROUPS)

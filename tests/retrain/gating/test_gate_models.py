"""The pieces of `bench/gate_models.py`: its models are what it says, and so is its truth."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

BENCH = Path(__file__).parents[3] / "bench"


@pytest.fixture(scope="module")
def bench():
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(BENCH))
        import gate_models

        yield gate_models
        for name in ("gate_models", "gate_world"):
            sys.modules.pop(name)


@pytest.fixture(scope="module")
def made(bench):
    return sys.modules["gate_world"]


@pytest.fixture(scope="module")
def school(made):
    world, rng = made.World(), np.random.default_rng(0)
    months = {month: world.draw(rng, month, 100) for month in made.EARLIER}
    return made.School(None, months, world.draw(rng, made.THIS, 400))


def test_a_model_trained_beside_others_is_the_one_it_would_be_alone(made, school):
    recipe = made.Recipe(400, 5, 5e-3, batch=32)
    first, second = school.fit(recipe, [1, 2])
    (alone,) = school.fit(recipe, [2])
    for name, weights in alone.weights.items():
        torch.testing.assert_close(weights, second.weights[name], rtol=1e-3, atol=1e-5)
        assert name.endswith("bias") or not torch.allclose(weights, first.weights[name], atol=1e-3)


def test_what_is_called_true_is_what_the_frozen_sets_count(bench, made, school):
    (model,) = school.fit(made.Recipe(400, 30, 5e-3), [3])
    things = made.World().draw(np.random.default_rng(1), made.THIS, 300)
    frozen = bench.items()[:300]
    seen = bench.views(model.encode(things), frozen)
    counted = bench.outcomes(seen, None).challenger
    np.testing.assert_array_equal(made.found(model, things), counted == 1)
    assert 0.1 < counted.mean() < 0.9


def test_three_trials_judge_this_month_and_every_earlier_one(bench, made, school):
    recipe = made.Recipe(400, 40, 5e-3)
    champion, equal = school.fit(recipe, [4, 5])
    untaught, frozen = made.fresh([6]), bench.items()
    for trial, (one, promoted) in enumerate([(untaught, False), (champion, False), (equal, None)]):
        things = made.World().frozen(np.random.default_rng([3, trial]))
        tried = bench.judge(champion, one, things, frozen)
        checked = [check.name for check in tried.decision.checks]
        assert checked == [
            "embeddings",
            "2026-11",
            "all earlier months",
            "2026-08",
            "2026-09",
            "2026-10",
        ]
        assert promoted is None or tried.decision.promoted == promoted
    assert bench.truth(champion, [things]).this > 5 * bench.truth(untaught, [things]).this


def test_twenty_are_degraded_and_no_two_alike(made, school):
    recipe = made.Recipe(100, 10, 5e-3)
    spoiled = made.degraded(school, recipe, made.Recipe(400, 20, 5e-3))
    world, rng = made.World(), np.random.default_rng(2)
    things = made.together([world.draw(rng, month, 50) for month in (*made.EARLIER, made.THIS)])
    seen = {
        b"".join(rows.tobytes() for rows in one.encode(things).values()) for one in spoiled.values()
    }
    assert len(spoiled) == len(seen) == 20


def test_shares_carry_wilsons_interval(bench):
    assert bench.share([True] * 5 + [False] * 195) == "5 of 200 (2.5%, 1.1 to 5.7)"
    assert bench.share([]) == "0 of 0"

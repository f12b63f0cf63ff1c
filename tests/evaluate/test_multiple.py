from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.core.errors import WrongUse
from scrubjay.evaluate.multiple import alone, holm, step_down


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_step_down_by_hand():
    observed = np.array([3.0, 1.0])
    drawn = np.array([[0.0, 2.0], [2.0, 0.0], [1.0, 1.0], [4.0, 0.0]])
    # alone: draws at least as large are {4} and {2, 1}; the first competes with both columns
    assert alone(observed, drawn) == pytest.approx([2 / 5, 3 / 5])
    assert step_down(observed, drawn) == pytest.approx([2 / 5, 3 / 5])
    drawn = np.array([[0.0, 5.0], [2.0, 0.0], [1.0, 1.0], [4.0, 0.0]])
    assert step_down(observed, drawn) == pytest.approx([3 / 5, 3 / 5])


def naive(observed, drawn):
    order = sorted(range(len(observed)), key=lambda at: -observed[at])
    found, largest = [0.0] * len(observed), 0.0
    for rank, at in enumerate(order):
        rivals = order[rank:]
        more = sum(max(draw[one] for one in rivals) >= observed[at] for draw in drawn)
        largest = max(largest, (more + 1) / (len(drawn) + 1))
        found[at] = largest
    return found


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 30))
def test_step_down_is_the_textbook_loop_and_never_surer_than_one_test_alone(seed, tests, draws):
    rng = np.random.default_rng(seed)
    observed, drawn = rng.integers(0, 5, tests) * 1.0, rng.integers(0, 5, (draws, tests)) * 1.0
    together = step_down(observed, drawn)
    assert together == pytest.approx(naive(observed, drawn))
    assert (together >= alone(observed, drawn) - 1e-12).all()


def test_tests_that_say_the_same_thing_cost_nothing():
    rng = np.random.default_rng(0)
    drawn = np.repeat(rng.normal(size=(999, 1)), 50, axis=1)
    observed = np.full(50, 2.5)
    assert step_down(observed, drawn) == pytest.approx(alone(observed, drawn))
    assert holm(alone(observed, drawn).tolist())[0] == pytest.approx(
        min(1.0, 50 * alone(observed, drawn)[0])
    )


def test_draws_of_other_tests_are_refused():
    with pytest.raises(WrongUse, match="one column a test"):
        step_down(np.zeros(3), np.zeros((10, 2)))

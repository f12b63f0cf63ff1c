from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.ask.comparing.calibration import calibration


def test_a_case_by_hand():
    made = calibration([0.95, 0.85, 0.85, 0.15], [1, 1, 0, 0])
    # |0.95 - 1| / 4 + 2 |0.85 - 0.5| / 4 + |0.15 - 0| / 4
    assert made.ece == pytest.approx(0.05 / 4 + 0.7 / 4 + 0.15 / 4)
    assert made.brier == pytest.approx((0.05**2 + 0.15**2 + 0.85**2 + 0.15**2) / 4)
    assert [one.n for one in made.bins] == [0, 1, 0, 0, 0, 0, 0, 0, 2, 1]
    assert made.bins[8].right == 0.5


def test_nothing_said_of_how_sure_it_is_has_no_calibration():
    assert calibration([], []) is None


def test_who_is_always_surely_right_is_calibrated():
    made = calibration([1.0, 1.0, 0.0], [1, 1, 0])
    assert (made.ece, made.brier, sum(one.n for one in made.bins)) == (0, 0, 3)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_it_is_the_usual_reference(pairs):
    sure, right = np.array([a for a, _ in pairs]), np.array([float(b) for _, b in pairs])
    edges = np.arange(11) / 10
    ece = 0.0
    for low, high in pairwise(edges):
        inside = (sure > low) & (sure <= high) if low else (sure <= high)
        if inside.any():
            ece += inside.mean() * abs(sure[inside].mean() - right[inside].mean())
    made = calibration(sure.tolist(), right.tolist())
    assert made.ece == pytest.approx(ece, abs=1e-9)
    assert made.brier == pytest.approx(((sure - right) ** 2).mean(), abs=1e-12)


def test_brier_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics", reason="pip install scikit-learn to compare")
    random = np.random.default_rng(0)
    sure, right = random.random(50), random.random(50) < 0.5
    made = calibration(sure.tolist(), right.astype(float).tolist())
    assert made.brier == pytest.approx(metrics.brier_score_loss(right, sure))

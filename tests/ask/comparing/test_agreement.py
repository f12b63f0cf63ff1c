from __future__ import annotations

import numpy as np
import pytest

from scrubjay.ask.comparing.agreement import kappa


def test_kappa_by_hand():
    # 20 and 15 agreed, 5 and 10 not: (0.7 - 0.5) / (1 - 0.5), the textbook's case
    first = ["y"] * 25 + ["n"] * 25
    second = ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    assert kappa(first, second) == pytest.approx(0.4)


def test_ends():
    assert kappa(["a", "b"], ["a", "b"]) == 1
    assert kappa(["a", "b"], ["b", "a"]) == -1
    assert kappa([], []) is None
    assert kappa(["a", "a"], ["a", "a"]) is None


def test_kappa_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics", reason="pip install scikit-learn to compare")
    random = np.random.default_rng(1)
    for _ in range(20):
        a, b = random.integers(0, 3, 40).tolist(), random.integers(0, 3, 40).tolist()
        assert kappa(a, b) == pytest.approx(metrics.cohen_kappa_score(a, b))

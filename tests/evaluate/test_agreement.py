"""Agreement of two encoders, against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.evaluate import agreement
from scrubjay.evaluate.agreement import mean_cosine, shared_neighbours


def unit(n: int, dim: int, seed: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_mean_cosine_by_hand() -> None:
    ours = np.array([[1, 0], [0, 1]], np.float32)
    assert mean_cosine(ours, np.array([[1, 0], [0.8, 0.6]], np.float32)) == pytest.approx(0.8)


def test_shared_neighbours_are_counted(monkeypatch) -> None:
    monkeypatch.setattr(agreement, "ROWS_AT_ONCE", 7)
    ours, theirs = unit(40, 8, 0), unit(40, 5, 1)
    shared = 0
    for at in range(40):
        sets = []
        for rows in (ours, theirs):
            near = [one for one in np.argsort(-(rows @ rows[at])) if one != at]
            sets.append(set(near[:10]))
        shared += len(sets[0] & sets[1])
    assert shared_neighbours(ours, theirs) == pytest.approx(shared / 400)
    assert shared_neighbours(ours, ours) == 1.0


def test_too_few_to_be_anything_else_are_no_figure() -> None:
    rows = unit(11, 4, 0)
    assert shared_neighbours(rows, rows) is None
    assert shared_neighbours(unit(12, 4, 0), unit(12, 4, 1)) is not None

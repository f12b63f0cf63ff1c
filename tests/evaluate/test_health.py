"""Embeddings are looked at row by row."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.evaluate.health import RowHealth, inspect_rows


def test_unit_rows_are_healthy():
    rows = np.eye(4, dtype=np.float32)
    assert inspect_rows([rows, rows[:0]]) == RowHealth(4, 0, 0.0)


def test_rows_with_nan_or_infinity_are_counted_once_and_lengths_are_of_the_others():
    rows = np.eye(4, dtype=np.float32)
    rows[0] = np.nan
    rows[1, 2] = np.inf
    rows[2] *= 1.5
    found = inspect_rows([rows[:2], rows[2:]])
    assert (found.rows, found.not_finite) == (4, 2)
    assert found.worst_length == pytest.approx(0.5)


def test_nothing_looked_at_is_said():
    assert inspect_rows([]).rows == 0

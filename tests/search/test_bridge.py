"""A bridge maps to unit rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Modality
from scrubjay.search.bridge import Bridge, BridgeKind


def made(old=6, new=4, seed=0, kind=BridgeKind.AFFINE):
    rng = np.random.default_rng(seed)
    return Bridge(
        Modality.IMAGE,
        "2026-10-aaaaaaa",
        "2026-11-bbbbbbb",
        kind,
        rng.standard_normal((old, new)).astype(np.float32),
        rng.standard_normal(new).astype(np.float32),
    )


def unit(rng, n, dim):
    rows = rng.standard_normal((n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@settings(max_examples=50, deadline=None)
@given(
    n=st.integers(0, 40), old=st.integers(1, 24), new=st.integers(1, 24), seed=st.integers(0, 999)
)
def test_mapped_rows_are_finite_unit_float32_and_each_its_own(n, old, new, seed):
    bridge, rows = made(old, new, seed), unit(np.random.default_rng(seed), n, old)
    mapped = bridge.map(rows)
    assert mapped.shape == (n, new)
    assert mapped.dtype == np.float32
    assert np.allclose(np.linalg.norm(mapped, axis=1), 1, atol=1e-5)
    assert np.array_equal(mapped, bridge.map(rows))
    for i in range(min(n, 3)):
        naive = rows[i].astype(float) @ bridge.matrix + bridge.offset
        assert np.allclose(mapped[i], naive / np.linalg.norm(naive), atol=1e-4)


def test_the_given_rows_are_left_as_they_are():
    bridge = Bridge(
        Modality.TEXT, "a", "b", BridgeKind.NONE, np.eye(5, dtype=np.float32), np.zeros(5, "f4")
    )
    rows = 2 * unit(np.random.default_rng(0), 7, 5)
    before = rows.copy()
    assert np.allclose(bridge.map(rows), before / 2)
    assert np.array_equal(rows, before)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.ones((3, 5), "f4"), "takes rows of 6 numbers"),
        (np.ones(6, "f4"), "takes rows of 6 numbers"),
        (np.array([[1] * 6, [np.nan] * 6], "f4"), "row 1 cannot be mapped"),
        (np.array([[np.inf] * 6], "f4"), "row 0 cannot be mapped"),
    ],
)
def test_rows_that_cannot_be_mapped_are_named(rows, message):
    with pytest.raises(WrongUse, match=message):
        made().map(rows)


def test_a_row_of_which_nothing_is_left_is_named():
    flat = Bridge(
        Modality.IMAGE, "a", "b", BridgeKind.PROCRUSTES, np.eye(3, 2, dtype="f4"), np.zeros(2, "f4")
    )
    with pytest.raises(WrongUse, match="nothing of it is left"):
        flat.map(np.array([[0, 0, 1]], "f4"))


@pytest.mark.parametrize(
    ("matrix", "offset"),
    [
        (np.ones((3, 2), "f4"), np.zeros(3, "f4")),
        (np.ones(3, "f4"), np.zeros(3, "f4")),
        (np.ones((3, 2)), np.zeros(2, "f4")),
        (np.full((3, 2), np.nan, "f4"), np.zeros(2, "f4")),
    ],
)
def test_a_matrix_that_is_no_bridge_is_refused(matrix, offset):
    with pytest.raises(WrongUse, match="bridge"):
        Bridge(Modality.IMAGE, "a", "b", BridgeKind.AFFINE, matrix, offset)

"""Maps are recovered where they exist, and equal their textbook definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.search.bridge_maps import low_rank_affine, procrustes


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def rotation(rng, old, new):
    """(old, new) with orthonormal rows, or columns where it narrows."""
    q, _ = np.linalg.qr(rng.standard_normal((max(old, new), max(old, new))))
    return q[:old, :new]


@settings(max_examples=30, deadline=None)
@given(old=st.integers(2, 12), more=st.integers(0, 8), seed=st.integers(0, 999))
def test_a_rotation_into_as_many_or_more_dimensions_is_recovered_exactly(old, more, seed):
    rng = np.random.default_rng(seed)
    truth = rotation(rng, old, old + more)
    rows = unit(rng.standard_normal((10 * old, old)))
    found = procrustes(rows, rows @ truth)
    assert np.allclose(found.matrix, truth, atol=1e-5)
    assert found.cosine(rows, rows @ truth) == pytest.approx(1)


@settings(max_examples=30, deadline=None)
@given(
    old=st.integers(1, 12), new=st.integers(1, 12), n=st.integers(1, 40), seed=st.integers(0, 99)
)
def test_the_map_is_semi_orthogonal_whatever_the_pairs(old, new, n, seed):
    rng = np.random.default_rng(seed)
    matrix = procrustes(rng.standard_normal((n, old)), rng.standard_normal((n, new))).matrix
    gram = matrix @ matrix.T if old <= new else matrix.T @ matrix
    assert np.allclose(gram, np.eye(min(old, new)), atol=1e-8)


def test_into_fewer_dimensions_what_the_spaces_share_is_kept():
    rng = np.random.default_rng(0)
    truth = rotation(rng, 12, 5)
    rows = unit(rng.standard_normal((400, 5))) @ truth.T  # old rows fill 5 of their 12 dimensions
    assert procrustes(rows, rows @ truth).cosine(rows, rows @ truth) == pytest.approx(1, abs=1e-6)


def test_no_other_rotation_is_nearer():
    rng = np.random.default_rng(1)
    old, new = unit(rng.standard_normal((50, 6))), unit(rng.standard_normal((50, 6)))
    best = np.linalg.norm(old @ procrustes(old, new).matrix - new)
    for _ in range(300):
        assert np.linalg.norm(old @ rotation(rng, 6, 6) - new) >= best


def test_directions_the_pairs_say_nothing_of_stay():
    """Ten pairs in fifty dimensions, the space unchanged: other rows are not thrown about."""
    rng = np.random.default_rng(2)
    rows = unit(rng.standard_normal((10, 50)))
    assert np.allclose(procrustes(rows, rows).matrix, np.eye(50), atol=1e-6)


def test_a_rotation_with_a_low_rank_change_is_recovered_from_noisy_pairs_where_rotating_fails():
    rng = np.random.default_rng(3)
    n, dim, rank = 4000, 32, 3
    change = rng.standard_normal((dim, rank)) @ rng.standard_normal((rank, dim)) / dim
    truth, offset = rotation(rng, dim, dim) + 2 * change, 0.02 * rng.standard_normal(dim)
    old = unit(rng.standard_normal((2 * n, dim)))
    clean = old @ truth + offset
    noisy = clean + 0.05 * rng.standard_normal(clean.shape)
    rotated = procrustes(old[:n], noisy[:n])
    errors = {}
    ranks = (0, 1, 2, 3, 4, 32)
    for one in low_rank_affine(old[:n], noisy[:n], rotated, ranks=ranks, ridges=[1e-3]):
        left = old[n:] @ one.matrix + one.offset - clean[n:]
        errors[one.rank] = np.sqrt((left**2).mean())
    alone = np.sqrt(((old[n:] @ rotated.matrix - clean[n:]) ** 2).mean())
    best = min(errors.values())
    assert best < 0.2 * alone
    assert errors[0] < alone
    assert errors[1] > errors[2] > errors[3]


def test_full_rank_is_ridge_regression_itself():
    rng = np.random.default_rng(4)
    old, new, ridge = rng.standard_normal((80, 7)), rng.standard_normal((80, 5)), 0.3
    (one,) = low_rank_affine(old, new, procrustes(old, new), ranks=[5], ridges=[ridge])
    rotated = procrustes(old, new).matrix
    centred, left = old - old.mean(axis=0), new - old @ rotated
    covariance = centred.T @ centred
    penalty = ridge * np.trace(covariance) / 7 * np.eye(7)
    slope = np.linalg.solve(covariance + penalty, centred.T @ (left - left.mean(axis=0)))
    assert np.allclose(one.matrix, rotated + slope)
    assert np.allclose(one.offset, left.mean(axis=0) - old.mean(axis=0) @ slope)


def test_a_low_rank_is_the_best_of_its_rank_for_the_penalised_error():
    """Against random projections of the ridge solution, and the rank is what it says."""
    rng = np.random.default_rng(5)
    old, new = rng.standard_normal((60, 8)), rng.standard_normal((60, 8))
    rotated = procrustes(old, new)
    full, low = low_rank_affine(old, new, rotated, ranks=[8, 2], ridges=[0.1])
    slope = full.matrix - rotated.matrix
    assert np.linalg.matrix_rank(low.matrix - rotated.matrix, tol=1e-9) == 2
    centred, left = old - old.mean(axis=0), new - old @ rotated.matrix
    left = left - left.mean(axis=0)
    penalty = 0.1 * np.trace(centred.T @ centred) / 8

    def loss(change):
        return ((centred @ change - left) ** 2).sum() + penalty * (change**2).sum()

    mine = loss(low.matrix - rotated.matrix)
    for _ in range(300):
        q, _ = np.linalg.qr(rng.standard_normal((8, 2)))
        assert loss(slope @ q @ q.T) >= mine

"""The map: the same plane as a library's, the same way round each time, nothing on top of much."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from scrubjay.evaluate.pca_map import apart, principal_plane


def rows(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((n, 6)) * [5, 3, 1, 1, 0.5, 0.1] + 4).astype(np.float32)


def test_one_modality_is_mapped_as_scikit_learn_would() -> None:
    given = rows(80)
    plane = principal_plane({"image": given})
    library = PCA(2).fit(given)
    theirs = library.transform(given)
    np.testing.assert_allclose(np.abs(plane.places["image"]), np.abs(theirs), atol=1e-3)
    np.testing.assert_allclose(plane.share, library.explained_variance_ratio_, atol=1e-4)


def test_the_gap_between_modalities_does_not_take_an_axis() -> None:
    one = rows(60)
    far = rows(60, 1) + np.array([0, 0, 0, 0, 0, 90], np.float32)
    together = principal_plane({"image": one, "text": far})
    for places in together.places.values():
        np.testing.assert_allclose(places.mean(axis=0), 0, atol=1e-3)
    assert together.share[0] > 0.5  # of the first column, where most differs


def test_signs_are_the_same_whatever_comes_first() -> None:
    given = rows(50)
    forwards = principal_plane({"image": given}).places["image"]
    backwards = principal_plane({"image": given[::-1]}).places["image"][::-1]
    np.testing.assert_allclose(forwards, backwards, atol=1e-6)


def test_nothing_and_one_point_have_a_map() -> None:
    assert principal_plane({}).places == {}
    same = principal_plane({"image": np.ones((3, 4), np.float32)})
    assert (same.share, float(np.abs(same.places["image"]).max())) == ((0.0, 0.0), 0.0)


@pytest.mark.parametrize("most", [1, 7, 50])
def test_what_is_shown_is_few_and_apart(most: int) -> None:
    places = np.random.default_rng(0).standard_normal((400, 2))
    kept = apart(places, most)
    assert 1 <= len(kept) <= most
    assert kept == sorted(set(kept))
    if most == 50:
        assert len(kept) > 15
        chosen = places[kept]
        nearest = min(float(((a - b) ** 2).sum()) for i, a in enumerate(chosen) for b in chosen[:i])
        everyone = min(
            float(((a - b) ** 2).sum()) for i, a in enumerate(places) for b in places[:i]
        )
        assert nearest > everyone


def test_few_points_are_all_shown() -> None:
    assert apart(np.zeros((5, 2)), 9) == [0, 1, 2, 3, 4]

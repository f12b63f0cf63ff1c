"""A mix of queries is the direction of their weighted sum."""

import numpy as np
import pytest

from scrubjay.core.errors import WrongUse
from scrubjay.search.mix import MAX_WEIGHT, PARTS, checked_weights, mixed
from tests.store.made import units


def test_a_part_counts_once_where_nothing_is_said():
    assert checked_weights(["text", "like"], {"like": -0.5}) == {"text": 1.0, "like": -0.5}
    assert checked_weights(PARTS, {}) == dict.fromkeys(PARTS, 1.0)


@pytest.mark.parametrize(
    ("given", "weights", "said"),
    [
        (["text"], {"image": 1}, "no image"),
        (["text"], {"colour": 1}, "cannot be weighted"),
        (["text"], {"text": float("nan")}, "is nan"),
        (["text"], {"text": MAX_WEIGHT + 1}, "from -100 to 100"),
        (["text"], {"text": True}, "is True"),
        (["text"], {"text": "1"}, "is '1'"),
        (["text"], {"text": 0}, "every weight is zero"),
    ],
)
def test_a_weight_that_means_nothing_is_refused(given, weights, said):
    with pytest.raises(WrongUse, match=said):
        checked_weights(given, weights)


def test_one_part_alone_is_itself_and_a_negative_one_its_opposite():
    (one,) = units(1, 16, seed=1)
    np.testing.assert_array_equal(mixed({"text": one}, {"text": 0.3}), one)
    np.testing.assert_array_equal(mixed({"text": one}, {"text": -2.0}), -one)


@pytest.mark.parametrize("seed", range(5))
def test_a_mix_is_the_weighted_sum_made_one_long(seed):
    vectors = dict(zip(PARTS, units(4, 32, seed=seed), strict=True))
    weights = dict(zip(PARTS, np.random.default_rng(seed).uniform(-3, 3, 4), strict=True))
    total = np.zeros(32)
    for name in PARTS:
        total += weights[name] * vectors[name].astype(float)
    got = mixed(vectors, weights)
    np.testing.assert_allclose(got, total / np.linalg.norm(total), atol=1e-6)
    assert got.dtype == np.float32
    scaled = {name: 7 * weight for name, weight in weights.items()}
    np.testing.assert_allclose(mixed(vectors, scaled), got, atol=1e-6)


def test_parts_that_cancel_each_other_out_are_refused():
    (one,) = units(1, 16, seed=1)
    with pytest.raises(WrongUse, match="cancel"):
        mixed({"text": one, "like": one}, {"text": 1.0, "like": -1.0})

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.media.world.draw import SIDE
from scrubjay.media.world.outside import HELD_OUT, TAUGHT, outside


@pytest.mark.parametrize("held_out", [False, True])
def test_pictures_follow_from_chance_and_differ(held_out: bool) -> None:
    def drawn(seed: int) -> np.ndarray:
        return outside(np.random.default_rng(seed), held_out=held_out)

    pictures = [drawn(seed) for seed in range(30)]
    assert all(one.shape == (SIDE, SIDE, 3) and one.dtype == np.uint8 for one in pictures)
    assert all(np.array_equal(drawn(seed), one) for seed, one in enumerate(pictures))
    assert len({one.tobytes() for one in pictures}) == 30


@pytest.mark.parametrize("name", [*TAUGHT, *HELD_OUT])
def test_every_kind_has_something_to_see(name: str) -> None:
    make = (TAUGHT | HELD_OUT)[name]
    for seed in range(3):
        made = make(np.random.default_rng(seed))
        assert made.shape == (SIDE, SIDE, 3)
        assert np.isfinite(made).all()
        assert made.std() > 2


def test_kinds_kept_for_testing_are_not_taught() -> None:
    assert not set(TAUGHT) & set(HELD_OUT)
    assert not set(TAUGHT.values()) & set(HELD_OUT.values())

from __future__ import annotations

from itertools import pairwise

import numpy as np

from scrubjay.training.world.vqa_measure import questions, rising


def test_equal_seeds_ask_equal_questions() -> None:
    one, again = (questions(5, seed=3, held_out=True) for _ in range(2))
    assert [a.question for a in one] == [a.question for a in again]
    assert all(np.array_equal(a.picture, b.picture) for a, b in zip(one, again, strict=True))
    assert [a.question for a in questions(5, seed=4, held_out=True)] != [a.question for a in one]


def test_the_table_of_chances_rises_and_follows_what_happened() -> None:
    random = np.random.default_rng(0)
    sure = random.uniform(0.3, 1.0, 20_000)
    right = random.random(20_000) < sure**2
    said, share = rising(np.stack([sure, right], axis=1))
    assert all(a < b for a, b in pairwise(said))
    assert all(a <= b for a, b in pairwise(share))
    for at in (0.5, 0.7, 0.9):
        assert abs(np.interp(at, said, share) - at**2) < 0.04


def test_a_bin_without_a_mistake_is_no_certainty() -> None:
    told = np.stack([np.linspace(0.9, 1, 30), np.ones(30)], axis=1)
    assert max(rising(told)[1]) < 1

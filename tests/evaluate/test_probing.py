"""Probes in numbers: against a count by hand, against chance, against another version."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.evaluate.probing import Scored, accuracies, worst_of


def scored(right, wrong, kinds=None, groups=None, blind=None) -> Scored:
    n = len(right)
    return Scored(
        tuple(kinds or ["attribute"] * n),
        tuple(groups or [f"g{i}" for i in range(n)]),
        np.asarray(right, np.float64),
        np.asarray(wrong, np.float64),
        np.zeros(n) if blind is None else np.asarray(blind, np.float64),
    )


def drawn(n: int, passes: float, *, seed: int = 0, kinds=None, groups=None) -> Scored:
    rng = np.random.default_rng(seed)
    ahead = np.where(rng.random(n) < passes, 0.1, -0.1)
    return scored(0.5 + ahead, np.full(n, 0.5), kinds, groups)


def test_accuracy_is_a_share_and_ties_lose() -> None:
    probes = scored([0.5, 0.6, 0.4, 0.5], [0.5, 0.5, 0.5, 0.4], blind=[0.1, -0.1, 0.1, 0.1])
    (only,) = accuracies({"image": probes})
    assert only.accuracy.value == 0.5
    assert only.blind == 0.75
    assert (only.n, only.n_groups, only.kind, only.modality) == (4, 4, "attribute", "image")


def test_who_knows_is_above_chance_and_who_guesses_is_not() -> None:
    (knows,) = accuracies({"image": drawn(200, 0.8)})
    (guesses,) = accuracies({"image": drawn(200, 0.5)})
    (worse,) = accuracies({"image": drawn(200, 0.2)})
    assert [one.told for one in (knows, guesses, worse)] == [
        "above chance",
        "at chance",
        "below chance",
    ]
    assert knows.accuracy.low < knows.accuracy.value < knows.accuracy.high


def test_who_guesses_is_rarely_called_better_however_many_kinds_there_are() -> None:
    """Corrected together: of 16 guessers with five kinds each, few have any kind above chance."""
    kinds = ["attribute", "count", "relation", "order", "object"] * 40
    fooled = sum(
        any(
            one.above_chance
            for one in accuracies({"image": drawn(200, 0.5, seed=seed, kinds=kinds)}, resamples=400)
        )
        for seed in range(16)
    )
    assert fooled <= 3


def test_probes_of_one_group_count_as_one() -> None:
    """Twenty probes about two pictures are two pictures' worth of evidence."""
    groups = ["a"] * 10 + ["b"] * 10
    (few,) = accuracies({"image": drawn(20, 1.0, groups=groups)})
    assert few.accuracy.value == 1.0
    assert few.p >= 0.25
    assert not few.above_chance
    assert few.accuracy.low < 0.5
    (many,) = accuracies({"image": drawn(20, 1.0)})
    assert many.above_chance


def test_changes_are_paired_and_corrected() -> None:
    before, after = drawn(150, 0.55, seed=1), drawn(150, 0.9, seed=2)
    (one,) = accuracies({"image": after}, {"image": before})
    assert one.change is not None
    by_hand = float(after.passed.mean() - before.passed.mean())
    assert one.change.gain.value == pytest.approx(by_hand)
    assert one.change.p_together <= 0.05
    (same,) = accuracies({"image": after}, {"image": after})
    assert same.change is not None
    assert (same.change.gain.value, same.change.p) == (0.0, 1.0)
    (alone,) = accuracies({"image": after}, {"speech": before})
    assert alone.change is None


def test_the_worst_come_first_one_a_group_and_none_that_passed() -> None:
    probes = scored(
        [0.1, 0.2, 0.9, 0.3, 0.0],
        [0.5, 0.5, 0.5, 0.5, 0.9],
        kinds=["count"] * 4 + ["order"],
        groups=["a", "a", "b", "c", "d"],
    )
    assert worst_of(probes, "count", 5) == [0, 3]
    assert worst_of(probes, "count", 1) == [0]
    assert worst_of(probes, "order", 5) == [4]

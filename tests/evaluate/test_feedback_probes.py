"""Probes people made: the right item scores above the wrong one, or it does not."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.evaluate.feedback_probes import FeedbackProbe, probe_figures


def unit(*numbers: float) -> np.ndarray:
    vector = np.array(numbers, np.float32)
    return vector / np.linalg.norm(vector)


QUERIES = {"x": unit(1, 0, 0), "y": unit(0, 1, 0)}
ITEMS = {
    "on x": np.stack([unit(0, 0, 1), unit(1, 0, 0)]),
    "near x": unit(1, 1, 0)[None],
    "on z": unit(0, 0, 1)[None],
}


def figures(*probes: FeedbackProbe):
    return probe_figures(probes, queries=QUERIES, items=ITEMS, resamples=200)


def test_an_item_counts_by_its_best_row_and_the_margin_is_that_of_the_cosines() -> None:
    told = figures(FeedbackProbe("x", "on x", "near x"))
    (one,) = told.results
    assert one.passed
    assert one.margin == pytest.approx(1 - 2**-0.5, abs=1e-6)
    assert (told.accuracy.value, told.n, told.n_queries) == (1.0, 1, 1)


def test_the_share_that_passes_with_an_interval_over_queries() -> None:
    told = figures(
        FeedbackProbe("x", "on x", "near x"),
        FeedbackProbe("x", "on x", "on z"),
        FeedbackProbe("y", "on z", "near x"),
        FeedbackProbe("y", "on x", "near x"),
    )
    assert (told.accuracy.value, told.accuracy.low, told.accuracy.high) == (0.5, 0.0, 1.0)
    assert (told.n, told.n_queries, told.left_out) == (4, 2, 0)
    failed = told.to_json()["failed"]
    assert [(one["query"], one["right_item"]) for one in failed] == [("y", "on z"), ("y", "on x")]
    assert failed[0]["margin"] == pytest.approx(-(2**-0.5), abs=1e-6)


def test_a_tie_fails() -> None:
    assert not figures(FeedbackProbe("y", "on x", "on z")).results[0].passed


def test_without_a_right_item_the_wrong_one_must_not_come_first() -> None:
    first = figures(FeedbackProbe("x", None, "on x")).results[0]
    assert (first.passed, first.margin) == (False, pytest.approx(2**-0.5 - 1, abs=1e-6))
    assert figures(FeedbackProbe("x", None, "near x")).results[0].passed
    both = figures(FeedbackProbe("x", None, "near x"), FeedbackProbe("x", None, "on x"))
    assert [one.passed for one in both.results] == [False, False], "one wrong hit excuses no other"


def test_what_has_no_vector_is_counted_and_left_out() -> None:
    told = figures(FeedbackProbe("z", "on x", "on z"), FeedbackProbe("x", "gone", "on z"))
    assert (told.accuracy, told.n, told.left_out) == (None, 0, 2)
    assert told.to_json() == {
        "accuracy": None, "n": 0, "n_queries": 0, "left_out": 2, "failed": [],
    }  # fmt: skip

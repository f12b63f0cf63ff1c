"""Retrieval figures against a naive reference, hand-computed cases and properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.core.errors import WrongUse
from scrubjay.evaluate import retrieval
from scrubjay.evaluate.retrieval import (
    TIE,
    evaluate_direction,
    precision_at_k,
    rank,
    recall_at_k,
    top_hits,
)


def unit(rows):
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def random_case(seed, queries, gallery, groups, dim=5):
    rng = np.random.default_rng(seed)
    return (
        unit(rng.standard_normal((queries, dim))),
        unit(rng.standard_normal((gallery, dim))),
        [f"g{i}" for i in rng.integers(0, groups, queries)],
        [f"g{i}" for i in rng.integers(0, groups, gallery)],
    )


def naive(query_vectors, gallery_vectors, query_groups, gallery_groups, k):
    """Sort each gallery by hand; wrong answers go first among equals."""
    recalls, precisions, reciprocals, ranks = [], [], [], []
    for vector, group in zip(query_vectors, query_groups, strict=True):
        if group not in gallery_groups:
            continue
        listed = []
        for other, other_group in zip(gallery_vectors, gallery_groups, strict=True):
            right = other_group == group
            listed.append((float(vector @ other) - (TIE if right else 0.0), right))
        listed.sort(key=lambda one: (-one[0], one[1]))
        first = next(i for i, one in enumerate(listed, 1) if one[1])
        recalls.append(first <= k)
        precisions.append(sum(one[1] for one in listed[:k]) / k)
        reciprocals.append(1 / first)
        ranks.append(first)
    return np.mean(recalls), np.mean(precisions), np.mean(reciprocals), np.median(ranks)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    queries=st.integers(1, 12),
    gallery=st.integers(1, 15),
    groups=st.integers(1, 6),
    k=st.integers(1, 20),
)
def test_every_figure_equals_a_naive_reference(seed, queries, gallery, groups, k):
    case = random_case(seed, queries, gallery, groups)
    if not set(case[2]) & set(case[3]):
        return
    recall, precision, mrr, median = naive(*case, k)
    assert recall_at_k(*case, [k])[k] == pytest.approx(recall)
    assert precision_at_k(*case, [k])[k] == pytest.approx(precision)
    direction = evaluate_direction("a->b", *case, recall_at=[k], precision_at=[k], resamples=5)
    assert direction.recall[k].value == pytest.approx(recall)
    assert direction.precision[k].value == pytest.approx(precision)
    assert direction.mrr.value == pytest.approx(mrr)
    assert direction.median_rank.value == pytest.approx(median)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_ties_are_the_same_in_the_reference_when_vectors_repeat(seed):
    rng = np.random.default_rng(seed)
    corners = np.eye(3, dtype=np.float32)
    queries, gallery = corners[rng.integers(0, 3, 8)], corners[rng.integers(0, 3, 12)]
    query_groups = list("abcdefgh")
    gallery_groups = [*rng.permutation(list("abcdefgh")), *"aabb"]
    recall, precision, mrr, median = naive(queries, gallery, query_groups, gallery_groups, 3)
    direction = evaluate_direction(
        "a->b", queries, gallery, query_groups, gallery_groups, recall_at=[3], precision_at=[3]
    )
    assert direction.recall[3].value == pytest.approx(recall)
    assert direction.precision[3].value == pytest.approx(precision)
    assert (direction.mrr.value, direction.median_rank.value) == pytest.approx((mrr, median))


def test_a_picture_with_five_captions_has_five_right_answers():
    picture = unit([[1, 0]])
    captions = unit([[1, 0.1 * i] for i in range(5)] + [[0, 1]])
    groups = ["cat"] * 5 + ["dog"]
    assert precision_at_k(picture, captions, ["cat"], groups, [1, 5, 6]) == {1: 1, 5: 1, 6: 5 / 6}
    assert recall_at_k(picture, captions, ["cat"], groups, [1]) == {1: 1.0}


def test_a_caption_may_find_any_picture_of_its_group():
    caption = unit([[1, 0]])
    pictures = unit([[0, 1], [0.9, 0.1], [1, 0]])
    assert recall_at_k(caption, pictures, ["a"], ["a", "b", "c"], [1, 2, 3]) == {1: 0, 2: 0, 3: 1}
    assert recall_at_k(caption, pictures, ["a"], ["a", "a", "c"], [1, 2]) == {1: 0, 2: 1}


def test_an_encoder_that_maps_everything_to_one_point_scores_nothing():
    rng = np.random.default_rng(0)
    one = np.repeat(unit(rng.standard_normal((1, 300))), 97, axis=0)
    groups = [str(i) for i in range(97)]
    direction = evaluate_direction("a->b", one, one, groups, groups)
    assert direction.recall[10].value == 0.0
    assert direction.median_rank.value == 97


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_order_of_the_gallery_changes_nothing(seed):
    queries, gallery, query_groups, gallery_groups = random_case(seed, 9, 11, 2)
    gallery[3] = gallery[7]
    order = np.random.default_rng(seed).permutation(11)
    shuffled = [gallery_groups[i] for i in order]
    if not set(query_groups) & set(gallery_groups):
        return
    before = rank(queries, gallery, query_groups, gallery_groups, [4])
    after = rank(queries, gallery[order], query_groups, shuffled, [4])
    np.testing.assert_array_equal(before.ranks, after.ranks)
    np.testing.assert_array_equal(before.right, after.right)


def test_pieces_give_what_one_product_gives(monkeypatch):
    case = random_case(4, 40, 60, 9)
    whole = rank(*case, [1, 7])
    monkeypatch.setattr(retrieval, "_SCORES_AT_ONCE", 100)
    pieces = rank(*case, [1, 7])
    np.testing.assert_array_equal(whole.ranks, pieces.ranks)
    np.testing.assert_array_equal(whole.right, pieces.right)


def test_queries_without_a_right_answer_are_left_out_and_counted():
    vectors = np.eye(3, dtype=np.float32)
    direction = evaluate_direction("a->b", vectors, vectors, ["a", "x", "c"], ["a", "b", "c"])
    assert (direction.n_queries, direction.unanswerable) == (2, 1)
    assert direction.recall[1].value == 1.0
    assert direction.queries.tolist() == [0, 2]


def test_top_hits_are_the_best_rows_in_order():
    queries, gallery, *_ = random_case(3, 6, 30, 2)
    positions, scores = top_hits(queries, gallery, 4)
    for row, vector in enumerate(queries):
        expected = np.argsort(-(gallery @ vector))[:4]
        np.testing.assert_array_equal(positions[row], expected)
        np.testing.assert_allclose(scores[row], (gallery @ vector)[expected], atol=1e-6)
    assert top_hits(queries, gallery, 99)[0].shape == (6, 30)


def test_vectors_that_are_not_finite_are_refused_instead_of_ranked_first():
    vectors = np.eye(2, dtype=np.float32)
    broken = vectors.copy()
    broken[0, 0] = np.nan
    with pytest.raises(WrongUse, match="not finite"):
        recall_at_k(broken, vectors, ["a", "b"], ["a", "b"], [1])


@pytest.mark.parametrize(
    ("queries", "gallery", "query_groups", "ks", "said"),
    [
        (np.zeros((0, 2)), np.eye(2), [], [1], "at least one row"),
        (np.eye(2), np.eye(2), ["a"], [1], "group ids"),
        (np.eye(3), np.eye(2), ["a", "b", "c"], [1], "one encoder"),
        (np.eye(2), np.eye(2), ["x", "y"], [1], "no query has a right answer"),
        (np.eye(2), np.eye(2), ["a", "b"], [0], "at least 1"),
    ],
)
def test_wrong_input_is_refused_in_words(queries, gallery, query_groups, ks, said):
    with pytest.raises(WrongUse, match=said):
        recall_at_k(queries, gallery, query_groups, ["a", "b"], ks)


def test_a_direction_speaks_json():
    vectors = np.eye(3, dtype=np.float32)
    told = evaluate_direction("text->image", vectors, vectors, list("abc"), list("abc")).to_json()
    assert told["name"] == "text->image"
    assert told["recall"]["1"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert told["median_rank"]["value"] == 1.0


@pytest.mark.slow
def test_a_gallery_of_100k_fits_in_bounded_memory():
    import resource

    rng = np.random.default_rng(0)
    gallery = unit(rng.standard_normal((100_000, 64)))
    groups = np.arange(100_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    direction = evaluate_direction("a->b", gallery[:2000], gallery, groups[:2000], groups)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert direction.recall[1].value == 1.0
    assert grown < 600

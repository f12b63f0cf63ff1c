import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.store.clustered import ClusteredRows, assigned, clusters_of, found_centres
from tests.store.made import units
from tests.store.test_exact import naive


def table(vectors, items):
    flat = pa.array(np.ascontiguousarray(vectors).ravel())
    return pa.table(
        {
            "id": [str(one) for one in items],
            "vector": pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]),
        }
    )


def around_centres(n, dim, *, seed=0):
    random = np.random.default_rng(seed)
    centres = random.standard_normal((max(1, n // 50), dim))
    near = centres[random.integers(len(centres), size=n)]
    vectors = near + 0.7 * random.standard_normal((n, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def ids(rows, places):
    return rows.shown.take(places)["id"].to_pylist()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 90), st.integers(1, 12), st.integers(1, 70), st.integers(0, 2**32))
def test_few_rows_are_all_compared_and_answer_as_sorting_everything_does(n, n_items, k, seed):
    vectors = units(n, 8, seed)
    items = np.random.default_rng(seed).integers(n_items, size=n).tolist()
    query = units(1, 8, seed + 1)[0]
    rows = ClusteredRows.of(table(vectors, items), 8)
    places, scores = rows.best(query, k)
    expected = naive(vectors, items, query, k, np.ones(n, bool))
    assert ids(rows, places) == [str(one) for one, _ in expected]
    np.testing.assert_allclose(scores, [score for _, score in expected], atol=1e-6)


def test_of_many_rows_nearly_all_of_the_ten_best_are_found_with_their_exact_cosines():
    vectors = around_centres(20_000, 48)
    rows = ClusteredRows.of(table(vectors, range(len(vectors))), 48)
    random = np.random.default_rng(5)
    queries = vectors[:100] + random.standard_normal((100, 48)) * 0.1
    queries = (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)
    right = 0
    for query in queries:
        places, scores = rows.best(query, 10)
        found = [int(one) for one in ids(rows, places)]
        np.testing.assert_allclose(scores, vectors[found] @ query, atol=1e-6)
        right += len({*found} & {*np.argsort(-(vectors @ query))[:10].tolist()})
    assert right / 1000 >= 0.95


def test_a_search_compares_a_small_part_of_many_rows(monkeypatch):
    vectors = around_centres(20_000, 16)
    rows = ClusteredRows.of(table(vectors, range(len(vectors))), 16)
    compared = []
    original = ClusteredRows._compared

    def counted(self, query, clusters):
        places, scores = original(self, query, clusters)
        compared.append(len(places))
        return places, scores

    monkeypatch.setattr(ClusteredRows, "_compared", counted)
    rows.best(vectors[0], 10)
    assert compared[0] < 0.25 * len(vectors)


def test_rows_of_one_item_do_not_crowd_others_out():
    vectors = around_centres(5_000, 16)
    items = ["crowd"] * 4_000 + [f"one-{n}" for n in range(1_000)]
    rows = ClusteredRows.of(table(vectors, items), 16)
    places, _ = rows.best(vectors[0], 30)
    found = ids(rows, places)
    assert len(found) == len(set(found)) == 30


def test_every_row_is_in_the_cluster_of_its_nearest_centre():
    vectors = around_centres(3_000, 16)
    rows = ClusteredRows.of(table(vectors, range(len(vectors))), 16)
    clusters = np.repeat(np.arange(len(rows.centres)), np.diff(rows.starts))
    np.testing.assert_array_equal(clusters, np.argmax(rows.vectors @ rows.centres.T, axis=1))
    np.testing.assert_array_equal(
        rows.vectors, vectors[[int(one) for one in ids(rows, list(range(3000)))]]
    )


def test_centres_are_of_unit_length_the_same_each_time_and_better_than_rows_picked_by_chance():
    vectors = around_centres(4_000, 24)
    centres = found_centres(vectors, 100)
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(centres, found_centres(vectors, 100))

    def fit(some):
        return float((vectors @ some.T).max(axis=1).mean())

    assert fit(centres) > fit(vectors[:100]) + 0.02
    assert len(np.unique(assigned(vectors, centres))) > 90


@pytest.mark.parametrize(("n", "same"), [(2_100, True), (40_000, False)])
def test_centres_are_used_again_while_their_number_fits(n, same):
    before = ClusteredRows.of(table(around_centres(2_000, 8), range(2_000)), 8)
    after = ClusteredRows.of(table(around_centres(n, 8), range(n)), 8, centres=before.centres)
    assert (after.centres is before.centres) is same
    if not same:
        assert len(after.centres) == clusters_of(n)


def test_rows_that_are_all_alike_make_clusters_too():
    vectors = np.repeat(units(1, 8), 500, axis=0)
    rows = ClusteredRows.of(table(vectors, range(500)), 8)
    places, scores = rows.best(vectors[0], 10)
    assert len(places) == 10
    np.testing.assert_allclose(scores, 1, atol=1e-5)

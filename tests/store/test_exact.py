import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.store.exact import ExactRows
from tests.store.made import units


def made(vectors, items, row_ids):
    flat = pa.array(np.ascontiguousarray(vectors).ravel())
    table = pa.table(
        {
            "id": [str(one) for one in items],
            "vector": pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]),
            "_rowid": pa.array(row_ids, pa.uint64()),
        }
    )
    return ExactRows.of(table, vectors.shape[1])


def naive(vectors, items, query, k, allowed):
    """Sort every row in float64, keep the first of each item."""
    scores = vectors.astype(np.float64) @ query.astype(np.float64)
    best = []
    for place in np.argsort(-scores, kind="stable"):
        if allowed[place] and items[place] not in [items[other] for other in best]:
            best.append(place)
    return [(items[place], scores[place]) for place in best[:k]]


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 60), st.integers(1, 12), st.integers(1, 70), st.integers(0, 2**32), st.booleans()
)
def test_the_best_row_of_the_best_items_is_what_sorting_everything_gives(n, n_items, k, seed, some):
    random = np.random.default_rng(seed)
    vectors = units(n, 8, seed)
    items = random.integers(n_items, size=n).tolist()
    row_ids = random.permutation(10 * n)[:n]
    allowed = random.random(n) < (0.5 if some else 1.1)
    query = units(1, 8, seed + 1)[0]
    rows = made(vectors, items, row_ids)
    places, scores = rows.best(
        query, k, allowed=row_ids[allowed].astype(np.uint64) if some else None
    )
    expected = naive(vectors, items, query, k, allowed)
    shown = rows.shown.take(places)["id"].to_pylist()
    assert shown == [str(one) for one, _ in expected]
    np.testing.assert_allclose(scores, [score for _, score in expected], atol=1e-6)


def test_no_rows_give_nothing():
    rows = made(units(2, 4)[:0], [], np.array([], np.uint64))
    places, scores = rows.best(units(1, 4)[0], 3)
    assert len(places) == len(scores) == 0

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.core.types import Clue
from scrubjay.store.exact import ExactRows
from scrubjay.store.groups import Groups
from scrubjay.store.shelves import Shelves
from tests.store.made import units

CLUES = (None, *Clue)
ROWS = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.sampled_from(CLUES), st.sampled_from([None, 0.0, 2.5, 7.0])
    ),
    min_size=1,
    max_size=60,
)


def table(rows, vectors):
    flat = pa.array(np.ascontiguousarray(vectors).ravel())
    return pa.table(
        {
            "id": [one for one, _, _ in rows],
            "clue": pa.array([clue and clue.value for _, clue, _ in rows], pa.string()),
            "moment_s": pa.array([begin for _, _, begin in rows], pa.float64()),
            "place": list(range(len(rows))),
            "vector": pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]),
        }
    )


def group(row):
    return row[0], row[2]


def best_places(rows, scores, k, keeps=lambda row: True):
    """Sort everything, keep the first row of each item or moment."""
    best = {}
    for place in np.argsort(-scores, kind="stable"):
        if keeps(rows[place]):
            best.setdefault(group(rows[place]), int(place))
    return list(best.values())[:k]


@given(ROWS)
def test_rows_have_one_number_when_item_and_moment_are_the_same(rows):
    groups = Groups.of(table(rows, units(len(rows), 2)))
    for a, one in zip(groups.numbers, rows, strict=True):
        for b, other in zip(groups.numbers, rows, strict=True):
            assert (a == b) == (group(one) == group(other))
    for clue in CLUES:
        places = [n for n, (_, made_of, _) in enumerate(rows) if made_of is clue]
        assert groups.clues.get(clue, np.array([])).tolist() == places
    for name in "abcd":
        for begin in (0.0, 2.5, 7.0, 9.0):
            places = [n for n, row in enumerate(rows) if group(row) == (name, begin)]
            assert groups.places((name, begin)).tolist() == places


@settings(max_examples=100, deadline=None)
@given(ROWS, st.integers(1, 20), st.integers(0, 2**32))
def test_in_memory_moments_are_found_as_looking_at_every_row_finds_them(rows, k, seed):
    vectors, query = units(len(rows), 8, seed), units(1, 8, seed + 1)[0]
    made = table(rows, vectors)
    ids = pa.array(np.random.default_rng(seed).permutation(3 * len(rows))[: len(rows)], pa.uint64())
    exact = ExactRows.of(made.append_column("_rowid", ids), 8)
    shelves = Shelves.of(made, 8)
    scores = vectors @ query
    expected = best_places(rows, scores, k)
    assert exact.shown["place"].take(exact.best(query, k)[0]).to_pylist() == expected
    assert [row["place"] for row, _ in shelves.best(query, k)] == expected
    of_exact = exact.best_by_clue(query, k)
    of_shelves = shelves.best_by_clue(query, k, CLUES)
    assert of_exact.keys() == of_shelves.keys() == {clue for _, clue, _ in rows}
    for clue in of_exact:
        expected = best_places(rows, scores, k, lambda row, clue=clue: row[1] is clue)
        assert exact.shown["place"].take(of_exact[clue][0]).to_pylist() == expected
        np.testing.assert_allclose(of_exact[clue][1], scores[expected], atol=1e-6)
        assert [row["place"] for row, _ in of_shelves[clue]] == expected
        assert [score for _, score in of_shelves[clue]] == pytest.approx(
            scores[expected].tolist(), abs=1e-6
        )


@settings(max_examples=50, deadline=None)
@given(ROWS, st.integers(0, 2**32), st.integers(1, 9))
def test_a_filter_leaves_its_rows_to_every_clue(rows, seed, k):
    vectors, query = units(len(rows), 8, seed), units(1, 8, seed + 1)[0]
    random = np.random.default_rng(seed)
    row_ids = np.sort(random.permutation(3 * len(rows))[: len(rows)]).astype(np.uint64)
    exact = ExactRows.of(
        table(rows, vectors).append_column("_rowid", pa.array(row_ids, pa.uint64())), 8
    )
    kept = random.random(len(rows)) < 0.5
    found = exact.best_by_clue(query, k, allowed=row_ids[kept])
    keeps = {place for place in range(len(rows)) if kept[place]}
    for clue, (places, _) in found.items():
        order = [n for n in np.argsort(-(vectors @ query), kind="stable") if n in keeps]
        best = {}
        for n in order:
            if rows[n][1] is clue:
                best.setdefault(group(rows[n]), int(n))
        assert places.tolist() == list(best.values())[:k]


def test_a_generation_without_videos_has_one_shelf_and_its_vectors_are_not_copied_for_it():
    rows = [("a", None, None), ("b", None, None)]
    assert list(Shelves.of(table(rows, units(2, 4)), 4).rows) == [None]
    bare = table(rows, units(2, 4)).drop_columns(["clue", "moment_s"])
    assert list(Shelves.of(bare, 4).rows) == [None]
    assert Groups.of(bare).moments == {}

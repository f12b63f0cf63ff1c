import threading
import time

import numpy as np
import pytest

from scrubjay.core.config import IndexSettings
from scrubjay.core.errors import NotReady
from scrubjay.core.types import Kind
from scrubjay.store import in_memory
from scrubjay.store.clustered import ClusteredRows
from scrubjay.store.generations import Generations
from scrubjay.store.nearest import Nearest
from tests.store.made import item, rows_of, units

DIM = 16
MUCH = 2**30


@pytest.fixture
def generation(tmp_path, monkeypatch):
    monkeypatch.setattr(in_memory, "SETTLE_S", 0.01)
    generations = Generations(tmp_path / "generations", IndexSettings(exact_below=1, nprobes=1000))
    made = generations.create("v1", dim=DIM, attribute_types={})
    items = [item(n, kind=Kind.SPEECH if n % 3 == 0 else Kind.IMAGE) for n in range(600)]
    made.add(rows_of(items), units(600, DIM))
    made.optimise()
    return made


@pytest.fixture
def from_disk(monkeypatch):
    """Queries Lance was asked."""
    asked = []
    original = Nearest._candidates

    def candidates(self, view, query, n, kept):
        asked.append(kept)
        return original(self, view, query, n, kept)

    monkeypatch.setattr(Nearest, "_candidates", candidates)
    return asked


def wait_until_held(generation):
    deadline = time.monotonic() + 120
    while not generation.in_memory:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def found(generation, query, k=10, **how):
    return [(one.id, round(one.score, 5)) for one in generation.search(query, k, **how)]


def test_what_is_held_is_found_without_the_disk_and_as_on_it(generation, from_disk):
    queries = units(20, DIM, seed=9)
    before = [generation.search(one, 10) for one in queries]
    generation.hold(most_bytes=MUCH)
    wait_until_held(generation)
    from_disk.clear()
    for query, expected in zip(queries, before, strict=True):
        for mine, theirs in zip(generation.search(query, 10), expected, strict=True):
            assert mine.score == pytest.approx(theirs.score, abs=1e-5)
            assert (mine.id, mine.uri, mine.kind) == (theirs.id, theirs.uri, theirs.kind)
            assert (mine.caption, mine.attributes) == (theirs.caption, theirs.attributes)
    assert not from_disk


def test_filters_are_asked_of_the_disk(generation, from_disk):
    query = units(1, DIM, seed=9)[0]
    expected = found(generation, query, kinds=frozenset({Kind.SPEECH}))
    generation.hold(most_bytes=MUCH)
    wait_until_held(generation)
    from_disk.clear()
    assert found(generation, query, kinds=frozenset({Kind.SPEECH})) == expected
    assert from_disk


def test_a_change_is_seen_at_once_and_held_soon(generation, from_disk):
    generation.hold(most_bytes=MUCH)
    wait_until_held(generation)
    new = units(1, DIM, seed=77)
    generation.add(rows_of([item(9000)]), new)
    assert found(generation, new[0], k=1) == [("item-009000", 1.0)]
    generation.purge(["item-009000"])
    assert found(generation, new[0], k=1)[0][0] != "item-009000"
    wait_until_held(generation)
    from_disk.clear()
    assert found(generation, new[0], k=1)[0][0] != "item-009000"
    assert not from_disk


def test_more_than_may_be_held_stays_on_the_disk(generation, from_disk):
    generation.hold(most_bytes=599 * DIM * 4)
    assert not generation.in_memory
    query = units(1, DIM, seed=9)[0]
    deadline = time.monotonic() + 120
    while generation._nearest._memory._held is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    for _ in range(3):
        assert len(found(generation, query)) == 10
    assert len(from_disk) == 3
    assert generation._nearest._memory._held[1] is None


def test_few_rows_are_compared_as_before(tmp_path, monkeypatch):
    generation = Generations(tmp_path / "few").create("v1", dim=DIM, attribute_types={})
    generation.add(rows_of([item(n) for n in range(20)]), units(20, DIM))
    monkeypatch.setattr(ClusteredRows, "of", lambda *_, **__: pytest.fail("clustered"))
    generation.hold(most_bytes=MUCH)
    assert len(found(generation, units(1, DIM)[0])) == 10


def test_a_removed_generation_says_so(generation, tmp_path):
    generation.hold(most_bytes=MUCH)
    wait_until_held(generation)
    Generations(tmp_path / "generations").remove("v1")
    with pytest.raises(NotReady, match="removed"):
        generation.search(units(1, DIM)[0], 3)


def test_searches_while_rows_come_and_go_are_each_of_one_state(generation):
    generation.hold(most_bytes=MUCH)
    wait_until_held(generation)
    spot = units(1, DIM, seed=123)
    stop, wrong = threading.Event(), []

    def search():
        while not stop.is_set():
            best = generation.search(spot[0], 3)
            scores = [one.score for one in best]
            if len(best) != 3 or scores != sorted(scores, reverse=True):
                wrong.append(best)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for one in threads:
        one.start()
    for n in range(8):
        generation.add(rows_of([item(10_000 + n)]), spot)
        assert found(generation, spot[0], k=9).count((f"item-{10_000 + n:06d}", 1.0)) == 1
        time.sleep(0.05)
    stop.set()
    for one in threads:
        one.join()
    assert not wrong
    assert np.isfinite([score for _, score in found(generation, spot[0])]).all()

"""A generation made of another's rows: what is found in it, and what a kill leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scrubjay.core.config import IndexSettings
from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Champion, Kind, Modality
from scrubjay.search.bridge import Bridge, BridgeKind
from scrubjay.search.bridged import bridge_generation
from scrubjay.search.query import Query, Searcher
from scrubjay.store.generations import Generations
from scrubjay.store.index import Row
from scrubjay.store.partitions import Partitioned, partitioned
from scrubjay.store.table import StoredTable
from tests.search.conftest import ColourEncoder
from tests.store.films import film, film_rows
from tests.store.made import item, units

REPOSITORY = Path(__file__).resolve().parents[2]
OLD, NEW = 6, 4


def bridge(modality, seed):
    random = np.random.default_rng(seed)
    return Bridge(
        modality,
        "v1",
        "v2",
        BridgeKind.AFFINE,
        random.standard_normal((OLD, NEW)).astype(np.float32),
        random.standard_normal(NEW).astype(np.float32),
    )


BRIDGES = {one: bridge(one, seed) for seed, one in enumerate((Modality.IMAGE, Modality.SPEECH))}


def filled(folder, n=60):
    """A generation of pictures, and of recordings with two windows each."""
    generations = Generations(folder)
    old = generations.create("v1", dim=OLD, attribute_types={})
    rows = []
    for i in range(n):
        if i % 3:
            rows.append(Row(item(i), Modality.IMAGE, "v1"))
        else:
            one = item(i, kind=Kind.SPEECH)
            rows += [Row(one, Modality.SPEECH, "v1", at, at + 1.0) for at in (0.0, 1.0)]
    vectors = units(len(rows), OLD, seed=3)
    old.add(rows, vectors)
    return generations, old, rows, vectors


def best_of_each(rows, vectors, query):
    """Item ids and cosines by a plain product, best first."""
    scores = vectors @ (query / np.linalg.norm(query))
    found = {}
    for place in np.argsort(-scores, kind="stable"):
        found.setdefault(rows[place].item.id, scores[place])
    return found


def test_a_search_finds_what_the_mapped_vectors_say(tmp_path):
    generations, old, rows, vectors = filled(tmp_path)
    new = generations.create("v2", dim=NEW, attribute_types={})
    told = []
    written = bridge_generation(
        old, new, BRIDGES, page_rows=16, progress=lambda *what: told.append(what)
    )
    assert written == len(rows) == new.count()
    assert told[-1] == ("mapping rows", len(rows), len(rows))
    mapped = np.concatenate(
        [BRIDGES[row.modality].map(one[None]) for row, one in zip(rows, vectors, strict=True)]
    )
    for query in units(5, NEW, seed=4):
        expected = best_of_each(rows, mapped, query)
        found = new.search(query, 100)
        assert {one.id for one in found} == expected.keys()
        assert all(one.version == "v1" for one in found)
        np.testing.assert_allclose([one.score for one in found], list(expected.values()), atol=1e-5)
        assert [expected[one.id] for one in found] == pytest.approx(
            list(expected.values()), abs=1e-5
        )


def test_a_large_generation_has_its_index_before_it_is_served(tmp_path):
    filled(tmp_path, n=400)
    generations = Generations(tmp_path, IndexSettings(exact_below=300))
    new = generations.create("v2", dim=NEW, attribute_types={})
    bridge_generation(generations.open("v1"), new, BRIDGES, page_rows=100)
    assert partitioned(StoredTable(tmp_path / "v2.lance", point="")) == Partitioned(1, 0)
    exact = Generations(tmp_path).open("v2")
    for query in units(5, NEW, seed=4):
        found, expected = new.search(query, 10), exact.search(query, 10)
        assert [one.id for one in found] == [one.id for one in expected]


KILLED = """
import sys
from pathlib import Path
from scrubjay.search.bridged import bridge_generation
from scrubjay.store.generations import Generations
from tests.search.test_bridged import BRIDGES

generations = Generations(Path(sys.argv[1]))
bridge_generation(generations.open("v1"), generations.open("v2"), BRIDGES, page_rows=16)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "place",
    ["bridge.before_page", "bridge.after_page", "generation.before_commit"],
)
def test_killed_beside_a_page_the_next_call_ends_as_an_undisturbed_one(tmp_path, place):
    generations, old, rows, _ = filled(tmp_path / "killed")
    generations.create("v2", dim=NEW, attribute_types={})
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "killed")],
        env={**os.environ, "SCRUBJAY_FAILPOINT": place, "PYTHONPATH": str(REPOSITORY)},
        cwd=REPOSITORY,
        capture_output=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == -9, done.stderr.decode()
    killed = generations.open("v2")
    held = killed.count()
    assert (0 < held < len(rows)) is (place == "bridge.after_page")
    assert bridge_generation(old, killed, BRIDGES, page_rows=16) == len(rows) - held
    undisturbed = generations.create("other", dim=NEW, attribute_types={}, version="v2")
    bridge_generation(old, undisturbed, BRIDGES)
    assert content(killed) == content(undisturbed)


def content(generation):
    rows = [row for page in generation.pages(1000) for row in page.rows.to_pylist()]
    return sorted(rows, key=lambda row: row["key"])


def test_a_bridge_from_another_version_writes_nothing(tmp_path):
    generations, _, _, _ = filled(tmp_path)
    other = generations.create("v0", dim=OLD, attribute_types={})
    other.add([Row(item(1), Modality.IMAGE, "v0")], units(1, OLD))
    new = generations.create("v2", dim=NEW, attribute_types={})
    with pytest.raises(WrongUse, match="rows of v0 cannot enter v2"):
        bridge_generation(other, new, BRIDGES)
    assert new.count() == 0


@pytest.mark.parametrize(("serving", "of"), [("v2", "v1"), ("v1", "v2")])
def test_a_query_is_never_compared_with_rows_in_another_versions_space(tmp_path, serving, of):
    generation = Generations(tmp_path).create(of, dim=4, attribute_types={})
    generation.add([Row(item(1), Modality.IMAGE, of)], units(1, 4))
    with pytest.raises(WrongUse, match=f"searched with version '{of}', not with '{serving}'"):
        Searcher(ColourEncoder(version=serving), generation, Champion(serving, of))
    asked = Searcher(ColourEncoder(version=of), generation, Champion(of, of))
    assert asked.search(Query(text="red")).hits


def test_a_video_is_carried_whole_or_left_to_whoever_embeds_it(tmp_path):
    generations, old, rows, _ = filled(tmp_path)
    new = generations.create("v2", dim=NEW, attribute_types={})
    made = film_rows(900, 6, np.random.default_rng(0))
    old.add(made, units(len(made), OLD, seed=8))
    assert bridge_generation(old, new, BRIDGES, page_rows=7) == len(rows)
    assert old.embedded().keys() - new.embedded().keys() == {film(900).id}
    every = BRIDGES | {Modality.TEXT: bridge(Modality.TEXT, 5)}
    assert bridge_generation(old, new, every, page_rows=7) == len(made)
    assert new.spans(film(900).id) == old.spans(film(900).id)
    assert new.mapped() == old.embedded().keys()

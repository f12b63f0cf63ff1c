"""Killed anywhere while Lance writes: nothing acknowledged is lost, nothing is half there."""

import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from scrubjay.core.config import IndexSettings
from scrubjay.media.layout import Problem
from scrubjay.store.catalog import Catalog
from scrubjay.store.generations import Generations
from scrubjay.store.quarantine import Quarantine
from tests.store.killing import REPOSITORY, killed, run
from tests.store.made import item, names_in, rows_of, sha, units

pytestmark = pytest.mark.slow

COMMITS = ["before_commit", "after_commit"]


def old_items():
    return [item(n, attributes={"price": n}) for n in range(10)]


def check_catalog(catalog):
    """Every item is wholly the old or wholly the new one."""
    old = {one.id: one for one in old_items()}
    for one in catalog.items():
        n = int(one.id[5:])
        new = item(n, attributes={"price": n + 0.5, "colour": "red"})
        assert one == new or one == old.get(one.id), one


@pytest.mark.parametrize("point", COMMITS)
@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_killed_at_every_commit_of_an_upsert_the_same_call_again_finishes(tmp_path, point, nth):
    """Four commits: new columns, the widened column, the dropped narrow one, the rows."""
    catalog = Catalog(tmp_path / "catalog.lance")
    catalog.upsert(old_items())
    assert killed("upsert", tmp_path, f"catalog.{point}", nth)
    check_catalog(Catalog(catalog.path))
    assert {one.id for one in Catalog(catalog.path).items()} >= {one.id for one in old_items()}
    assert run("upsert", tmp_path) == 0
    finished = Catalog(catalog.path)
    check_catalog(finished)
    assert finished.count() == 15
    assert finished.attribute_types() == {"price": "float64", "colour": "string"}
    assert sum(one.attributes.get("colour") == "red" for one in finished.items()) == 10


def test_an_upsert_has_no_fifth_commit(tmp_path):
    Catalog(tmp_path / "catalog.lance").upsert(old_items())
    assert not killed("upsert", tmp_path, "catalog.before_commit", 5)


@pytest.mark.parametrize("point", COMMITS)
@pytest.mark.parametrize("nth", [1, 2])
def test_killed_while_the_first_upsert_creates_the_catalog(tmp_path, point, nth):
    assert killed("upsert", tmp_path, f"catalog.{point}", nth)
    check_catalog(Catalog(tmp_path / "catalog.lance"))
    assert run("upsert", tmp_path) == 0
    assert Catalog(tmp_path / "catalog.lance").count() == 10


@pytest.mark.parametrize("point", COMMITS)
def test_killed_while_forgetting_the_item_is_there_or_gone(tmp_path, point):
    catalog = Catalog(tmp_path / "catalog.lance")
    catalog.upsert(old_items())
    assert killed("forget", tmp_path, f"catalog.{point}")
    assert catalog.count() == (10 if point == "before_commit" else 9)
    assert run("forget", tmp_path) == 0
    assert catalog.count() == 9


@pytest.mark.parametrize("point", COMMITS)
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_killed_at_every_commit_of_an_add_rows_are_old_or_new(tmp_path, point, nth):
    """Three commits: the widened column, the dropped narrow one, the rows."""
    made = Generations(tmp_path / "generations").create("v1", dim=8, attribute_types={})
    old, new = units(10, 8), units(10, 8, seed=1)
    made.add(rows_of(old_items()), old)
    assert killed("add_rows", tmp_path, f"generation.{point}", nth)
    opened = Generations(tmp_path / "generations").open("v1")
    done = point == "after_commit" and nth == 3
    present = opened.embedded()
    assert len(present) == opened.count() == (15 if done else 10)
    for n in range(5, 10):
        vector = new[n - 5] if done else old[n]
        assert opened.search(vector, 1)[0].id == item(n).id
        assert opened.search(vector, 1)[0].score == pytest.approx(1, abs=1e-6)
        assert present[item(n).id] == (sha(f"new {n}") if done else sha(n))
    assert run("add_rows", tmp_path) == 0
    again = Generations(tmp_path / "generations").open("v1")
    assert again.count() == 15
    assert [again.search(vector, 1)[0].id for vector in new] == [item(n).id for n in range(5, 15)]


@pytest.mark.parametrize("point", COMMITS)
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_killed_while_optimising_everything_is_still_found(tmp_path, point, nth):
    """Three commits: gathering small files, building the index, dropping the old one."""
    made = Generations(tmp_path / "generations").create("v1", dim=8, attribute_types={})
    vectors = units(400, 8)
    for first in range(0, 400, 10):
        items = [item(n) for n in range(first, first + 10)]
        made.add(rows_of(items), vectors[first : first + 10])
    assert killed("optimise", tmp_path, f"generation.{point}", nth)
    for _ in range(2):
        opened = Generations(tmp_path / "generations", IndexSettings(exact_below=300)).open("v1")
        assert opened.count() == 400
        for n in range(0, 400, 7):
            assert opened.search(vectors[n], 1)[0].id == item(n).id
        assert run("optimise", tmp_path) == 0


@pytest.mark.parametrize("side", ["before", "after"])
def test_killed_while_removing_a_generation_it_is_whole_or_gone(tmp_path, side):
    generations = Generations(tmp_path / "generations")
    generations.create("v1", dim=8, attribute_types={}).add(rows_of(old_items()), units(10, 8))
    assert killed("remove", tmp_path, f"generation.{side}_remove")
    if side == "before":
        assert generations.open("v1").count() == 10
    else:
        assert generations.names() == ()
        assert generations.create("v1", dim=8, attribute_types={}).count() == 0
    assert [one for one in names_in(tmp_path / "generations") if one.startswith(".trash")] == []


@pytest.mark.parametrize("point", COMMITS)
def test_killed_while_replacing_problems_the_old_or_the_new_are_noted(tmp_path, point):
    quarantine = Quarantine(tmp_path / "quarantine.lance")
    quarantine.replace("/root", [Problem("a", "old")], month="2026-11")
    assert killed("set_aside", tmp_path, f"quarantine.{point}")
    noted = [(one.path, one.reason) for one in quarantine.all()]
    assert noted == ([("a", "old")] if point == "before_commit" else [("b", "new")])
    assert run("set_aside", tmp_path) == 0
    assert [(one.path, one.reason) for one in quarantine.all()] == [("b", "new")]


def killed_after(scenario, home, seconds):
    """The last number the scenario acknowledged before it was killed at no particular place."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.store.scenarios", scenario, str(home), "1"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    first = process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read()
    process.wait()
    return int((first + rest).split()[-1])


def test_killed_at_any_moment_no_acknowledged_item_is_lost(tmp_path):
    draw = random.Random(3)
    for _ in range(8):
        acknowledged = killed_after("upsert_for_ever", tmp_path, draw.uniform(0.1, 0.8))
        catalog = Catalog(tmp_path / "catalog.lance")
        there = list(catalog.items())
        assert len(there) >= acknowledged
        assert there == [item(n, tags=("x",)) for n in range(len(there))]
        assert catalog.upsert(there).unchanged == len(there)


def test_killed_at_any_moment_no_acknowledged_row_is_lost(tmp_path):
    Generations(tmp_path / "generations").create("v1", dim=8, attribute_types={})
    draw = random.Random(4)
    for _ in range(8):
        acknowledged = killed_after("add_rows_for_ever", tmp_path, draw.uniform(0.1, 0.8))
        generation = Generations(tmp_path / "generations").open("v1")
        count = generation.count()
        assert count >= acknowledged
        assert count == len(generation.embedded())
        assert count % 20 == 0
        for first in range(0, count, 20):
            vectors = units(20, 8, seed=first)
            n = int(np.random.default_rng(first).integers(20))
            assert generation.search(vectors[n], 1)[0].id == item(first + n).id

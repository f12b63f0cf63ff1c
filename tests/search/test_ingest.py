"""Ingestion: only what is missing, resumable at any point, never half a recording."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scrubjay.core.types import Kind, Modality
from scrubjay.search.ingest import ingest
from scrubjay.store.index import Generations
from tests.search.conftest import ColourEncoder, Shelf

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def generation(tmp_path):
    return Generations(tmp_path / "generations").create(
        "g1", dim=4, attribute_types={}, version="v1"
    )


def run(shelf, generation, encoder, **options):
    return ingest(
        shelf.items,
        generation,
        encoder,
        read=shelf.read,
        **{"threads": 2, "batch_size": 4, **options},
    )


def fill(shelf, n=7):
    for i in range(n):
        shelf.picture(f"{i}.png", (20 * i, 0, 100), captions=(f"picture {i}",))
    shelf.recording("long.wav", 3.0)


def test_everything_is_written_once_and_a_second_call_writes_nothing(shelf, generation, colours):
    fill(shelf)
    done = run(shelf, generation, colours)
    assert (done.rows, done.items, done.skipped, done.problems) == (7 + 5, 8, {}, ())
    assert generation.count() == 12
    assert generation.embedded() == {item.id: item.sha256 for item in shelf.items}
    colours.batches.clear()
    shelf.reads.clear()
    again = run(shelf, generation, colours)
    assert (again.rows, again.items) == (0, 0)
    assert not colours.batches
    assert not shelf.reads
    assert generation.count() == 12


def test_only_what_is_new_is_embedded(shelf, generation, colours):
    fill(shelf)
    run(shelf, generation, colours)
    colours.batches.clear()
    shelf.picture("new.png", (5, 200, 5))
    assert run(shelf, generation, colours).rows == 1
    assert colours.batches == [(Modality.IMAGE, 1)]
    assert generation.count() == 13


def test_an_item_whose_bytes_changed_has_its_rows_replaced(shelf, generation, colours):
    fill(shelf)
    run(shelf, generation, colours)
    old = shelf.items.pop()
    shorter = shelf.recording("long.wav", 1.5, id=old.id)
    assert run(shelf, generation, colours).rows == 2
    assert generation.embedded()[old.id] == shorter.sha256
    assert generation.count() == 7 + 2


def test_new_captions_and_attributes_are_found_without_embedding_again(shelf, generation, colours):
    item = shelf.picture("a.png", (250, 0, 0), captions=("old words",))
    run(shelf, generation, colours)
    colours.batches.clear()
    shelf.items[:] = [dataclasses.replace(item, captions=("new words",), attributes={"price": 7})]
    done = run(shelf, generation, colours)
    assert (done.rows, done.described) == (0, 1)
    assert not colours.batches
    (asked,) = colours.encode(Modality.TEXT, ["red"])
    (found,) = generation.search(asked, 5, where="price = 7")
    assert found.caption == "new words"
    assert run(shelf, generation, colours).described == 0


def test_an_id_given_twice_is_written_once(shelf, generation, colours):
    item = shelf.picture("a.png", (1, 1, 1))
    shelf.items.append(dataclasses.replace(item, uris=(*item.uris, "/other/name.png")))
    assert run(shelf, generation, colours).rows == 1


def test_what_cannot_be_embedded_is_counted_by_reason_and_named(shelf, generation, colour_encoder):
    shelf.picture("a.png", (1, 1, 1))
    shelf.recording("a.wav", 0.5)
    shelf.recording("b.wav", 0.5, level=0.4)
    shelf.put("clip.mp4", b"film", Kind.VIDEO)
    broken = shelf.put("broken.png", b"x", Kind.IMAGE)
    done = run(shelf, generation, colour_encoder({Modality.IMAGE}))
    assert done.rows == 1
    assert done.skipped == {
        "the encoder has no speech tower": 2,
        "video is not searched": 1,
        "not a picture": 1,
    }
    assert [(one.path, one.reason) for one in done.problems] == [(broken.uri, "not a picture")]


def test_rows_are_written_in_large_batches(shelf, generation, colours):
    sizes = []

    class Counting:
        def __getattr__(self, name):
            return getattr(generation, name)

        def add(self, rows, vectors, **options):
            sizes.append(len(rows))
            return generation.add(rows, vectors, **options)

    for i in range(20):
        shelf.picture(f"{i}.png", (i, 0, 0))
    run(shelf, Counting(), colours, write_rows=8)
    assert sizes == [8, 8, 4]


KILLED = """
import sys
from pathlib import Path
from scrubjay.search.ingest import ingest
from scrubjay.store.index import Generations
from tests.search.conftest import ColourEncoder
from tests.search.test_ingest import collection

shelf = collection(Path(sys.argv[1]))
generation = Generations(Path(sys.argv[2])).open("g1")
ingest(shelf.items, generation, ColourEncoder(), read=shelf.read, threads=1, batch_size=3,
       write_rows=3)
"""


def collection(folder):
    """The same files and items in this process and in the one that is killed."""
    shelf = Shelf(folder)
    folder.mkdir(exist_ok=True)
    shelf.recording("long.wav", 4.0)
    for i in range(8):
        shelf.picture(f"{i}.png", (20 * i, 0, 100))
    return shelf


@pytest.mark.parametrize("place", ["ingest.before_add", "ingest.after_add"])
def test_killed_beside_a_write_it_holds_whole_items_and_the_next_call_finishes(tmp_path, place):
    generations = Generations(tmp_path / "generations")
    generations.create("g1", dim=4, attribute_types={}, version="v1")
    shelf = collection(tmp_path / "shelf")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(shelf.folder), str(tmp_path / "generations")],
        env={**os.environ, "SCRUBJAY_FAILPOINT": place},
        cwd=REPOSITORY,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == -9, done.stderr.decode()
    generation = generations.open("g1")
    held = generation.embedded()
    assert bool(held) is (place == "ingest.after_add")
    recording = shelf.items[0]
    windows = 7
    if held:
        assert list(held) == [recording.id]
        assert generation.count() == windows
    finished = run(shelf, generation, ColourEncoder())
    assert finished.items == len(shelf.items) - len(held)
    assert generation.count() == windows + 8
    assert generation.embedded() == {item.id: item.sha256 for item in shelf.items}

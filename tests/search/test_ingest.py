"""Ingestion: only what is missing, resumable at any point, never half a recording."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Kind, Modality
from scrubjay.search.bridge import Bridge, BridgeKind
from scrubjay.search.bridged import bridge_generation
from scrubjay.search.ingest import ingest
from scrubjay.store.generations import Generations
from scrubjay.store.index import Row
from tests.search.conftest import ColourEncoder, Shelf
from tests.search.test_bridged import content

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
    clip = shelf.put("clip.mp4", b"film", Kind.VIDEO)
    broken = shelf.put("broken.png", b"x", Kind.IMAGE)
    done = run(shelf, generation, colour_encoder({Modality.IMAGE}))
    assert done.rows == 1
    assert done.skipped == {
        "the encoder has no speech tower": 2,
        "videos are not read here": 1,
        "not a picture": 1,
    }
    assert [(one.path, one.reason) for one in done.problems] == [
        (clip.uri, "videos are not read here"),
        (broken.uri, "not a picture"),
    ]


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
from scrubjay.store.generations import Generations
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
        timeout=280,
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


class Turned(ColourEncoder):
    """The next version: the same meaning in a space whose axes are in another order."""

    def __init__(self, **options):
        super().__init__(**{"version": "v2", **options})

    def encode(self, modality, batch):
        return np.roll(super().encode(modality, batch), 1, axis=1)


def carried(shelf, tmp_path, *, offset=0.0):
    """What v1 embedded, mapped into v2's space; with an offset not quite right."""
    generations = Generations(tmp_path / "generations")
    old = generations.create("v1", dim=4, attribute_types={})
    run(shelf, old, ColourEncoder())
    new = generations.create("v2", dim=4, attribute_types={})
    matrix = np.roll(np.eye(4, dtype=np.float32), 1, axis=1)
    shift = np.full(4, offset, np.float32)
    bridges = {one: Bridge(one, "v1", "v2", BridgeKind.AFFINE, matrix, shift) for one in Modality}
    bridge_generation(old, new, bridges)
    return new


def test_mapped_rows_are_embedded_anew_and_then_are_what_a_new_generation_would_be(shelf, tmp_path):
    fill(shelf)
    new = carried(shelf, tmp_path, offset=0.3)
    assert (new.versions(), len(new.mapped())) == ({"v1": 12}, 8)
    done = run(shelf, new, Turned())
    assert (done.rows, done.items, done.upgraded, done.mapped) == (12, 8, 8, 0)
    assert new.versions() == {"v2": 12}
    fresh = Generations(tmp_path / "fresh").create("v2", dim=4, attribute_types={})
    run(shelf, fresh, Turned())
    assert content(new) == content(fresh)
    again = Turned()
    assert run(shelf, new, again).rows == 0
    assert not again.batches


def test_what_has_no_row_comes_first_then_the_newest_of_the_mapped_until_the_limit(shelf, tmp_path):
    for i in range(12):
        shelf.picture(f"{i}.png", (20 * i, 0, 100), month=f"2026-{1 + i // 4:02}")
    new = carried(shelf, tmp_path)
    unseen = shelf.picture("unseen.png", (0, 200, 0), month="2025-01")
    months = {one.id: one.month for one in shelf.items}
    done = run(shelf, new, Turned(), limit=4)
    assert (done.rows, done.upgraded, done.mapped) == (1 + 4, 4, 8)
    assert unseen.id in new.embedded()
    assert sorted({months[one] for one in new.mapped()}) == ["2026-01", "2026-02"]
    assert run(shelf, new, Turned(), limit=0).rows == 0
    assert run(shelf, new, Turned(), limit=5).mapped == 0  # two batches of four
    assert new.versions() == {"v2": 13}


def test_a_mapped_recording_is_replaced_by_the_windows_the_new_version_hears(shelf, tmp_path):
    shelf.recording("long.wav", 4.0)
    new = carried(shelf, tmp_path)
    assert new.count() == 7
    done = run(shelf, new, Turned(window_s=2.0))
    assert done.upgraded == 1
    assert new.versions() == {"v2": done.rows}
    assert done.rows < 7


def test_a_mapped_row_whose_file_is_gone_stays_found_and_holds_nobody_up(shelf, tmp_path):
    for i in range(6):
        shelf.picture(f"{i}.png", (20 * i, 0, 100), month="2026-01" if i < 4 else "2026-02")
    new = carried(shelf, tmp_path)
    lost = shelf.items[4:]
    for one in lost:
        Path(one.uri).unlink()
    done = run(shelf, new, Turned(), limit=4)
    assert done.upgraded == 4
    assert new.mapped() == {one.id for one in lost}
    assert {one.path for one in done.problems} == {one.uri for one in lost}
    assert new.embedded().keys() == {one.id for one in shelf.items}


KILLED_UPGRADING = """
import sys
from pathlib import Path
from scrubjay.search.ingest import ingest
from scrubjay.store.generations import Generations
from tests.search.test_ingest import Turned, collection

shelf = collection(Path(sys.argv[1]))
generation = Generations(Path(sys.argv[2])).open("v2")
ingest(shelf.items, generation, Turned(), read=shelf.read, threads=1, batch_size=3, write_rows=3)
"""


@pytest.mark.slow
@pytest.mark.parametrize("place", ["ingest.before_add", "ingest.after_add"])
def test_killed_while_embedding_anew_every_item_stays_found_and_the_next_call_finishes(
    tmp_path, place
):
    shelf = collection(tmp_path / "shelf")
    new = carried(shelf, tmp_path, offset=0.2)
    done = subprocess.run(
        [sys.executable, "-c", KILLED_UPGRADING, str(shelf.folder), str(tmp_path / "generations")],
        env={**os.environ, "SCRUBJAY_FAILPOINT": place},
        cwd=REPOSITORY,
        capture_output=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == -9, done.stderr.decode()
    waiting = len(new.mapped())
    assert (waiting < len(shelf.items)) is (place == "ingest.after_add")
    assert new.embedded() == {item.id: item.sha256 for item in shelf.items}
    assert run(shelf, new, Turned()).upgraded == waiting
    fresh = Generations(tmp_path / "fresh").create("v2", dim=4, attribute_types={})
    run(shelf, fresh, Turned())
    assert content(new) == content(fresh)


def test_what_others_change_and_forget_while_rows_are_embedded_anew_stays_so(shelf, tmp_path):
    for i in range(4):
        shelf.picture(f"{i}.png", (60 * i, 0, 100), captions=("before",))
    new = carried(shelf, tmp_path)
    untouched, renamed, changed, forgotten = shelf.items
    newer = dataclasses.replace(changed, sha256="f" * 64)
    catalog = {
        untouched.id: untouched,
        renamed.id: dataclasses.replace(renamed, captions=("after",)),
        changed.id: newer,
    }

    class Meanwhile(Turned):
        def encode(self, modality, batch):
            rows = [Row(newer, Modality.IMAGE, "v2")]
            new.add(rows, super().encode(Modality.TEXT, ["green"]))
            new.describe([catalog[renamed.id]])
            new.delete([forgotten.id])
            return super().encode(modality, batch)

    def current(ids):
        return [catalog[one] for one in ids if one in catalog]

    done = run(shelf, new, Meanwhile(), current=current)
    assert (done.upgraded, done.mapped) == (2, 0)
    assert done.skipped == {"changed or forgotten while it was embedded": 2}
    assert new.embedded() == {
        untouched.id: untouched.sha256,
        renamed.id: renamed.sha256,
        changed.id: newer.sha256,
    }
    rows = {row["id"]: row for row in content(new)}
    assert rows[renamed.id]["captions"] == ["after"]
    assert rows[changed.id]["vector"] == pytest.approx(
        Turned().encode(Modality.TEXT, ["green"])[0].tolist()
    )


def test_an_encoder_of_another_version_cannot_fill_a_generation(shelf, generation, tmp_path):
    shelf.picture("a.png", (1, 1, 1))
    with pytest.raises(WrongUse, match="generation 'g1' is searched with 'v1'"):
        run(shelf, generation, Turned())
    assert generation.count() == 0

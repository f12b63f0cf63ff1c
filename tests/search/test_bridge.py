"""A bridge maps to unit rows, and its file is whole or not there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.core.errors import Conflict, Damaged, NotReady, WrongUse
from scrubjay.core.types import Modality
from scrubjay.search.bridge import Bridge, BridgeKind, load_bridge


def made(old=6, new=4, seed=0, kind=BridgeKind.AFFINE):
    rng = np.random.default_rng(seed)
    return Bridge(
        Modality.IMAGE,
        "2026-10-aaaaaaa",
        "2026-11-bbbbbbb",
        kind,
        rng.standard_normal((old, new)).astype(np.float32),
        rng.standard_normal(new).astype(np.float32),
    )


def unit(rng, n, dim):
    rows = rng.standard_normal((n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@settings(max_examples=50, deadline=None)
@given(
    n=st.integers(0, 40), old=st.integers(1, 24), new=st.integers(1, 24), seed=st.integers(0, 999)
)
def test_mapped_rows_are_finite_unit_float32_and_each_its_own(n, old, new, seed):
    bridge, rows = made(old, new, seed), unit(np.random.default_rng(seed), n, old)
    mapped = bridge.map(rows)
    assert mapped.shape == (n, new)
    assert mapped.dtype == np.float32
    assert np.allclose(np.linalg.norm(mapped, axis=1), 1, atol=1e-5)
    assert np.array_equal(mapped, bridge.map(rows))
    for i in range(min(n, 3)):
        naive = rows[i].astype(float) @ bridge.matrix + bridge.offset
        assert np.allclose(mapped[i], naive / np.linalg.norm(naive), atol=1e-4)


def test_the_given_rows_are_left_as_they_are():
    bridge = Bridge(
        Modality.TEXT, "a", "b", BridgeKind.NONE, np.eye(5, dtype=np.float32), np.zeros(5, "f4")
    )
    rows = 2 * unit(np.random.default_rng(0), 7, 5)
    before = rows.copy()
    assert np.allclose(bridge.map(rows), before / 2)
    assert np.array_equal(rows, before)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.ones((3, 5), "f4"), "takes rows of 6 numbers"),
        (np.ones(6, "f4"), "takes rows of 6 numbers"),
        (np.array([[1] * 6, [np.nan] * 6], "f4"), "row 1 cannot be mapped"),
        (np.array([[np.inf] * 6], "f4"), "row 0 cannot be mapped"),
    ],
)
def test_rows_that_cannot_be_mapped_are_named(rows, message):
    with pytest.raises(WrongUse, match=message):
        made().map(rows)


def test_a_row_of_which_nothing_is_left_is_named():
    flat = Bridge(
        Modality.IMAGE, "a", "b", BridgeKind.PROCRUSTES, np.eye(3, 2, dtype="f4"), np.zeros(2, "f4")
    )
    with pytest.raises(WrongUse, match="nothing of it is left"):
        flat.map(np.array([[0, 0, 1]], "f4"))


@pytest.mark.parametrize(
    ("matrix", "offset"),
    [
        (np.ones((3, 2), "f4"), np.zeros(3, "f4")),
        (np.ones(3, "f4"), np.zeros(3, "f4")),
        (np.ones((3, 2)), np.zeros(2, "f4")),
        (np.full((3, 2), np.nan, "f4"), np.zeros(2, "f4")),
    ],
)
def test_a_matrix_that_is_no_bridge_is_refused(matrix, offset):
    with pytest.raises(WrongUse, match="bridge"):
        Bridge(Modality.IMAGE, "a", "b", BridgeKind.AFFINE, matrix, offset)


def test_a_saved_bridge_comes_back_the_same(tmp_path):
    bridge = made()
    bridge.save(tmp_path / "image.npz")
    back = load_bridge(tmp_path / "image.npz")
    assert np.array_equal(back.matrix, bridge.matrix)
    assert np.array_equal(back.offset, bridge.offset)
    for name in ("modality", "source", "target", "kind"):
        assert getattr(back, name) == getattr(bridge, name)


def test_saving_again_is_nothing_new_and_another_bridge_is_a_conflict(tmp_path):
    path = tmp_path / "image.npz"
    made().save(path)
    before = path.read_bytes()
    made().save(path)
    with pytest.raises(Conflict, match="another bridge"):
        made(seed=1).save(path)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["image.npz"]


SAVE = """
import sys
from pathlib import Path
from tests.search.test_bridge import made
made().save(Path(sys.argv[1]))
"""


@pytest.mark.parametrize(
    ("place", "there"), [("bridge.before_create", False), ("bridge.after_create", True)]
)
def test_killed_beside_the_write_the_file_is_whole_or_not_there(tmp_path, place, there):
    path = tmp_path / "image.npz"
    done = subprocess.run(
        [sys.executable, "-c", SAVE, str(path)],
        env={**os.environ, "SCRUBJAY_FAILPOINT": place},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert path.exists() is there
    made().save(path)
    assert np.array_equal(load_bridge(path).matrix, made().matrix)


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(NotReady, match="learn it first"):
        load_bridge(tmp_path / "none.npz")


def test_every_cut_and_flipped_file_is_damaged_or_refused(tmp_path):
    path = tmp_path / "image.npz"
    made().save(path)
    data = path.read_bytes()
    path.write_bytes(b"")
    with pytest.raises(Damaged):
        load_bridge(path)
    for cut in range(1, len(data), 37):
        path.write_bytes(data[:cut])
        with pytest.raises(Damaged):
            load_bridge(path)
    middle = data.index(made().matrix.tobytes()) + 5
    path.write_bytes(data[:middle] + bytes([data[middle] ^ 255]) + data[middle + 1 :])
    with pytest.raises(Damaged, match="is no bridge"):
        load_bridge(path)


def test_pickles_and_foreign_arrays_are_never_loaded(tmp_path):
    path = tmp_path / "image.npz"
    good = {"matrix": made().matrix, "offset": made().offset}
    for wrong in [
        {**good, "about": np.array([{"kind": "none"}], object)},
        {**good, "about": np.frombuffer(b"[]", np.uint8)},
        {**good, "about": np.frombuffer(b'{"modality": "smell"}', np.uint8)},
        good,
    ]:
        with path.open("wb") as file:
            np.savez(file, **wrong)
        with pytest.raises(Damaged, match="learn it anew"):
            load_bridge(path)
    with path.open("wb") as file:
        np.save(file, made().matrix)
    with pytest.raises(Damaged):
        load_bridge(path)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("matrix", b"no array")
    with pytest.raises(Damaged):
        load_bridge(path)

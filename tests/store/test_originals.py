"""The file behind an item: exactly its bytes, wherever one of its names still leads to them."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from scrubjay.core.errors import BadMedia
from scrubjay.store.media import MediaStore
from scrubjay.store.originals import Originals
from tests.store.made import item

DATA = b"some bytes"


@pytest.fixture
def originals(tmp_path):
    return Originals(MediaStore(tmp_path / "media"))


def named(*uris):
    sha256 = hashlib.sha256(DATA).hexdigest()
    return dataclasses.replace(item(1), sha256=sha256, uris=tuple(map(str, uris)))


def test_the_first_name_that_holds_the_bytes_is_taken(originals, tmp_path):
    gone, changed, there = (tmp_path / name for name in ("gone", "changed", "there"))
    changed.write_bytes(b"other bytes")
    there.write_bytes(DATA)
    mine = named(gone, "s3://bucket/key", tmp_path, changed, f"file://{there}")
    assert originals.path(mine) == there


def test_what_the_home_keeps_comes_first(originals, tmp_path):
    kept = MediaStore(tmp_path / "media").put(DATA)
    assert originals.path(named("/nowhere")) == tmp_path / "media" / kept


@pytest.mark.parametrize("size", ["same", "other"])
def test_a_file_that_changed_is_told_though_it_was_right_before(originals, tmp_path, size):
    path = tmp_path / "file"
    path.write_bytes(DATA)
    os.utime(path, ns=(1, 1))
    assert originals.path(named(path)) == path
    path.write_bytes(DATA[::-1] if size == "same" else b"more than before")
    with pytest.raises(BadMedia, match="changed since it was added"):
        originals.path(named(path))
    path.unlink()
    with pytest.raises(BadMedia, match="gone"):
        originals.path(named(path))


def test_a_file_is_read_once_while_it_stays_as_it_is(originals, tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(DATA)
    mine = named(path)
    assert originals.path(mine) == path
    monkeypatch.delattr("scrubjay.store.originals.hashlib.sha256")
    assert originals.path(mine) == path


def test_a_pipe_is_no_file_and_nobody_waits_for_it(originals, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadMedia):
        originals.path(named(tmp_path / "pipe"))


def test_several_who_ask_for_a_large_file_have_it_read_once(originals, tmp_path, monkeypatch):
    monkeypatch.setattr("scrubjay.store.originals.LARGE", 1)
    path = tmp_path / "film"
    path.write_bytes(DATA)
    reads = []
    plain = hashlib.sha256

    def counted(*data):
        reads.append(1)
        time.sleep(0.1)
        return plain(*data)

    mine = named(path)
    monkeypatch.setattr("scrubjay.store.originals.hashlib.sha256", counted)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: originals.path(mine), range(4)))
    assert found == [path] * 4
    assert len(reads) == 1


def test_where_an_items_bytes_may_be_is_told_without_a_look(originals, tmp_path):
    mine = named("s3://bucket/key", tmp_path / "gone", "upload://x/y")
    assert list(originals.candidates(mine)) == [tmp_path / "gone"]
    kept = MediaStore(tmp_path / "media").put(DATA)
    assert next(originals.candidates(mine)) == tmp_path / "media" / kept

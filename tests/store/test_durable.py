import errno
import multiprocessing
import os
import threading
import time

import pytest

from scrubjay.core.errors import Conflict
from scrubjay.store.durable import (
    create_durably,
    fsync_tree,
    locked,
    make_folder,
    remove_folder,
    rename_folder,
    sweep_aside,
    write_durably,
)
from tests.store.killing import failpoints_in_source, killed
from tests.store.made import names_in

NEW = b"new" * 1000


def test_a_written_file_holds_the_bytes_and_nothing_is_left_aside(tmp_path):
    write_durably(tmp_path / "a.json", b"one")
    write_durably(tmp_path / "a.json", b"two")
    assert (tmp_path / "a.json").read_bytes() == b"two"
    assert names_in(tmp_path) == ["a.json"]


def test_readers_see_old_or_new_bytes_and_never_a_mixture(tmp_path):
    path = tmp_path / "pointer"
    contents = [bytes([n]) * 50_000 for n in range(2)]
    write_durably(path, contents[0])
    seen, stop = set(), threading.Event()

    def read():
        while not stop.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for n in range(100):
        write_durably(path, contents[n % 2])
    stop.set()
    reader.join()
    assert seen <= set(contents)


def test_a_created_file_is_never_overwritten(tmp_path):
    assert create_durably(tmp_path / "a", b"first")
    assert not create_durably(tmp_path / "a", b"second")
    assert (tmp_path / "a").read_bytes() == b"first"


def _create(path, barrier, results, n):
    barrier.wait()
    results.put((n, create_durably(path, b"%d" % n)))


def test_of_many_creators_exactly_one_wins(tmp_path):
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(4), context.Queue()
    arguments = [(tmp_path / "a", barrier, results, n) for n in range(4)]
    workers = [context.Process(target=_create, args=one) for one in arguments]
    for worker in workers:
        worker.start()
    outcomes = dict(results.get(timeout=120) for _ in workers)
    for worker in workers:
        worker.join()
    winners = [n for n, won in outcomes.items() if won]
    assert len(winners) == 1
    assert (tmp_path / "a").read_bytes() == b"%d" % winners[0]


def test_where_there_are_no_hard_links_files_are_still_created_once(tmp_path, monkeypatch):
    def no_links(*_):
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", no_links)
    assert create_durably(tmp_path / "a", b"first")
    assert not create_durably(tmp_path / "a", b"second")
    assert (tmp_path / "a").read_bytes() == b"first"
    assert names_in(tmp_path) == ["a"]


def test_everything_is_flushed_before_it_gets_its_name(tmp_path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, os.replace

    def spy_fsync(descriptor):
        calls.append(("fsync", os.path.realpath(f"/proc/self/fd/{descriptor}")))
        fsync(descriptor)

    def spy_replace(source, target, **_):
        calls.append(("replace", str(target)))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", spy_fsync)
    monkeypatch.setattr(os, "replace", spy_replace)
    write_durably(tmp_path / "a", b"x")
    kinds = [kind for kind, _ in calls]
    assert kinds == ["fsync", "replace", "fsync"]
    assert calls[0][1].endswith(".part")
    assert calls[2][1] == str(tmp_path)


def test_a_tree_is_flushed_file_by_file_before_the_folder_is_renamed(tmp_path, monkeypatch):
    staging = tmp_path / "staging"
    (staging / "deep").mkdir(parents=True)
    for name in ("a", "deep/b"):
        (staging / name).write_bytes(b"x")
    flushed, fsync = [], os.fsync

    def spy(descriptor):
        flushed.append(os.path.realpath(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", spy)
    rename_folder(staging, tmp_path / "final", point="durable")
    assert flushed == [
        *(str(staging / name) for name in ("deep/b", "deep", "a")),
        str(staging),
        str(tmp_path),
    ]
    assert (tmp_path / "final" / "deep" / "b").exists()


def test_a_folder_is_never_renamed_over_another(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with pytest.raises(FileExistsError):
        rename_folder(tmp_path / "one", tmp_path / "two", point="durable")


def test_flushing_a_tree_passes_over_what_is_removed_meanwhile(tmp_path, monkeypatch):
    (tmp_path / "gone").write_bytes(b"x")
    walk = os.walk

    def walk_then_remove(*arguments, **options):
        for one in walk(*arguments, **options):
            (tmp_path / "gone").unlink()
            yield one

    monkeypatch.setattr(os, "walk", walk_then_remove)
    fsync_tree(tmp_path)


def test_a_lock_keeps_others_out_and_says_who_waits_for_what(tmp_path):
    path = tmp_path / "deep" / "lock"
    with (
        locked(path, "writing the catalog"),
        pytest.raises(Conflict, match="writing the catalog"),
        locked(path, "writing the catalog", wait_s=0.1),
    ):
        pass
    with locked(path, "writing the catalog", wait_s=0.1):
        pass


def _hold(path, held):
    with locked(path, "holding"):
        held.set()
        time.sleep(60)


def test_a_killed_holder_frees_the_lock(tmp_path):
    context = multiprocessing.get_context("fork")
    held = context.Event()
    holder = context.Process(target=_hold, args=(tmp_path / "lock", held))
    holder.start()
    assert held.wait(60)
    holder.kill()
    holder.join()
    with locked(tmp_path / "lock", "going on", wait_s=60):
        pass


def test_missing_parents_are_made_and_existing_ones_left(tmp_path):
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_removed_folder_is_gone_with_all_in_it(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    remove_folder(tmp_path / "a", point="durable")
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("side", ["before", "after"])
def test_killed_while_replacing_the_old_or_the_new_bytes_are_there(tmp_path, side):
    (tmp_path / "file").write_bytes(b"old")
    assert killed("replace_a_file", tmp_path, f"durable.{side}_replace")
    assert (tmp_path / "file").read_bytes() == (b"old" if side == "before" else NEW)
    sweep_aside(tmp_path)
    assert names_in(tmp_path) == ["file"]


@pytest.mark.parametrize("side", ["before", "after"])
def test_killed_while_creating_the_file_is_whole_or_absent(tmp_path, side):
    assert killed("create_a_file", tmp_path, f"durable.{side}_create")
    assert (tmp_path / "file").exists() == (side == "after")
    assert create_durably(tmp_path / "file", NEW) == (side == "before")
    assert (tmp_path / "file").read_bytes() == NEW
    sweep_aside(tmp_path)
    assert names_in(tmp_path) == ["file"]


def test_the_kill_tests_know_every_failpoint_of_the_store():
    points, suffixes, written = failpoints_in_source()
    assert points == {
        "durable", "snapshot", "registry", "champion", "catalog", "generation", "quarantine",
        "lease", "pull", "held", "served", "media", "look", "source", "upload", "gleaning",
        "feedback",
    }  # fmt: skip
    assert suffixes == {
        f".{side}_{step}"
        for side in ("before", "after")
        for step in ("replace", "create", "rename", "remove", "commit")
    }
    assert written == {
        f"{what}_{step}"
        for side in ("before", "after")
        for what, steps in (
            (f"registry.{side}", ("build", "put", "reveal")),
            (f"upload.{side}", ("finish",)),
        )
        for step in steps
    }

"""What models found is kept by content and model, bounded, and gone when it is to be forgotten."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from scrubjay.store import gleanings
from scrubjay.store.gleanings import Gleanings
from tests.store.killing import REPOSITORY

A, B = "a" * 64, "b" * 64


@pytest.fixture
def kept(tmp_path):
    return Gleanings(tmp_path / "gleanings")


def test_what_is_kept_is_found_by_content_kind_and_model(kept):
    assert kept.get(A, "reading", "one") is None
    assert kept.put(A, "reading", "one", {"text": "EXIT \udc80 ü"})
    assert kept.get(A, "reading", "one")["text"].startswith("EXIT")
    assert kept.get(B, "reading", "one") is None
    assert kept.get(A, "caption", "one") is None
    assert kept.get(A, "reading", "two") is None
    assert kept.put(A, "reading", "one", {"text": "anew"})
    assert kept.get(A, "reading", "one") == {"text": "anew"}


def test_nothing_is_created_before_something_is_kept(kept):
    kept.get(A, "reading", "one")
    kept.remove([A])
    assert not kept.folder.exists()


def test_removing_counts_the_files_and_leaves_the_others(kept):
    for what in ("reading", "caption"):
        kept.put(A, what, "one", {"text": what})
    kept.put(B, "reading", "one", {"text": "b"})
    assert kept.remove([A, "c" * 64, "../b"]) == 2
    assert not (kept.folder / A).exists()
    assert kept.get(B, "reading", "one") == {"text": "b"}


@pytest.mark.parametrize("written", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 200_000])
def test_what_somebody_else_wrote_there_is_as_nothing(kept, written):
    kept.put(A, "reading", "one", {"text": "x"})
    (kept.folder / A / "reading-one.json").write_bytes(written)
    assert kept.get(A, "reading", "one") is None


@pytest.mark.parametrize("name", ["../../etc", "A" * 64, "a" * 63, ""])
def test_a_name_that_is_no_hash_reaches_no_file(kept, name):
    with pytest.raises(ValueError, match="name nothing"):
        kept.put(name, "reading", "one", {})
    with pytest.raises(ValueError, match="name nothing"):
        kept.get(A, "../reading", "one")


def test_a_fingerprint_never_leaves_the_folder(kept):
    kept.put(A, "reading", "../../x/y", {"text": "x"})
    assert [path.name for path in (kept.folder / A).iterdir()] == ["reading-xy.json"]


def test_what_is_too_large_is_not_kept(kept, monkeypatch):
    monkeypatch.setattr(gleanings, "MOST_BYTES", 100)
    assert not kept.put(A, "reading", "one", {"text": "x" * 101})
    assert kept.get(A, "reading", "one") is None


def test_beyond_the_bound_those_untouched_for_longest_go(tmp_path):
    kept = Gleanings(tmp_path / "gleanings", most_items=10, look_every=1)
    for n in range(11):
        sha256 = f"{n:064x}"
        kept.put(sha256, "reading", "one", {"n": n})
        os.utime(kept.folder / sha256, (n, n))
        assert len(list(kept.folder.iterdir())) <= 10
    kept.put("f" * 64, "reading", "one", {"n": 99})
    left = {path.name for path in kept.folder.iterdir()}
    assert "f" * 64 in left
    assert f"{0:064x}" not in left
    assert f"{1:064x}" not in left


def test_keeping_while_somebody_forgets_ends_well(kept):
    problems = []

    def keep():
        try:
            for n in range(20):
                kept.put(A, "reading", f"model{n}", {"n": n})
        except Exception as error:  # noqa: BLE001
            problems.append(error)

    threads = [threading.Thread(target=keep) for _ in range(2)]
    for one in threads:
        one.start()
    while any(one.is_alive() for one in threads):
        kept.remove([A])
        time.sleep(0.002)
    assert problems == []
    kept.remove([A])
    assert kept.get(A, "reading", "model19") is None


@pytest.mark.slow
@pytest.mark.parametrize("point", ["gleaning.before_replace", "gleaning.after_replace"])
def test_killed_at_a_write_the_old_or_the_new_is_there_and_it_can_be_written_again(kept, point):
    kept.put(A, "reading", "one", {"text": "old"})
    program = (
        "from pathlib import Path; from scrubjay.store.gleanings import Gleanings; import sys; "
        "Gleanings(Path(sys.argv[1])).put('a' * 64, 'reading', 'one', {'text': 'new'})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(kept.folder)],
        cwd=REPOSITORY,
        env={**os.environ, "SCRUBJAY_FAILPOINT": point},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    expected = "old" if point.endswith("before_replace") else "new"
    assert kept.get(A, "reading", "one") == {"text": expected}
    assert kept.put(A, "reading", "one", {"text": "again"})
    assert kept.get(A, "reading", "one") == {"text": "again"}
    assert kept.remove([A]) == 1
    assert not (kept.folder / A).exists(), "what the killed one left is gone, too"

from __future__ import annotations

import pytest

from scrubjay.ask.comparing.apart import do_apart
from tests.ask.comparing.tasks import Counting


def apart(task, indexes=(0, 1, 2), warm=(), limit_s=60.0):
    done, opened = {}, []
    visit = do_apart(
        task,
        indexes,
        warm=warm,
        limit_s=limit_s,
        on_opened=opened.append,
        on_done=lambda index, result: done.__setitem__(index, result),
    )
    return visit, done, opened


def test_every_piece_is_done_and_told_of_but_not_those_that_warm(tmp_path):
    visit, done, opened = apart(Counting(tmp_path / "log"), warm=(0, 1))
    assert visit.failure is None
    assert {at: one["text"] for at, one in done.items()} == {0: "0", 1: "1", 2: "2"}
    assert (tmp_path / "log").read_text().split() == ["0", "1", "0", "1", "2"]
    assert visit.about["family"] == "counting"
    assert opened == [visit]
    assert visit.load_s > 0


def test_a_model_that_is_not_there_is_told_in_its_own_words(tmp_path):
    visit, done, opened = apart(Counting(tmp_path / "log", missing=True))
    assert visit.failure == "the model is not on this machine"
    assert (done, opened) == ({}, [])


def test_a_library_that_breaks_is_told_by_its_first_line(tmp_path):
    visit, _, _ = apart(Counting(tmp_path / "log", breaks=True))
    assert visit.failure == "RuntimeError: out of memory"


def test_a_process_that_is_killed_leaves_what_it_did(tmp_path):
    visit, done, _ = apart(Counting(tmp_path / "log", dies_at=2))
    assert "SIGKILL" in visit.failure
    assert "too little memory" in visit.failure
    assert sorted(done) == [0, 1]


def test_one_that_hangs_is_ended(tmp_path):
    visit, done, _ = apart(Counting(tmp_path / "log", hangs_at=1), limit_s=5.0)
    assert visit.failure == "it said nothing for 5 s and was ended"
    assert sorted(done) == [0]


def test_a_piece_that_fails_does_not_stop_the_others_but_nothing_is_tried_for_ever(tmp_path):
    visit, done, _ = apart(Counting(tmp_path / "log", fails=frozenset({1})), range(4))
    assert visit.failure is None
    assert done[1] == {"error": "the server has gone"}
    assert done[3]["text"] == "3"
    visit, done, _ = apart(Counting(tmp_path / "log", fails=frozenset(range(9))), range(9))
    assert visit.failure == "the server has gone"
    assert sorted(done) == [0, 1, 2]


def test_memory_is_the_childs_own(tmp_path):
    mine = b"x" * (400 << 20)
    small, _, _ = apart(Counting(tmp_path / "log"))
    large, _, _ = apart(Counting(tmp_path / "log", megabytes=150))
    assert len(mine) > small.peak_bytes  # what this process holds does not count
    assert large.peak_bytes - small.peak_bytes > 100 << 20


def test_what_libraries_print_stays_off_standard_output(tmp_path, capfd: pytest.CaptureFixture):
    apart(Counting(tmp_path / "log", prints=True), (0,))
    out, err = capfd.readouterr()
    assert out == ""
    assert "hello" in err

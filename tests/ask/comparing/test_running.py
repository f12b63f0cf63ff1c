from __future__ import annotations

import json

import pytest

from scrubjay.ask.comparing.running import Job, Measuring, measure
from scrubjay.core.errors import BadConfig
from tests.ask.comparing.tasks import Counting

PLAIN = Measuring(warmup=0)


def job(folder, name="a", n=3, **told):
    return Job(name, Counting(folder / f"{name}.log", **told), folder / f"{name}.jsonl", n)


def did(folder, name="a"):
    path = folder / f"{name}.log"
    return [int(one) for one in path.read_text().split()] if path.exists() else []


def test_what_was_done_is_not_done_again(tmp_path):
    measure([job(tmp_path)], PLAIN)
    again = measure([job(tmp_path)], PLAIN)["a"]
    assert did(tmp_path) == [0, 1, 2]
    assert again.reused == 3
    assert [again.results[0][at]["text"] for at in range(3)] == ["0", "1", "2"]
    assert again.largest("peak_bytes") > 1 << 20


def test_fresh_does_all_again(tmp_path):
    measure([job(tmp_path)], PLAIN)
    assert measure([job(tmp_path)], Measuring(warmup=0, fresh=True))["a"].reused == 0
    assert did(tmp_path) == [0, 1, 2, 0, 1, 2]


def test_after_a_death_only_the_rest_is_done(tmp_path):
    failed = measure([job(tmp_path, dies_at=2)], PLAIN)["a"]
    assert "SIGKILL" in failed.failure
    finished = measure([job(tmp_path)], PLAIN)["a"]
    assert finished.failure is None
    assert sorted(finished.results[0]) == [0, 1, 2]
    assert did(tmp_path) == [0, 1, 2, 2]


def test_a_line_that_was_cut_is_done_again(tmp_path):
    measure([job(tmp_path)], PLAIN)
    path = tmp_path / "a.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]) + lines[3][:20])
    outcome = measure([job(tmp_path)], PLAIN)["a"]
    assert sorted(outcome.results[0]) == [0, 1, 2]
    assert did(tmp_path) == [0, 1, 2, 2]
    assert all(json.loads(line) for line in path.read_text().splitlines())


def test_what_failed_is_tried_again_the_next_time(tmp_path):
    first = measure([job(tmp_path, fails=frozenset({1}))], PLAIN)["a"]
    assert first.results[0][1] == {"error": "the server has gone"}
    assert measure([job(tmp_path)], PLAIN)["a"].results[0][1]["text"] == "1"
    assert did(tmp_path) == [0, 1, 2, 1]


def test_another_model_under_the_same_name_is_asked_everything(tmp_path):
    measure([job(tmp_path, n=2)], PLAIN)
    outcome = measure([job(tmp_path, n=3, fingerprint="two")], PLAIN)["a"]
    assert sorted(outcome.results[0]) == [0, 1, 2]
    assert did(tmp_path) == [0, 1, 2, 0, 1]


def test_one_that_fails_says_why_and_the_others_go_on(tmp_path):
    found = measure([job(tmp_path, "a", missing=True), job(tmp_path, "b")], PLAIN)
    assert found["a"].failure == "the model is not on this machine"
    assert found["b"].failure is None
    assert len(found["b"].results[0]) == 3


def test_rounds_go_forth_and_back(tmp_path):
    told = []
    found = measure(
        [job(tmp_path, "a", 1), job(tmp_path, "b", 1)],
        Measuring(warmup=1, rounds=3),
        progress=lambda what, *_: told.append(what),
    )
    names = [what.split()[1].strip(",") for what in dict.fromkeys(told)]
    assert names == ["a", "b", "b", "a", "a", "b"]
    assert [len(one) for one in found["a"].results] == [1, 1, 1]
    assert did(tmp_path) == [0] * 6  # each visit warms


def test_needless_work_is_left_out(tmp_path):
    found = measure(
        [job(tmp_path, "a"), job(tmp_path, "b")], PLAIN, needless=lambda one, _: one.name == "a"
    )
    assert list(found) == ["b"]


@pytest.mark.parametrize("wrong", [{"warmup": -1}, {"rounds": 0}, {"limit_s": 0}, {"rounds": True}])
def test_measuring_that_cannot_be_is_refused(wrong):
    with pytest.raises(BadConfig, match=next(iter(wrong))):
        Measuring(**wrong)

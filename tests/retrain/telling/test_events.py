"""The log of a run: whole lines, whoever writes them, and nothing secret in them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrubjay.core.errors import NotReady, UnknownName
from scrubjay.retrain.telling.events import LONGEST, EventLog, plain


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_line_says_when_which_run_step_and_item(tmp_path: Path) -> None:
    with EventLog("run-1", tmp_path / "deep" / "log.jsonl") as log:
        log.say("set aside", step="validate", item="00ff", level="warning", reason="half a picture")
        log.say("step done")
    first, second = lines(tmp_path / "deep" / "log.jsonl")
    at = datetime.fromisoformat(first.pop("at"))
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
    assert first == {
        "run": "run-1",
        "level": "warning",
        "event": "set aside",
        "step": "validate",
        "item": "00ff",
        "reason": "half a picture",
    }
    assert list(second) == ["at", "run", "level", "event"]


def test_no_field_passes_for_what_the_log_itself_says(tmp_path: Path) -> None:
    with EventLog("run-1", tmp_path / "log") as log:
        log.say("e", run="other", at="never")
    (line,) = lines(tmp_path / "log")
    assert line["run"] == "run-1"
    assert line["at"] != "never"


def test_no_secret_is_written_or_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI")
    shown: list[str] = []
    with EventLog("r", tmp_path / "log", shown.append, secrets=["T0K3N/part"]) as log:
        log.say(
            "asked wJalrXUtnFEMI",
            step="scan",
            item="T0K3N/part",
            why="https://me:pw-of-me@host/?X-Amz-Signature=abcdef",
            deep=[{"password": "in the clear"}],
            key_of_mapping={"wJalrXUtnFEMI": 1},
        )
    said = (tmp_path / "log").read_text() + "\n".join(shown)
    for secret in ("wJalrXUtnFEMI", "T0K3N", "pw-of-me", "abcdef", "in the clear"):
        assert secret not in said
    assert len(shown) == 1


def test_a_person_reads_one_plain_line_and_no_details_of_debugging(tmp_path: Path) -> None:
    shown: list[str] = []
    with EventLog("r", tmp_path / "log", shown.append) as log:
        log.say("looked", level="debug")
        log.say("epoch ended", step="fit", epoch=3, loss=0.41234567)
        log.say("set aside", level="warning", item="00ff", reason="two\nlines")
    assert len(lines(tmp_path / "log")) == 3
    first, second = shown
    assert first[9:] == "fit: epoch ended, epoch 3, loss 0.4123"
    assert second[9:] == "warning: set aside [00ff], reason two lines"
    assert datetime.strptime(first[:8], "%H:%M:%S")


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(event=st.text(), value=json_like, item=st.none() | st.text())
def test_whatever_is_said_is_one_line_of_json(tmp_path: Path, event, value, item) -> None:
    path = tmp_path / "log"
    path.unlink(missing_ok=True)
    with EventLog("r", path, lambda line: None) as log:
        log.say(event, value=value, item=item)
    data = path.read_bytes()
    assert data.endswith(b"\n")
    assert data.count(b"\n") == 1
    json.loads(data)


def test_what_json_cannot_say_is_made_plain() -> None:
    day = datetime(2026, 11, 1, tzinfo=UTC)
    assert plain({"a": np.float32(0.5), "b": np.int64(3), "c": float("nan"), "d": Path("/x")}) == {
        "a": 0.5,
        "b": 3,
        "c": None,
        "d": "/x",
    }
    assert plain((day, {3}, True)) == [day.isoformat(), [3], True]
    assert plain("x" * (LONGEST + 1)).startswith("x" * LONGEST + "... (")


def test_writers_at_once_never_mix_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    logs = [EventLog(f"run-{n}", path) for n in range(4)]

    def write(log: EventLog) -> None:
        for n in range(100):
            log.say("said", n=n, long="x" * 3000)

    threads = [threading.Thread(target=write, args=(log,)) for log in logs for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = lines(path)
    assert len(written) == 800
    assert sorted(one["n"] for one in written) == sorted(n for n in range(100) for _ in range(8))


def test_a_line_that_a_killed_writer_left_unfinished_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b'{"event": "whole"}\n{"event": "ha')
    with EventLog("r", path) as log:
        log.say("after")
    whole, half, after = path.read_text().splitlines()
    assert (json.loads(whole)["event"], half) == ("whole", '{"event": "ha')
    assert json.loads(after)["event"] == "after"


def test_what_was_said_before_a_kill_is_there(tmp_path: Path) -> None:
    path = tmp_path / "log"
    program = (
        "import sys, pathlib\n"
        "from scrubjay.retrain.telling.events import EventLog\n"
        "log = EventLog('r', pathlib.Path(sys.argv[1]))\n"
        "for n in range(10**9):\n"
        "    log.say('said', n=n)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(path)])
    try:
        until = time.monotonic() + 30
        while not path.exists() or path.stat().st_size < 20_000:
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    with EventLog("r", path) as log:
        log.say("resumed")
    *before, last = lines(path)
    assert [one["n"] for one in before] == list(range(len(before)))
    assert last["event"] == "resumed"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_loses_the_line_and_not_the_run() -> None:
    shown: list[str] = []
    with EventLog("r", Path("/dev/full"), shown.append) as log:
        log.say("lost")
    assert "No space left" in shown[0]
    assert shown[1].endswith("lost")


def test_a_log_that_was_closed_still_tells_people(tmp_path: Path) -> None:
    shown: list[str] = []
    log = EventLog("r", tmp_path / "log", shown.append)
    log.close()
    log.close()
    log.say("late")
    assert len(shown) == 1
    assert lines(tmp_path / "log") == []


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotReady, match="file/log"):
        EventLog("r", tmp_path / "file" / "log")


def test_an_unknown_level_is_refused(tmp_path: Path) -> None:
    with EventLog("r", tmp_path / "log") as log, pytest.raises(UnknownName, match="warning"):
        log.say("x", level="warn")


def test_a_gatherer_is_shown_the_lines_as_they_are_written(tmp_path: Path) -> None:
    shown: list[str] = []
    with EventLog("r", tmp_path / "log.jsonl", shown.append, as_json=True) as log:
        log.say("step done", step="scan", took_s=1.5)
        log.say("looked", level="debug")
    assert shown == (tmp_path / "log.jsonl").read_text().splitlines()[:1]

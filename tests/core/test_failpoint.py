from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from scrubjay.core.failpoint import VARIABLE

PROGRAM = """
from scrubjay.core.failpoint import failpoint
failpoint("a")
failpoint("b")
print("x")
"""


def run(name: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, VARIABLE: name},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_named_failpoint_kills_like_kill_9() -> None:
    assert run("b").returncode == -signal.SIGKILL


def test_an_unnamed_failpoint_does_nothing() -> None:
    done = run("elsewhere")
    assert (done.returncode, done.stdout) == (0, "x\n")


def test_the_names_that_are_passed_can_be_written_down(tmp_path: Path) -> None:
    names = tmp_path / "names"
    done = run(f"record:{names}")
    assert (done.returncode, names.read_text()) == (0, "a\nb\n")

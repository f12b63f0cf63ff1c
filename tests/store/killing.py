"""Run a scenario of `tests/store/scenarios.py` in a process that dies at a failpoint."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
STORE = REPOSITORY / "src" / "scrubjay" / "store"


def run(scenario, home, *, die_at=None, nth=1):
    """Exit status of the scenario; with `die_at` it is killed at the nth pass of that failpoint."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.store.scenarios", scenario, str(home), str(nth)],
        cwd=REPOSITORY,
        env={
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "OMP_NUM_THREADS": "1",
            "KILL_AT": die_at or "",
        },
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode


def killed(scenario, home, die_at, nth=1):
    return run(scenario, home, die_at=die_at, nth=nth) == -signal.SIGKILL


def failpoints_in_source():
    """Every failpoint the store passes: written out, or a room's point with a writer's suffix."""
    suffixes, points = set(), {"durable"}
    for path in STORE.glob("*.py"):
        text = path.read_text()
        suffixes |= set(re.findall(r'failpoint\(f"\{[a-z_.]*point\}(\.\w+)"', text))
        points |= set(re.findall(r'point="(\w+)"', text))
    written = {
        name
        for path in STORE.glob("*.py")
        for name in re.findall(r'failpoint\("([\w.]+)"', path.read_text())
    }
    return points, suffixes, written

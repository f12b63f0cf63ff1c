"""Forget, killed at a failpoint: `python -m tests.retrain.forgetting.filled ROOT NTH`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.store.killing import REPOSITORY


def killed(root, die_at, nth):
    """Whether forgetting was killed at the nth pass of that failpoint."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.retrain.forgetting.filled", str(root), str(nth)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "KILL_AT": die_at},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode == -signal.SIGKILL


def main(root, nth):
    from scrubjay.retrain.forgetting.forget import forget
    from tests.retrain.remembering import ID, open_at
    from tests.store.scenarios import die_on_the

    home = open_at(root)
    home.registry.champion()
    die_on_the(nth)
    forget(home, [ID])


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

"""A folder that does not outlive its process."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scrubjay.retrain.diagnosing.vanishing import vanishing_folder
from tests.cli.pressing import heard

HOLDS = """
import sys, time
from scrubjay.retrain.diagnosing.vanishing import vanishing_folder
with vanishing_folder("test") as folder:
    (folder / "weights").mkdir()
    (folder / "weights" / "last.ckpt").write_bytes(bytes(1000))
    print(folder, flush=True)
    time.sleep(60)
"""


def test_it_is_gone_after_the_block_and_after_an_error() -> None:
    with vanishing_folder("test") as folder:
        (folder / "some").write_text("thing")
        assert folder.is_dir()
        assert folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()
    with pytest.raises(RuntimeError), vanishing_folder("test") as folder:
        raise RuntimeError
    assert not folder.exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_is_gone_when_its_process_was_killed(how: signal.Signals) -> None:
    with heard():
        process = subprocess.Popen([sys.executable, "-c", HOLDS], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    assert (folder / "weights" / "last.ckpt").exists()
    process.send_signal(how)
    process.wait(50)
    for _ in range(600):
        if not folder.exists():
            break
        time.sleep(0.1)
    assert not folder.exists()

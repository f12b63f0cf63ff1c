"""The process a person runs: Ctrl-C leaves with one line and 130, wherever it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.pressing import heard
from tests.test_line import TINY

KEPT = "scrubjay: interrupted; what was finished is kept"
PATIENCE_S = 120.0


def interrupted(arguments: Sequence[str], *, once: str, errors: Path) -> tuple[int, str]:
    """Run a command, press Ctrl-C once its standard error says so; exit code and all it said."""
    with heard(), errors.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "scrubjay", *arguments],
            stdout=subprocess.DEVNULL,
            stderr=out,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
    try:
        until = time.monotonic() + PATIENCE_S
        while once not in errors.read_text():
            assert process.poll() is None, errors.read_text()
            assert time.monotonic() < until, errors.read_text()
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        return process.wait(PATIENCE_S), errors.read_text()
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Far more work than a second holds, on little disk."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1500, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "0.png", compress_level=1)
    for n in range(1, 400):
        os.link(folder / "0.png", folder / f"{n}.png")
    return folder


def test_ctrl_c_while_adding_says_so_and_leaves_with_130(pictures: Path, tmp_path: Path) -> None:
    code, said = interrupted(
        ["add", str(pictures), "--home", str(tmp_path / "home")],
        once="looking at files",
        errors=tmp_path / "stderr",
    )
    assert code == 130
    assert said.rstrip().endswith(KEPT)
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "turned", ["RuntimeError('what a library made of it')", "SystemExit(1)", "BadConfig('so')"]
)
def test_ctrl_c_that_a_library_turns_into_an_error_is_still_ctrl_c(turned: str) -> None:
    code = f"""
import os, signal
from scrubjay.cli import main
from scrubjay.core.errors import BadConfig

signal.signal(signal.SIGINT, signal.default_int_handler)

def app():
    try:
        os.kill(os.getpid(), signal.SIGINT)
        signal.pause()
    except KeyboardInterrupt as error:
        raise {turned} from error

main.app = app
main.main()
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=280)
    assert ran.returncode == 130
    assert ran.stderr.strip() == KEPT


@pytest.mark.slow
def test_ctrl_c_while_training_says_how_to_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    random = np.random.default_rng(0)
    for n in range(8):
        Image.fromarray(random.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(
            folder / f"{n}.png"
        )
    (folder / "table.csv").write_text(
        "image,caption,split\n" + "".join(f"{n}.png,number {n},train\n" for n in range(8))
    )
    long = (f"datamodule.folder={folder}", "trainer.max_epochs=5000")
    code, said = interrupted(
        ["train", *TINY, *long, "--home", str(tmp_path / "home")],
        once="epoch 2 of",
        errors=tmp_path / "stderr",
    )
    assert code == 130
    assert "scrubjay train --resume" in said
    assert said.rstrip().endswith(KEPT)
    assert "Traceback" not in said

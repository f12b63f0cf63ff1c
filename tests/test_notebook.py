"""The starter notebook runs from its first cell to its last, and is the script beside it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def cells(path: Path) -> list[tuple[str, str]]:
    jupytext = pytest.importorskip("jupytext", reason="pip install jupytext")
    return [(cell.cell_type, cell.source.strip()) for cell in jupytext.read(path).cells]


def test_the_notebook_and_the_script_are_one() -> None:
    told = cells(NOTEBOOKS / "start.ipynb")
    assert told == cells(NOTEBOOKS / "start.py"), "jupytext --sync notebooks/start.py makes it so"
    assert len(told) > 10


def test_the_notebook_is_kept_without_results() -> None:
    jupytext = pytest.importorskip("jupytext", reason="pip install jupytext")
    notebook = jupytext.read(NOTEBOOKS / "start.ipynb")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_notebook_goes_from_a_folder_to_a_diagnosed_model(tmp_path: Path) -> None:
    pytest.importorskip("nbmake", reason="nothing runs notebooks here: pip install nbmake")
    shutil.copy(NOTEBOOKS / "start.ipynb", tmp_path)
    settings = {"JUPYTER_PLATFORM_DIRS": "1", "SCRUBJAY_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--nbmake", "--nbmake-timeout=800", "start.ipynb"),
            *("-p", "no:cacheprovider", "-q"),
        ],
        cwd=tmp_path,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "1 passed" in done.stdout
    page = (tmp_path / "home" / "diagnosis.html").read_text()
    assert "Recall by slice" in page

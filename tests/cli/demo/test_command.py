"""The demonstration as people run it, with its promises."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

LINE = re.compile(
    r"demo: ok before=(?P<before>[\d.]+) after=(?P<after>[\d.]+) "
    r"old_before=(?P<old_before>[\d.]+) old_after=(?P<old_after>[\d.]+) "
    r"first_search_s=(?P<first_search_s>\d+) total_s=(?P<total_s>\d+)"
)


def run(home: Path, *more: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "scrubjay", "demo", "--home", str(home), *more],
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
        env={**os.environ, "SCRUBJAY_DEBUG": "1", "OMP_NUM_THREADS": "2"},
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_it_finds_learns_and_finds_better_and_runs_again_without_harm(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    said = run(home)
    last = LINE.fullmatch(said.splitlines()[-1])
    assert last is not None, said
    figures = {name: float(value) for name, value in last.groupdict().items()}
    assert round(figures["after"] - figures["before"], 2) >= 0.40
    assert round(figures["old_before"] - figures["old_after"], 2) <= 0.02
    page = (home / "report.html").read_text(encoding="utf-8")
    assert page.count("<h2>") == 12
    assert "http" not in page.replace("<html", "")
    assert page.count("this one") > 12

    again = json.loads(run(home, "--json"))
    for name in ("before", "after", "old_before", "old_after"):
        assert again[name] == pytest.approx(figures[name], abs=0.006)
    versions = list((home / "registry" / "versions").iterdir())
    assert len(versions) == 2

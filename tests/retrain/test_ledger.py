"""The ledger: what is done stays done, and nothing is done twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scrubjay.core.errors import Damaged
from scrubjay.retrain.ledger import Ledger, read_ledger


def test_a_step_once_recorded_is_there_for_the_next_process(tmp_path: Path) -> None:
    Ledger(tmp_path / "l").record("scan", {"new": 3}, took_s=1.25)
    again = Ledger(tmp_path / "l")
    assert again.result("scan") == {"new": 3}
    assert again.result("fit") is None
    assert again.seconds() == {"scan": 1.25}


def test_events_are_in_the_order_they_were_recorded(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l")
    names = ["scan", "validate", "snapshot", "fit", "export", "evaluate", "gate", "a", "b", "c"]
    for name in names:
        ledger.record(name, {}, took_s=0)
    assert list(read_ledger(tmp_path / "l")) == names


def test_two_runs_that_write_the_same_event_are_told_apart(tmp_path: Path) -> None:
    first, second = Ledger(tmp_path / "l"), Ledger(tmp_path / "l")
    first.record("scan", {"by": 1}, took_s=0)
    with pytest.raises(Damaged, match="another run"):
        second.record("scan", {"by": 2}, took_s=0)
    assert Ledger(tmp_path / "l").result("scan") == {"by": 1}


@pytest.mark.parametrize("written", ["{", "[]", "{}", "null"])
def test_a_file_that_is_no_event_is_named(tmp_path: Path, written: str) -> None:
    (tmp_path / "01-scan.json").write_text(written)
    with pytest.raises(Damaged, match=r"01-scan\.json.*--restart"):
        Ledger(tmp_path)


@pytest.mark.parametrize(("place", "done"), [("before_create", False), ("after_create", True)])
def test_killed_beside_the_write_the_event_is_whole_or_not_there(
    tmp_path: Path, place: str, done: bool
) -> None:
    code = (
        "from pathlib import Path; from scrubjay.retrain.ledger import Ledger\n"
        f"Ledger(Path({str(tmp_path / 'l')!r})).record('scan', {{'new': 1}}, took_s=0)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "SCRUBJAY_FAILPOINT": f"ledger.scan.{place}"},
        check=False,
    )
    assert ended.returncode == -9
    assert Ledger(tmp_path / "l").result("scan") == ({"new": 1} if done else None)
    assert not list((tmp_path / "l").glob("*.part*"))

"""`scrubjay doctor`: a line a check, what to do, and an exit code a scheduler understands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from scrubjay.cli import doctor as command
from tests.retrain.telling.listening import HOST, Listener

CHECKS = [
    "config", "python", "extras", "home", "disk", "registry", "champion", "source", "lease",
    "notify", "metrics",
]  # fmt: skip

runner = CliRunner()
app = typer.Typer()
app.command()(command.doctor)


@pytest.fixture(autouse=True)
def _straight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", HOST)
    monkeypatch.delenv("SCRUBJAY_NOTIFY", raising=False)


@pytest.fixture
def home(champion_home, tmp_path: Path) -> Path:
    shutil.copytree(champion_home.path, tmp_path / "home")
    return tmp_path / "home"


def examined(home: Path, *arguments: str, expect: int = 0) -> dict[str, dict[str, str]]:
    result = runner.invoke(app, [*arguments, "--home", str(home), "--json"])
    assert result.exit_code == expect, result.output
    told = json.loads(result.stdout)
    assert told["ok"] is (expect == 0)
    assert [one["name"] for one in told["checks"]] == CHECKS
    assert all(list(one) == ["name", "state", "says", "do"] for one in told["checks"])
    return {one["name"]: one for one in told["checks"]}


def test_a_home_that_serves_is_well(home: Path) -> None:
    found = examined(home)
    assert found["champion"]["state"] == "ok"
    assert "5 rows" in found["champion"]["says"]
    assert found["config"]["state"] == "ok"


def test_a_person_reads_a_line_a_check_with_what_to_do(home: Path) -> None:
    result = runner.invoke(app, ["--home", str(home)])
    assert result.exit_code == 0
    lines = [line.split(maxsplit=2) for line in result.stdout.splitlines()]
    assert [name for _, name, _ in lines] == CHECKS
    assert {state for state, _, _ in lines} <= {"ok", "warn", "fail"}
    (notify,) = [rest for _, name, rest in lines if name == "notify"]
    assert notify.endswith("-> set notify.urls (or $SCRUBJAY_NOTIFY) to apprise addresses")


def test_a_champion_that_was_changed_on_the_disk_fails(home: Path) -> None:
    (changed,) = home.glob("registry/versions/*/export/encoder.json")
    changed.write_text(changed.read_text().replace("fake", "fakf"))
    found = examined(home, expect=1)
    assert found["champion"]["state"] == "fail"
    assert "encoder.json" in found["champion"]["says"]


def test_settings_of_the_home_and_of_the_command_are_both_examined(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Listener() as there:
        monkeypatch.setenv("MY_HOOK", there.url(user="me:s3cr3t-part@"))
        (home / "retrain.yaml").write_text(
            f"notify:\n  failure: [$MY_HOOK]\nmetrics:\n  folder: {tmp_path}\n"
        )
        (tmp_path / "in").mkdir()
        (tmp_path / "in" / "a.txt").write_text("x")
        found = examined(home, f"data.source={tmp_path / 'in'}", "--send")
    assert len(there.received) == 1
    assert found["source"]["says"].startswith(str(tmp_path / "in"))
    assert found["metrics"]["says"].startswith(str(tmp_path))
    assert "s3cr3t-part" not in str(found)


def test_an_address_composed_from_the_environment_stays_secret(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Listener(500) as there:
        monkeypatch.setenv("MY_HOOK", there.url(path="/s3cr3t-part"))
        (home / "retrain.yaml").write_text(
            "notify:\n  failure: ['${oc.env:MY_HOOK}']\n  retries: 0\n"
        )
        found = examined(home, "--send", expect=1)
    assert len(there.received) == 1
    assert "500" in found["notify"]["says"]
    assert "s3cr3t-part" not in str(found)


def test_a_setting_that_is_none_is_a_failed_check_and_the_rest_is_looked_at(home: Path) -> None:
    (home / "retrain.yaml").write_text("notify:\n  sucess: []\n")
    found = examined(home, expect=1)
    assert found["config"]["state"] == "fail"
    assert "success" in found["config"]["says"]
    assert found["champion"]["state"] == "ok"


def test_the_command_itself_leaves_with_1_when_something_fails(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scrubjay", "doctor", "--home", str(tmp_path / "home"),
         f"metrics.folder={tmp_path / 'missing'}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 1
    assert "fail  metrics" in done.stdout
    assert "warn  home" in done.stdout
    assert done.stderr == ""
    assert not (tmp_path / "home").exists()

"""The train command: light to import, plain to use, the same words for people and machines."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from scrubjay import services
from scrubjay.cli.train import train
from scrubjay.core.errors import UnknownName, WrongUse
from scrubjay.retrain.single import Trained

app = typer.Typer(rich_markup_mode="rich", add_completion=False)
app.command()(train)
run = CliRunner().invoke


@pytest.fixture
def asked(monkeypatch) -> list[dict]:
    """What the command asks of the service; the answer is a first version."""
    calls: list[dict] = []

    def answer(home, config, *, resume, progress) -> Trained:
        calls.append({"home": home.path, "config": config, "resume": resume})
        return Trained(
            Path("runs/r1"), "2026-11-abcdef0", {"val/recall": 0.5}, promoted=True, generation="g"
        )

    monkeypatch.setattr(services, "train", answer)
    return calls


def test_importing_the_command_imports_nothing_heavy() -> None:
    code = (
        "import sys; import scrubjay.cli.train; "
        "heavy = {'hydra', 'omegaconf', 'torch', 'lightning', 'lancedb'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_shows_an_example() -> None:
    shown = run(app, ["--help"]).output
    assert "Example: scrubjay train experiment=tickets trainer.max_epochs=8\n" in re.sub(
        " +\n", "\n", shown
    )
    assert "--resume" in shown


def test_overrides_reach_the_service_composed(asked, tmp_path) -> None:
    done = run(app, ["experiment=tickets", "trainer.max_epochs=2", "--home", str(tmp_path)])
    assert done.exit_code == 0, done.output
    (call,) = asked
    assert call["config"]["trainer"]["max_epochs"] == 2
    assert (call["home"], call["resume"]) == (tmp_path, False)
    assert "2026-11-abcdef0" in done.output
    assert "0.5" in done.output
    assert "scrubjay search" in done.output


def test_training_the_champion_again_says_that_it_serves_already(monkeypatch, tmp_path) -> None:
    again = Trained(Path("runs/r2"), "2026-11-abcdef0", {}, parent="2026-11-abcdef0")
    monkeypatch.setattr(services, "train", lambda *_, **__: again)
    done = run(app, ["--home", str(tmp_path)])
    assert "serves already" in done.output
    assert "champion set" not in done.output


def test_json_is_one_object(asked, tmp_path) -> None:
    done = run(app, ["--json", "--home", str(tmp_path)])
    assert json.loads(done.stdout) == {
        "run": "runs/r1",
        "version": "2026-11-abcdef0",
        "parent": None,
        "promoted": True,
        "generation": "g",
        "metrics": {"val/recall": 0.5},
    }


def test_resume_goes_on_with_the_runs_own_configuration(asked, tmp_path) -> None:
    assert run(app, ["--resume", "--home", str(tmp_path)]).exit_code == 0
    assert asked[0]["resume"]
    refused = run(app, ["--resume", "seed=3", "--home", str(tmp_path)])
    assert isinstance(refused.exception, WrongUse)
    assert len(asked) == 1


def test_a_mistyped_key_never_reaches_the_service(asked, tmp_path) -> None:
    done = run(app, ["trainer.max_epoch=2", "--home", str(tmp_path)])
    assert isinstance(done.exception, UnknownName)
    assert asked == []

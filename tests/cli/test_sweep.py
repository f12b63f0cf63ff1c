"""The sweep command: composed before anything is trained, a table for people, JSON for machines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from scrubjay import services
from scrubjay.cli.sweep import sweep
from scrubjay.core.errors import UnknownName
from scrubjay.retrain.sweep import Point, Sweep

app = typer.Typer(add_completion=False)
app.command()(sweep)
run = CliRunner().invoke


@pytest.fixture
def asked(monkeypatch) -> list[dict]:
    calls: list[dict] = []

    def answer(home, tried, **given) -> Sweep:
        calls.append({"tried": tried, **given})
        points = tuple(
            Point(tuple(settings), {}, f"r{at}", {"val/recall": at / 10}, f"v{at}", 61.0)
            for at, (settings, _) in enumerate(tried)
        )
        return Sweep(Path("sweeps/s"), points, "val/recall", True)

    monkeypatch.setattr(services, "sweep", answer)
    return calls


def test_the_table_shows_the_best_first_and_what_is_next(asked, tmp_path) -> None:
    done = run(app, ["experiment=tickets", "model.lr=0.001,0.002", "--home", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert done.stdout.index("model.lr=0.002") < done.stdout.index("model.lr=0.001")
    assert "1:01" in done.stdout
    assert "scrubjay champion set v1" in done.stderr
    ((first, config), _) = asked[0]["tried"]
    assert first == ("model.lr=0.001",)
    assert config["model"]["lr"] == 0.001


def test_json_for_machines(asked, tmp_path) -> None:
    arguments = ["model.lr=1,2", "--json", "--by", "val/loss", "--smallest"]
    done = run(app, [*arguments, "--home", str(tmp_path)])
    told = json.loads(done.stdout)
    assert [one["version"] for one in told["points"]] == ["v1", "v0"]
    assert (asked[0]["by"], asked[0]["largest"]) == ("val/loss", False)


def test_a_typo_in_the_last_value_costs_nothing(asked, tmp_path) -> None:
    done = run(app, ["experiment=tickets,tikets", "--home", str(tmp_path)])
    assert isinstance(done.exception, UnknownName)
    assert not asked


def test_when_every_point_failed_it_failed(monkeypatch, tmp_path) -> None:
    points = (Point(("seed=1",), {}, "r", failed="the loss is not finite", seconds=1.0),)
    state = Sweep(Path("s"), points, None, True)
    monkeypatch.setattr(services, "sweep", lambda *_, **__: state)
    done = run(app, ["seed=1,2", "--home", str(tmp_path)])
    assert done.exit_code == 1
    assert "seed=1: the loss is not finite" in done.stderr

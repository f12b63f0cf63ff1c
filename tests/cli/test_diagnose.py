"""`scrubjay diagnose`: a table, a page with its JSON beside it, and exit codes that say why."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from scrubjay.cli import diagnose as command
from scrubjay.core.config import Settings
from scrubjay.core.errors import BadConfig, NotReady, UnknownName, WrongUse
from scrubjay.store.home import Home
from tests.retrain.diagnosing import collected

runner = CliRunner()
app = typer.Typer()
app.command()(command.diagnose)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A collection, and two versions that answer alike."""
    root = tmp_path_factory.mktemp("diagnosed")
    home = Home(Settings(home=root / "home"))
    shelf = collected.collection(root / "media")
    home.catalog.upsert(shelf.items)
    home.catalog.snapshot()
    return home.path, collected.registered(home, "hears", "deaf")


@pytest.fixture
def home(built, monkeypatch):
    """The fake has no graphs to export: it stands where a version's graphs would be opened."""
    monkeypatch.setattr(collected.OPENED_BY, collected.opened)
    return built[0]


def run(home, *arguments):
    result = runner.invoke(app, [*arguments, "--home", str(home)], env={"COLUMNS": "160"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_worst_slices_come_first_and_the_page_lies_in_the_home(home, built):
    result = run(home)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    first = lines[lines.index(next(one for one in lines if one.startswith("direction"))) + 1]
    assert "language: es" in first
    assert "worse" in first
    page = home / "runs" / f"diagnose-{built[1][0]}-test.html"
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert json.loads(page.with_suffix(".json").read_text())["version"] == built[1][0]
    assert f"page: {page}" in result.stdout


@pytest.mark.slow
def test_json_is_the_whole_diagnosis_and_out_says_where(home, built, tmp_path):
    page = tmp_path / "deep" / "page.html"
    own, other = built[1]
    result = run(home, own, "--against", other, "--json", "--out", str(page))
    told = json.loads(result.stdout)
    assert told["page"] == str(page)
    assert (told["version"], told["against"], told["part"]) == (own, other, "test")
    assert told["sections"]["slices"]["against"] == other
    beside = json.loads(page.with_suffix(".json").read_text())
    assert beside["sections"]["slices"] == told["sections"]["slices"]


@pytest.mark.slow
def test_what_was_not_measured_and_what_was_lacking_are_said(home, built):
    said = run(home, built[1][1]).stderr
    assert "has no speech tower" in said
    assert "noise not measured:" in said
    assert "Nothing can be asked in the val part" in run(home, "--split", "val").stderr


@pytest.mark.parametrize(
    ("arguments", "error", "code", "said"),
    [
        (("nobody",), UnknownName, 2, "nobody"),
        (("--against", "nobody"), UnknownName, 2, "nobody"),
        (("--folder", "/nowhere/at/all"), WrongUse, 2, "nowhere"),
        (("--out", "page.json"), WrongUse, 2, "beside it"),
        (("model.lr=0.1",), WrongUse, 2, "add --curve"),
        (("--curve", "model.lr=0.1", "fast"), BadConfig, 2, "'fast' is not an override"),
        (("--curve", "model.lrr=0.1"), UnknownName, 2, "model.lr"),
        pytest.param(
            ("--out", "/proc/page.html"), WrongUse, 2, "cannot be written", marks=pytest.mark.slow
        ),
    ],
)
def test_wrong_use_says_what_and_exits_with_two(home, arguments, error, code, said):
    with pytest.raises(error, match=said) as raised:
        run(home, *arguments)
    assert raised.value.exit_code == code


def test_a_home_that_serves_nothing_says_what_to_do(tmp_path):
    with pytest.raises(NotReady, match="scrubjay add") as raised:
        run(tmp_path / "home")
    assert raised.value.exit_code == 1


def test_the_recipe_of_a_curve_is_the_months_and_what_is_said_of_it(home, built, monkeypatch):
    asked = {}

    def noted(opened, version, *, recipe, curve, **rest):
        asked.update(recipe=recipe, curve=curve, version=version)
        raise NotReady("enough")

    monkeypatch.setattr("scrubjay.services.diagnose", noted)
    (home / "retrain.yaml").write_text("trainer: {max_epochs: 3}\nfit: {replay: 2.0}\n")
    for version in (None, built[1][0]):
        with pytest.raises(NotReady, match="enough"):
            run(home, *([version] if version else []), "--curve", "model.lr=0.004")
        config, named = asked["recipe"]
        assert (asked["version"], asked["curve"], named) == (version, True, ["model.lr=0.004"])
        assert config["model"]["lr"] == 0.004
        assert config["trainer"]["max_epochs"] == 3
        assert config["fit"]["replay"] == 2.0
    (home / "retrain.yaml").unlink()
    with pytest.raises(NotReady, match="enough"):
        run(home)
    assert asked["recipe"] is None


def test_a_curve_that_was_trained_is_told_in_the_terminal_too():
    stands = {"value": 0.4, "low": 0.3, "high": 0.5}
    brought = {"value": 0.05, "low": -0.01, "high": 0.11}
    curve = {"untrained": stands, "brought": brought, "outlook": {"why": "the curve still falls"}}
    assert list(command._more_data(curve)) == [
        "As it stands its error is 40.0%; learning from all there is brings +5.0 points (-1.0 to "
        "+11.0).",
        "By this recipe that is no sure gain: try another before you judge the data.",
        "With one more month: the curve still falls.",
    ]
    assert list(command._more_data({"outlook": None, "untrained": None})) == []

"""What a person reads of a cutoff: nothing here is close enough, and how often that is right."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from scrubjay.cli import evaluate, search
from scrubjay.core.config import Settings
from scrubjay.core.types import Kind, Modality
from scrubjay.evaluate.cutoff import Law, Line, Shares
from scrubjay.retrain import calibration
from scrubjay.search.calibrate import Fitted
from scrubjay.search.cutoff import Calibration
from scrubjay.services import open_champion
from scrubjay.store.home import Home

runner = CliRunner()
app = typer.Typer()
app.command("search")(search.search)
app.command("evaluate")(evaluate.evaluate)

NEVER = Law(
    "cosine",
    (1.0, 0.0, 0.0, 0.0),
    Line(1.9, 0.0),
    0.01,
    tuple(2.0 + at / 1000 for at in range(101)),
    0.0,
    3,
    Shares(0.961, 0.984),
)
"""Closer than a cosine can be."""


def run(home, *arguments):
    result = runner.invoke(app, [*arguments, "--home", str(home.path)], env={"COLUMNS": "160"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def strict_home(champion_home):
    """Typed questions never find a picture; of the others nothing is known."""
    home = Home(Settings(home=champion_home.path))
    searcher = open_champion(home)
    spec = searcher.encoder.spec
    told = Calibration(
        spec.version,
        spec.fingerprint,
        searcher.generation.count(),
        {Kind.IMAGE: 3, Kind.SPEECH: 2},
        {"text->image": (NEVER,)},
        {"text->speech": "too few questions"},
    )
    path = home.generations.cutoff(searcher.champion.generation)
    path.write_text(json.dumps(told.to_json()))
    yield champion_home
    path.unlink()


def test_nothing_close_enough_is_said_only_when_asked_for(strict_home) -> None:
    cut = run(strict_home, "search", "red", "--kind", "image", "--cutoff")
    assert cut.stdout == ""
    assert "nothing here is close enough" in cut.stderr
    told = json.loads(run(strict_home, "search", "red", "--cutoff", "--json").stdout)
    assert told["cut"]
    assert {hit["kind"] for hit in told["hits"]} == {"speech"}, "never cut: nothing is known"
    assert told["uncut"] == ["speech"]
    assert run(strict_home, "search", "red", "--kind", "image").stdout


def test_what_was_not_cut_is_said_with_the_reason(strict_home) -> None:
    said = run(strict_home, "search", "red", "--cutoff")
    assert said.stdout
    assert "--cutoff left out nothing of speech: what answers" in said.stderr
    assert "`scrubjay evaluate` says why" in said.stderr
    mixed = run(
        strict_home, "search", "red", "--like", json_id(strict_home), "--cutoff", "--kind", "image"
    )
    assert "left out nothing of image: mixes and likes are never cut" in mixed.stderr
    assert "left out nothing" not in run(strict_home, "search", "red").stderr
    picture = run(strict_home, "search", "red", "--cutoff", "--kind", "image")
    assert "left out nothing" not in picture.stderr


def json_id(home) -> str:
    """Any item's id."""
    return str(json.loads(run(home, "search", "red", "--json").stdout)["hits"][0]["id"])


def test_evaluate_says_why_nothing_is_cut(champion_home) -> None:
    told = json.loads(run(champion_home, "evaluate", "--split", "all", "--json").stdout)
    assert {one["name"] for one in told["cutoff"]} == {
        f"{asked.value}->{kind}" for asked in Modality for kind in ("image", "speech")
    }
    assert all("too few questions" in one["why"] for one in told["cutoff"])
    said = run(champion_home, "evaluate", "--split", "all").stdout
    assert "text->image: nothing is cut (too few questions" in said


def test_evaluate_prints_both_figures(champion_home, monkeypatch) -> None:
    def fitted(home, pair, *, progress):
        told = Calibration(pair.version, "f", 5, {Kind.IMAGE: 3}, {"text->image": (NEVER,)}, {})
        return Fitted(told, {"text->image": (NEVER,)})

    monkeypatch.setattr(calibration, "fit_cutoff", fitted)
    said = run(champion_home, "evaluate", "--split", "all").stdout
    assert (
        "text->image among 3: 96.1% of what can be answered is kept, 98.4% of what is absent "
        "comes back empty (by cosine)"
    ) in said
    (told,) = json.loads(run(champion_home, "evaluate", "--split", "all", "--json").stdout)[
        "cutoff"
    ]
    assert (told["kept"], told["empty"]) == (0.961, 0.984)


def test_a_version_whose_collection_is_not_embedded_has_no_cutoff_to_measure(
    champion_home, monkeypatch
) -> None:
    monkeypatch.setattr("scrubjay.services.evaluate_cutoff", lambda *_, **__: None)
    said = run(champion_home, "evaluate", "--split", "all")
    assert "not embedded with this version" in said.stderr
    assert json.loads(run(champion_home, "evaluate", "--json").stdout)["cutoff"] is None

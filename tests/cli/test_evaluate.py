"""`scrubjay evaluate`: a table, a JSON object and a report, honest about small numbers."""

from __future__ import annotations

import json
import re

import pytest
import typer
from typer.testing import CliRunner

from scrubjay.cli import evaluate as command
from scrubjay.core.errors import NotReady, UnknownName, WrongUse

runner = CliRunner()
app = typer.Typer()
app.command()(command.evaluate)


def run(home, *arguments):
    result = runner.invoke(app, [*arguments, "--home", str(home.path)], env={"COLUMNS": "160"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_table_has_every_direction_with_intervals(champion_home):
    result = run(champion_home, "--split", "all")
    for name in ("text->image", "image->text", "speech->image", "text->speech"):
        assert name in result.stdout
    for column in ("R@1", "R@5", "R@10", "MRR", "median rank", "n in gallery"):
        assert column in result.stdout
    assert "report: " in result.stdout


def test_no_interval_is_cut_short_in_a_terminal_of_80_columns_or_a_file(champion_home):
    for columns in ("80", "20", None):
        result = runner.invoke(
            app, ["--split", "all", "--home", str(champion_home.path)], env={"COLUMNS": columns}
        )
        assert "…" not in result.stdout
        assert len(re.findall(r"\d\.\d{3}-\d\.\d{3}", result.stdout)) >= 4 * 4


def test_few_queries_and_trained_on_data_are_said(champion_home):
    said = run(champion_home, "--split", "all").stderr
    assert "read with care" in said
    assert "trained on" in said
    assert "trained on" not in run(champion_home).stderr


def test_json_holds_the_figures_and_the_report_is_written(champion_home, tmp_path):
    path = tmp_path / "deep" / "report.html"
    result = run(champion_home, "--split", "all", "--json", "--report", str(path))
    told = json.loads(result.stdout)
    assert told["report"] == str(path)
    assert told["version"] == champion_home.version
    assert told["split"] == "all"
    direction = next(one for one in told["directions"] if one["name"] == "image->text")
    assert set(direction["recall"]) == {"1", "5", "10"}
    for estimate in (*direction["recall"].values(), direction["mrr"], direction["median_rank"]):
        assert estimate["low"] <= estimate["value"] <= estimate["high"]
    html = path.read_text()
    assert "data:image/jpeg;base64," in html
    assert "data:audio/" in html
    assert "a red one" in html


def test_the_report_goes_into_the_home_by_default(champion_home):
    path = champion_home.path / "runs" / f"evaluate-{champion_home.version}-test.html"
    path.unlink(missing_ok=True)
    run(champion_home)
    assert path.read_text().startswith("<!DOCTYPE html>")


def test_a_part_without_items_says_so(champion_home):
    result = run(champion_home, "--split", "val")
    assert "no item is in split val" in result.stderr
    assert result.exit_code == 0


def test_wrong_versions_and_places_are_refused_in_words(champion_home, tmp_path):
    with pytest.raises(UnknownName, match="did you mean"):
        run(champion_home, champion_home.version[:-1] + "x")
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongUse, match="cannot be written"):
        run(champion_home, "--report", str(tmp_path / "file" / "report.html"))
    with pytest.raises(NotReady, match="scrubjay train"):
        runner.invoke(app, ["--home", str(tmp_path / "none")], catch_exceptions=False)

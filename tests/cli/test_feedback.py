"""`scrubjay feedback`, as a person and a script call it."""

from __future__ import annotations

import json
import shutil

import pytest
from typer.testing import CliRunner

from scrubjay import services
from scrubjay.cli.feedback import feedback
from scrubjay.core.errors import UnknownItem, WrongUse

runner = CliRunner()


@pytest.fixture
def path(champion_home, tmp_path):
    """A home of our own to say things in."""
    shutil.copytree(champion_home.path, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def item(path):
    return next(one for one in services.open_home(path).catalog.items() if one.captions)


def run(path, *arguments):
    result = runner.invoke(feedback, [*arguments, "--home", str(path)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def test_marks_are_kept_changed_listed_and_taken_back(path, item, champion_home):
    assert f"{item.id} is wrong for 'a red star'" in run(path, "wrong", "a red  star", item.id)
    assert "(as before)" in run(path, "wrong", "a red star", item.id)
    told = json.loads(run(path, "right", "a red star", item.id, "--json"))
    assert told == {
        "item": item.id,
        "query": "a red star",
        "right": True,
        "caption": None,
        "captions": list(item.captions),
        "changed": True,
    }
    (one,) = json.loads(run(path, "list", "--json"))["judgements"]
    assert (one["query"], one["item"], one["right"]) == ("a red star", item.id, True)
    assert one["version"] == champion_home.version
    assert json.loads(run(path, "list", "--query", "a dog", "--json"))["judgements"] == []
    assert "is not marked" in run(path, "undo", item.id, "--query", "a red star")
    assert run(path, "list") == "nothing was said yet\n"


def test_captions_are_fixed_and_taken_back(path, item):
    assert "says from the next training on: a [b]dog[/b]" in run(
        path, "fix", item.id, "a [b]dog[/b]"
    )
    (one,) = json.loads(run(path, "list", "--json"))["captions"]
    assert (one["before"], one["caption"]) == (list(item.captions), "a [b]dog[/b]")
    assert f"caption  {item.id}  a [b]dog[/b]" in run(path, "list")
    assert "keeps its captions" in run(path, "undo", item.id)
    assert json.loads(run(path, "list", "--json"))["captions"] == []


def test_no_more_is_listed_than_is_asked_for(path, item):
    for n in range(3):
        run(path, "wrong", f"query {n}", item.id)
    told = json.loads(run(path, "list", "--limit", "1", "--json"))
    assert ([one["query"] for one in told["judgements"]], told["left_out"]) == (["query 2"], 2)
    assert "and 2 older ones" in run(path, "list", "--limit", "1")


def test_what_cannot_be_said_is_refused_in_words(path, item):
    with pytest.raises(UnknownItem, match="nobody"):
        run(path, "wrong", "a red star", "nobody")
    with pytest.raises(WrongUse, match="is empty"):
        run(path, "wrong", " ", item.id)
    with pytest.raises(WrongUse, match="at most 2000"):
        run(path, "fix", item.id, "a" * 2001)
    assert not (path / "feedback").exists()

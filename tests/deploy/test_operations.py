"""What the documents tell an operator to type is understood, and what they name is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from scrubjay.cli.compose import compose, standing_overrides
from scrubjay.cli.main import app
from scrubjay.retrain.month_plan import plan_of
from scrubjay.retrain.textfile import STATUSES
from tests.deploy.commands import blocks, of
from tests.deploy.test_dockerfile import DEPLOY, REPOSITORY
from tests.deploy.test_manifests import composed, kubernetes, one_of, stack

OPERATIONS = (REPOSITORY / "docs" / "operations.md").read_text()
AWS = (DEPLOY / "aws.md").read_text()


def understood(words: list[str]) -> tuple[str, dict[str, Any]]:
    """A command's name and the values of its parameters, parsed and not run."""
    command: Any = typer.main.get_command(app)
    context = command.make_context("scrubjay", list(words))
    name = ""
    while hasattr(command, "resolve_command"):
        rest = [*getattr(context, "_protected_args", []), *context.args]
        if not rest:
            break  # a group that does something by itself
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)
    return name or command.name, context.params


def compose_command() -> list[list[str]]:
    """What the comments of compose.yaml say to run."""
    said = re.findall(
        r"run --rm retrain ([a-z-]+(?: --[a-z-]+)*)", (DEPLOY / "compose.yaml").read_text()
    )
    return [one.split() for one in said]


def pods() -> list[list[str]]:
    """What the containers that run the image are told to do."""
    job = one_of("CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    service = yaml.safe_load(composed())["services"]["retrain"]
    command = stack()["Resources"]["Job"]["Properties"]["ContainerProperties"]["Command"]
    filled = re.sub(r"\$\{Settings\}", "encoder=builtin_shipped", command[1])
    filled = re.sub(r"\$\{\w+\}", "some-name", filled)
    return [job["containers"][0]["args"], service["command"], filled.split(command[0])]


def batch() -> list[list[str]]:
    """What aws.md sends to the job instead."""
    found = re.findall(r'\[("[a-z]+"(?:, "[^"]+")*)\]', AWS)
    assert len(found) >= 5
    return [yaml.safe_load(f"[{one}]") for one in found]


TYPED = [
    *(words[1:] for text in (OPERATIONS, AWS) for words in of("scrubjay", text)),
    *compose_command(),
    *pods(),
    *batch(),
]


@pytest.mark.parametrize("words", TYPED, ids=" ".join)
def test_every_command_line_is_understood(words: list[str]) -> None:
    if words == ["COMMAND"]:
        return  # stands for any
    name, parameters = understood(words)
    overrides = parameters.get("overrides")
    if name in {"retrain", "doctor"} and overrides:
        plan_of(compose(overrides, config_name="retrain"))


def test_a_command_line_that_is_not_understood_would_be_found() -> None:
    for words in (["retrian"], ["retrain", "--dry"], ["models", "pull"], ["forget", "--no"]):
        with pytest.raises(Exception, match=r".") as caught:
            understood(words)
        assert type(caught.value).__name__ in {
            *("UsageError", "NoSuchOption", "NoSuchCommand", "MissingParameter"),
        }


def test_every_command_of_the_month_is_described() -> None:
    wanted = {"retrain", "history", "rollback", "forget", "doctor", "champion", "models", "pull"}
    described = {word for words in of("scrubjay", OPERATIONS) for word in words}
    assert wanted <= described
    assert {"--dry-run", "--accept", "--restart", "--send", "--source", "--allow"} <= described


def test_the_settings_shown_compose_and_mean_something(tmp_path: Path) -> None:
    shown = [body for language, body in blocks(OPERATIONS) if language == "yaml"]
    mapped = one_of("ConfigMap")["data"]["retrain.yaml"].replace("BUCKET", "some-bucket")
    assert shown
    for text in (*shown, mapped):
        path = tmp_path / "retrain.yaml"
        path.write_text(text)
        plan = plan_of(compose(standing_overrides(path), config_name="retrain"))
        assert plan.data.source is not None
        assert plan.metrics.folder == "/data"


def test_settings_named_in_the_text_are_settings() -> None:
    sections = r"(?:data|validate|fit|gate|drift|bridge|embed|notify|metrics|retain)"
    config = compose([], config_name="retrain")
    named = set(re.findall(rf"`({sections}\.\w+)`", OPERATIONS))
    assert len(named) > 5
    for name in named:
        section, _, key = name.partition(".")
        assert key in config[section], name


def test_every_status_is_told_of_with_what_to_do() -> None:
    rows = re.findall(r"^\| ([a-z-]+) \| ([01]) \|", OPERATIONS, re.MULTILINE)
    assert {name for name, _ in rows} == set(STATUSES)


def test_links_and_anchors_lead_somewhere() -> None:
    for path in (REPOSITORY / "docs" / "operations.md", DEPLOY / "aws.md"):
        for link in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
            name, _, anchor = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            assert target.exists(), link
            if anchor:
                headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
                assert anchor in {_anchor(one) for one in headings}, link


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_placeholders_are_the_only_names_of_places() -> None:
    for one in kubernetes():
        for container in _containers(one):
            image = container["image"]
            assert image.startswith(("REGISTRY/scrubjay:", "prom/node-exporter:v"))


def _containers(one: Any) -> list[Any]:
    if isinstance(one, dict):
        mine = [*one.get("containers", []), *one.get("initContainers", [])]
        return mine + [found for value in one.values() for found in _containers(value)]
    return [found for value in one for found in _containers(value)] if isinstance(one, list) else []

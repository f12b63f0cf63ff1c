"""What the files of a deployment run is understood, and the runbook tells of all there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from scrubjay.cli.compose import compose, standing_overrides
from scrubjay.retrain.month_plan import plan_of
from scrubjay.retrain.telling.textfile import STATUSES
from tests.deploy.commands import composed_overrides, of
from tests.deploy.test_dockerfile import DEPLOY, REPOSITORY
from tests.deploy.test_manifests import composed, kubernetes, one_of, stack

OPERATIONS = (REPOSITORY / "docs" / "operations.md").read_text()
AWS = (DEPLOY / "aws.md").read_text()


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
    served = yaml.safe_load(composed())["services"]["server"]
    return [
        job["containers"][0]["args"],
        service["command"],
        served["command"],
        filled.split(command[0]),
    ]


def batch() -> list[list[str]]:
    """What aws.md sends to the job instead."""
    found = re.findall(r'\[("[a-z]+"(?:, "[^"]+")*)\]', AWS)
    assert len(found) >= 5
    return [yaml.safe_load(f"[{one}]") for one in found]


TYPED = [*compose_command(), *pods(), *batch()]


@pytest.mark.parametrize("words", TYPED, ids=" ".join)
def test_every_command_line_of_the_files_is_understood(words: list[str]) -> None:
    if words != ["COMMAND"]:  # stands for any
        composed_overrides(words)


def test_every_command_of_the_month_is_described() -> None:
    wanted = {"retrain", "history", "rollback", "forget", "doctor", "champion", "models", "pull"}
    described = {word for words in of("scrubjay", OPERATIONS) for word in words}
    assert wanted <= described
    assert {"--dry-run", "--accept", "--restart", "--send", "--source", "--allow"} <= described


def test_the_settings_mounted_into_the_pod_compose_and_mean_something(tmp_path: Path) -> None:
    path = tmp_path / "retrain.yaml"
    path.write_text(one_of("ConfigMap")["data"]["retrain.yaml"].replace("BUCKET", "some-bucket"))
    plan = plan_of(compose(standing_overrides(path), config_name="retrain"))
    assert plan.data.source is not None
    assert plan.metrics.folder == "/data"


def test_every_status_is_told_of_with_what_to_do() -> None:
    rows = re.findall(r"^\| ([a-z-]+) \| ([01]) \|", OPERATIONS, re.MULTILINE)
    assert {name for name, _ in rows} == set(STATUSES)


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

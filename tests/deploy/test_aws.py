"""Every `aws` line of the AWS page, held against the models the command line is made from."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.deploy.commands import of
from tests.deploy.test_manifests import stack
from tests.deploy.test_operations import AWS

botocore_session = pytest.importorskip("botocore.session")
from botocore import xform_name  # noqa: E402 - after the skip
from botocore.validate import validate_parameters  # noqa: E402

COMMANDS = of("aws", AWS)
_VARIABLE = re.compile(r"\$\{?\w+\}?")
GLOBAL = {"query", "output", "region", "profile", "no-cli-pager"}
CUSTOM = {
    ("cloudformation", "deploy"): {
        "required": {"stack-name", "template-file"},
        "known": {"capabilities", "parameter-overrides"},
    },
    ("ecr", "get-login-password"): {"required": set(), "known": set()},
    ("logs", "tail"): {"required": set(), "known": {"follow", "since"}},
}
"""Commands the command line adds to the services' own operations."""


def options(words: list[str]) -> dict[str, list[str]]:
    """Option -> its values."""
    found: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            last = found.setdefault(word[2:], [])
        elif found:
            last.append(word)
    return found


def value(shape: Any, given: list[str]) -> Any:
    """An option's value as the command line reads it: JSON, shorthand, list or scalar."""
    if given and given[0].startswith(("{", "[")):
        return json.loads(given[0])
    if shape.type_name == "map":
        return dict(pair.split("=", 1) for pair in ",".join(given).split(","))
    if shape.type_name == "list" and shape.member.type_name == "structure":
        return [_structure(shape.member, one) for one in given]
    if shape.type_name == "list":
        return given
    if shape.type_name == "boolean":
        return True
    return int(given[0]) if shape.type_name in {"integer", "long"} else given[0]


def _structure(shape: Any, text: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for part in re.split(r",(?=\w+=)", text):
        name, _, one = part.partition("=")
        assert name in shape.members, name
        is_list = shape.members[name].type_name == "list"
        made[name] = one.split(",") if is_list else one
    return made


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[1:3]))
def test_every_aws_line_names_an_operation_its_options_and_all_that_it_needs(
    words: list[str],
) -> None:
    _, service, operation, *rest = [_VARIABLE.sub("a-name-as-long-as-any", word) for word in words]
    given = {name: one for name, one in options(rest).items() if name not in GLOBAL}
    if (service, operation) in CUSTOM:
        wanted = CUSTOM[service, operation]
        assert wanted["required"] <= set(given) <= wanted["required"] | wanted["known"]
        return
    model = botocore_session.get_session().get_service_model(service)
    names = {xform_name(one, "-"): one for one in model.operation_names}
    assert operation in names
    shape = model.operation_model(names[operation]).input_shape
    known = {xform_name(name, "-"): name for name in shape.members}
    assert set(given) <= set(known)
    made = {known[name]: value(shape.members[known[name]], one) for name, one in given.items()}
    validate_parameters(made, shape)


def test_a_wrong_line_would_be_found() -> None:
    words = ["aws", "batch", "submit-job", "--job-name", "x", "--queue", "y"]
    with pytest.raises(AssertionError):
        test_every_aws_line_names_an_operation_its_options_and_all_that_it_needs(words)
    words = ["aws", "batch", "submit-job", "--job-name", "x", "--job-queue", "y"]
    with pytest.raises(Exception, match="jobDefinition"):
        test_every_aws_line_names_an_operation_its_options_and_all_that_it_needs(words)


def test_the_stack_is_given_every_parameter_without_a_default_and_asked_for_outputs_it_has() -> (
    None
):
    parameters = stack()["Parameters"]
    needed = {name for name, one in parameters.items() if "Default" not in one}
    deploys = [
        options(words[3:]) for words in COMMANDS if words[1:3] == ["cloudformation", "deploy"]
    ]
    first, *later = [
        {pair.split("=", 1)[0] for pair in one["parameter-overrides"]} for one in deploys
    ]
    assert needed <= first <= set(parameters)
    for one in later:
        assert one <= set(parameters)
    asked = set(re.findall(r"OutputKey=='(\w+)'", AWS))
    assert asked
    assert asked <= set(stack()["Outputs"])


def test_variables_are_set_before_they_are_used() -> None:
    known: set[str] = set()
    for line in re.sub(r"\\\n", " ", AWS).splitlines():
        if line.startswith(("aws ", "docker ", "export ")):
            made = (
                set(re.findall(r"\b([A-Z][A-Z_0-9]+)=", line))
                if line.startswith("export")
                else set()
            )
            used = set(re.findall(r"\$\{?([A-Z][A-Z_]*)", line))
            assert used <= known, line
            known |= made


def test_the_schedule_submits_the_job_that_its_role_may_submit() -> None:
    resources = stack()["Resources"]
    target = resources["Monthly"]["Properties"]["Target"]
    asked = json.loads(target["Input"])
    shape = botocore_session.get_session().get_service_model("batch").operation_model("SubmitJob")
    lowered = {name[0].lower() + name[1:]: one for name, one in asked.items()}
    validate_parameters(lowered, shape.input_shape)
    assert target["Arn"].endswith(":aws-sdk:batch:submitJob")
    statement = resources["ScheduleRole"]["Properties"]["Policies"][0]["PolicyDocument"][
        "Statement"
    ][0]
    assert any(
        one.endswith(f"job-definition/{asked['JobDefinition']}") for one in statement["Resource"]
    )
    assert resources["Job"]["Properties"]["JobDefinitionName"] == asked["JobDefinition"]

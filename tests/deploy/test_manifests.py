"""Compose, Kubernetes, systemd and AWS files: against their schemas, and against the image."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scrubjay.core.errors import WrongUse
from scrubjay.web.auth import require_token
from scrubjay.web.guard import OPEN_PATHS
from scrubjay.web.settings import ServeSettings
from scrubjay.web.shutdown import HARD_S
from tests.deploy.commands import understood
from tests.deploy.dockerfile import stages
from tests.deploy.test_dockerfile import DEPLOY, TEXT

_FILLED = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def documents(path: Path) -> list[dict[str, Any]]:
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


def kubernetes() -> list[dict[str, Any]]:
    folder = DEPLOY / "kubernetes"
    listed = documents(folder / "kustomization.yaml")[0]["resources"]
    assert sorted([*listed, "kustomization.yaml"]) == sorted(p.name for p in folder.iterdir())
    return [one for name in listed for one in documents(folder / name)]


def one_of(kind: str) -> dict[str, Any]:
    return next(one for one in kubernetes() if one["kind"] == kind)


def base() -> dict[str, str]:
    """The image's instructions, by keyword."""
    stage = next(one for one in stages(TEXT)[1] if one.name == "base")
    return {one.keyword: one.value for one in stage.instructions}


@pytest.mark.parametrize("version", ["1.30", "1.33", "1.37"])
def test_kubernetes_files_fit_the_schemas_of_an_old_and_a_new_cluster(version: str) -> None:
    validate = pytest.importorskip("kubernetes_validate").validate
    for one in kubernetes():
        validate(one, version, strict=True)


def test_a_misspelt_field_does_not_fit_the_schemas() -> None:
    library = pytest.importorskip("kubernetes_validate")
    job = one_of("CronJob")
    job["spec"]["concurencyPolicy"] = job["spec"].pop("concurrencyPolicy")
    with pytest.raises(library.ValidationError):
        library.validate(job, "1.33", strict=True)


def test_no_pod_may_do_more_than_it_must() -> None:
    job = one_of("CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    deployed = [
        one["spec"]["template"]["spec"] for one in kubernetes() if one["kind"] == "Deployment"
    ]
    assert len(deployed) == 2
    for pod in (job, *deployed):
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"] is True
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]


def test_the_pods_use_the_images_user_and_volume() -> None:
    arguments = dict(
        one.value.split("=")
        for stage in stages(TEXT)[1]
        if stage.name == "base"
        for one in stage.instructions
        if one.keyword == "ARG"
    )
    pod = one_of("CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert str(pod["securityContext"]["runAsUser"]) == arguments["UID"]
    assert str(pod["securityContext"]["fsGroup"]) == arguments["GID"]
    mounts = {one["mountPath"] for one in pod["containers"][0]["volumeMounts"]}
    assert mounts == {base()["VOLUME"], "/tmp", "/dev/shm"}


def test_two_months_never_overlap_and_only_what_a_new_try_can_mend_is_tried_again() -> None:
    spec = one_of("CronJob")["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    job = spec["jobTemplate"]["spec"]
    assert job["template"]["spec"]["restartPolicy"] == "Never"
    given_up = next(one for one in job["podFailurePolicy"]["rules"] if one["action"] == "FailJob")
    assert given_up["onExitCodes"]["values"] == [1, 2]
    unit = (DEPLOY / "systemd" / "scrubjay-retrain.service").read_text()
    assert "RestartPreventExitStatus=1 2\n" in unit
    retry = stack()["Resources"]["Job"]["Properties"]["RetryStrategy"]["EvaluateOnExit"]
    assert [one.get("OnExitCode") for one in retry if one["Action"] == "EXIT"] == ["1", "2"]


def composed(**given: str) -> str:
    """compose.yaml as Compose reads it once variables are filled in."""
    text = (DEPLOY / "compose.yaml").read_text()
    return _FILLED.sub(lambda match: given.get(match[1]) or match[2] or "", text)


@pytest.mark.parametrize("target", ["cpu", "cuda"])
def test_compose_fits_the_specification(target: str) -> None:
    library = pytest.importorskip("compose_spec")
    merged = yaml.safe_dump(yaml.safe_load(composed(SCRUBJAY_TARGET=target)))
    read = library.PyCompose.from_yaml(merged)
    read.validate()
    assert set(read.service_names()) == {
        *("retrain", "retrain-gpu", "settings", "metrics", "server")
    }
    with pytest.raises(ValueError, match="comand"):
        library.PyCompose.from_yaml(merged.replace("command:", "comand:"))


def test_compose_builds_a_target_there_is_and_keeps_one_volume() -> None:
    for target in ("cpu", "cuda"):
        read = yaml.safe_load(composed(SCRUBJAY_TARGET=target))
        build = read["services"]["retrain"]["build"]
        assert (DEPLOY / build["context"] / build["dockerfile"]).resolve() == DEPLOY / "Dockerfile"
        assert build["target"] in {one.name for one in stages(TEXT)[1]}
        assert read["services"]["retrain"]["image"].endswith(f":{target}")
        assert list(read["volumes"]) == ["home"]
        for service in read["services"].values():
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]


def test_settings_are_put_where_the_image_has_its_home() -> None:
    home = re.search(r"SCRUBJAY_HOME=(\S+)", base()["ENV"])
    assert home is not None
    compose = yaml.safe_load(composed())["services"]["settings"]["entrypoint"]
    pod = one_of("CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    for command in (compose, pod["initContainers"][0]["command"]):
        assert command[-1] == f"{home[1]}/retrain.yaml"
        assert command[:2] == ["install", "-D"]


def test_the_exporter_reads_the_folder_the_run_writes_its_figures_to() -> None:
    wanted = "--collector.textfile.directory="
    settings = yaml.safe_load(one_of("ConfigMap")["data"]["retrain.yaml"])
    folder = settings["metrics"]["folder"]
    exporter = one_of("Deployment")["spec"]["template"]["spec"]["containers"][0]
    assert f"{wanted}{folder}" in exporter["args"]
    assert f"{wanted}{folder}" in yaml.safe_load(composed())["services"]["metrics"]["command"]


def server() -> tuple[dict[str, Any], dict[str, Any]]:
    """The server's pod and its container."""
    pod = next(
        one["spec"]["template"]["spec"]
        for one in kubernetes()
        if one["kind"] == "Deployment" and one["metadata"]["name"] == "scrubjay-server"
    )
    return pod, pod["containers"][0]


def test_the_server_is_probed_where_no_token_is_needed_and_at_its_port() -> None:
    _, container = server()
    port = {one["name"]: one["containerPort"] for one in container["ports"]}
    assert port == {"http": ServeSettings().port} == {"http": int(base()["EXPOSE"])}
    paths = {}
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[name]["httpGet"]["port"] == "http"
        paths[name] = container[name]["httpGet"]["path"]
        assert paths[name].partition("?")[0] in OPEN_PATHS
    assert paths["readinessProbe"] == "/healthz?ready=true"
    assert paths["livenessProbe"] == "/healthz", "a server that waits for a champion is not killed"


def test_the_server_has_the_time_it_needs_to_end() -> None:
    pod, container = server()
    asleep = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    needed = ServeSettings().shutdown_s + HARD_S
    assert pod["terminationGracePeriodSeconds"] > asleep + needed
    compose = yaml.safe_load(composed())["services"]["server"]
    assert int(compose["stop_grace_period"].removesuffix("s")) > needed


def test_the_server_listens_where_a_token_is_demanded_and_gets_one_from_a_secret() -> None:
    _, container = server()
    compose = yaml.safe_load(composed())["services"]["server"]
    for words in (container["args"], compose["command"]):
        name, given = understood(words)
        assert (name, given["host"]) == ("serve", "0.0.0.0")
        with pytest.raises(WrongUse, match="without a token"):
            require_token(given["host"], None)
    assert container["envFrom"] == [{"secretRef": {"name": "scrubjay-server"}}]
    assert compose["env_file"] == [{"path": "server.env", "required": False}]
    assert all(one.startswith("127.0.0.1:") for one in compose["ports"])
    assert "TOKEN" not in str(compose["environment"])


def test_the_service_leads_to_the_server() -> None:
    pod_labels = next(
        one["spec"]["template"]["metadata"]["labels"]
        for one in kubernetes()
        if one["kind"] == "Deployment" and one["metadata"]["name"] == "scrubjay-server"
    )
    (service,) = [
        one["spec"]
        for one in kubernetes()
        if one["kind"] == "Service" and one["metadata"]["name"] == "scrubjay-server"
    ]
    assert service["selector"] == pod_labels
    assert service["ports"][0]["targetPort"] == "http"


def test_systemd_reads_the_units(tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not on this machine")
    names = ["scrubjay-retrain.service", "scrubjay-retrain.timer"]
    for name in names:
        text = (DEPLOY / "systemd" / name).read_text()
        # Docker need not be here; any program that is will do to read the rest.
        (tmp_path / name).write_text(text.replace("ExecStart=docker", "ExecStart=/bin/true"))
    (tmp_path / "docker.service").write_text("[Service]\nExecStart=/bin/true\n")
    done = subprocess.run(
        [tool, "verify", "--man=no", *(tmp_path / name for name in names)],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


class _Template(yaml.SafeLoader):
    """YAML with CloudFormation's functions, each as its plain value."""


def _function(loader: _Template, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


_Template.add_multi_constructor("!", _function)


def stack() -> dict[str, Any]:
    # A subclass of the safe loader: it makes nothing but plain values.
    read: dict[str, Any] = yaml.load((DEPLOY / "aws" / "stack.yaml").read_text(), _Template)
    return read


def test_the_stack_fits_cloudformations_schemas() -> None:
    linter = Path(sys.executable).with_name("cfn-lint")
    if not linter.exists():
        pytest.skip("cfn-lint is not installed")
    said = subprocess.run(
        [linter, "--include-checks", "W", "--template", DEPLOY / "aws" / "stack.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stdout) == (0, "")


def test_what_lasts_outlives_the_stack() -> None:
    resources = stack()["Resources"]
    for name in ("Files", "Versions", "Images", "Log"):
        assert resources[name]["DeletionPolicy"] == "Retain"
        assert resources[name]["UpdateReplacePolicy"] == "Retain"


def test_the_stacks_job_is_the_image_as_it_is_built() -> None:
    properties = stack()["Resources"]["Job"]["Properties"]["ContainerProperties"]
    point = stack()["Resources"]["FilesDoor"]["Properties"]["PosixUser"]
    assert properties["User"] == f"{point['Uid']}:{point['Gid']}" == "10001:10001"
    assert properties["MountPoints"][0]["ContainerPath"] == base()["VOLUME"]
    assert properties["ReadonlyRootFilesystem"] is True
    assert not any(name in str(properties["Environment"]) for name in ("SECRET", "NOTIFY"))
    assert properties["Secrets"][0]["Name"] == "SCRUBJAY_NOTIFY"


def test_the_job_may_not_write_to_the_data() -> None:
    policy = stack()["Resources"]["JobRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    for statement in policy["Statement"]:
        if "DataBucket" in str(statement["Resource"]):
            assert statement["Action"] in {"s3:GetObject", "s3:ListBucket"}

"""`scrubjay models`, as a client runs it who has nothing but the address of a bucket."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from typer.testing import CliRunner

from scrubjay.cli.main import app
from scrubjay.core.config import REGISTRY_VARIABLE
from scrubjay.core.errors import Damaged, NotReady, UnknownName, WrongUse
from scrubjay.core.types import Champion
from scrubjay.store.bucket_registry import open_registry

pytest.importorskip("torch")
pytest.importorskip("transformers")


def command(*arguments):
    done = CliRunner().invoke(app, ["models", *map(str, arguments)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """A CLIP of transformers' own classes with random weights, saved by transformers."""
    from tests.models.pretrained_models import save_clip

    return save_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="session")
def version(clip, tmp_path_factory):
    """What the month puts into a version: the trained model's own files, and its graphs."""
    from scrubjay.models.load import load_trainable

    folder = tmp_path_factory.mktemp("version")
    encoder = load_trainable("transformers", source=clip)
    encoder.save_pretrained(folder)
    (folder / "export").mkdir()
    encoder.export(folder / "export")
    return folder


def copy_into(source, folder):
    shutil.copytree(source, folder, dirs_exist_ok=True)


@pytest.fixture
def published(tmp_path, s3, version, monkeypatch):
    """The company's registry: a CLIP serves, an older version does not."""
    monkeypatch.delenv(REGISTRY_VARIABLE, raising=False)
    monkeypatch.delenv("SCRUBJAY_HOME", raising=False)
    registry = open_registry(tmp_path / "company", s3.url("models"))
    lineage = {"parent": "2026-09-1234567"}
    given = {"lineage": lineage, "metrics": {"recall": 0.5}, "card": "# [bold]\n"}
    registry.register(lambda folder: (folder / "x").touch(), month="2026-10", **given)
    name = registry.register(partial(copy_into, version), month="2026-11", **given)
    versions = tmp_path / "company" / "generations" / "g.lance" / "_versions"
    versions.mkdir(parents=True)
    (versions / "1.manifest").write_bytes(b"x")
    registry.publish(Champion(name, "g"), expected=None)
    monkeypatch.chdir(tmp_path)
    return registry


def embedded(folder):
    """A picture and texts through transformers alone: unit rows."""
    import torch
    from transformers import CLIPModel, CLIPProcessor

    model, processor = CLIPModel.from_pretrained(folder), CLIPProcessor.from_pretrained(folder)
    picture = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    inputs = processor(
        text=["a red apple", "two dogs"], images=[picture], return_tensors="pt", padding=True
    )
    with torch.no_grad():
        out = model(**inputs)
    return np.concatenate([out.image_embeds.numpy(), out.text_embeds.numpy()])


def test_a_client_with_only_the_address_pulls_the_champion_and_loads_it_with_transformers(
    published, s3, clip, tmp_path
):
    client = tmp_path / "client"
    client.mkdir()
    done = subprocess.run(
        [
            *(sys.executable, "-X", "importtime", "-m", "scrubjay", "models", "pull"),
            *("champion", "our-model", "--registry", s3.url("models"), "--json"),
        ],
        cwd=client,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert told == {"version": published.champion().version, "folder": str(client / "our-model")}
    assert [one.name for one in client.iterdir()] == ["our-model"], "nothing else is left there"
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert not imported & {"torch", "transformers", "openvino", "lancedb"}
    assert embedded(client / "our-model") == pytest.approx(embedded(clip), abs=1e-6)


def test_what_was_pulled_is_served_by_scrubjays_own_graphs_too(published, tmp_path):
    from scrubjay.core.types import Modality
    from scrubjay.models.load import load_version

    command("pull", "champion", "model", "--registry", published.url)
    graphs = load_version(tmp_path / "model", threads=1)
    texts = graphs.encode(Modality.TEXT, ["a red apple", "two dogs"])
    cosines = (texts * _unit(embedded(tmp_path / "model")[1:])).sum(1)
    assert cosines.min() > 0.99


def _unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_the_list_shows_what_serves_and_what_each_began_from(published, monkeypatch):
    said = command("list", "--registry", published.url)
    newest, oldest = said.splitlines()
    assert newest.startswith(f"* {published.champion().version}  2")
    assert oldest.startswith("  2026-10-")
    assert newest.endswith("from 2026-09-1234567")
    monkeypatch.setenv(REGISTRY_VARIABLE, published.url)
    listed = json.loads(command("list", "--json"))
    assert listed["champion"] == published.champion().version
    assert [one["version"][:7] for one in listed["versions"]] == ["2026-11", "2026-10"]
    assert listed["versions"][0]["metrics"] == {"recall": 0.5}
    assert listed["registry"] == published.url


def test_a_version_is_pulled_by_its_name_and_pulled_again_in_peace(published, tmp_path):
    version = published.ids()[0]
    for _ in range(2):
        said = command("pull", version, tmp_path / "old", "--registry", published.url)
        assert said == f"{version} is in {tmp_path / 'old'}\n"
    assert (tmp_path / "old" / "card.md").read_text() == "# [bold]\n"


def test_what_goes_wrong_leaves_no_folder_and_says_what_to_do(published, s3, tmp_path):
    address = ("--registry", published.url)
    version = published.champion().version
    with pytest.raises(UnknownName, match=f"did you mean '{version}'"):
        command("pull", version[:-1] + "x", "model", *address)
    with pytest.raises(NotReady, match="no version is served"):
        command("pull", "champion", "model", "--registry", s3.url("elsewhere"))
    s3.put(f"models/versions/{version}/model.safetensors", b"rotten")
    with pytest.raises(Damaged, match=r"model\.safetensors"):
        command("pull", "champion", "model", *address)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "x").touch()
    with pytest.raises(WrongUse, match="holds something else"):
        command("pull", "champion", "mine", *address)
    with pytest.raises(WrongUse, match="ftp://"):
        command("list", "--registry", "ftp://example.org/models")
    assert not (tmp_path / "model").exists()


def test_a_home_with_its_own_registry_lists_and_pulls_as_well(tmp_path, monkeypatch):
    monkeypatch.delenv(REGISTRY_VARIABLE, raising=False)
    home = tmp_path / "home"
    assert command("list", "--home", home).startswith("no version in")
    version = open_registry(home, None).register(
        lambda folder: (folder / "weights").write_bytes(b"x"),
        month="2026-11",
        lineage={},
        metrics={},
        card="",
    )
    assert version in command("list", "--home", home)
    command("pull", version, tmp_path / "pulled", "--home", home)
    assert (tmp_path / "pulled" / "weights").read_bytes() == b"x"

"""Configuration names what we allow and nothing else."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint

from scrubjay.core.errors import BadConfig, ScrubjayError, UnknownName, WrongUse
from scrubjay.training.instantiate import instantiate, refers_to, resolve
from scrubjay.training.losses import InfoNCE

LOSS = {"_target_": "scrubjay.training.losses.InfoNCE", "logit_scale": 1.5}

ATTACKS = [
    "os.system",
    "builtins.eval",
    "builtins.exec",
    "subprocess.Popen",
    "importlib.import_module",
    "scrubjay.training.fit.os.system",
    "scrubjay.training.checkpoints.os.system",
    "scrubjay.training.checkpoints.pickle.loads",
    "scrubjay.training.checkpoints.torch.load",
    "scrubjay.training.checkpoints.torch.hub.load",
    "scrubjay.training.instantiate.importlib.import_module",
    "scrubjay.training.checkpoints.Path",
    "scrubjay.core.failpoint.os.kill",
    "lightning.pytorch.trainer.connectors.signal_connector.subprocess.call",
    "lightning.fabric.utilities.cloud_io._load",
    "lightning.fabric.utilities.cloud_io.torch.load",
    "lightning.fabric.utilities.cloud_io.get_filesystem",
    "lightning.pytorch.LightningModule.load_from_checkpoint",
    "lightning.pytorch.cli.LightningCLI",
    "lightning.pytorch.seed_everything",
    "torch.load",
    "torch.hub.load",
    "torch.nn.Module.__subclasses__",
    "torch.nn.functional.torch.load",
    "torch.optim.optimizer.torch.load",
    "torch.utils.cpp_extension.load",
    "torch.utils.data.dataloader.os.system",
    "torch.utils.data.get_worker_info",
    "scrubjay.__import__",
    "scrubjay.training.losses.InfoNCE.__init__",
    "scrubjay.training.losses.PAIRS",
    "scrubjay.training.losses",
    "scrubjay",
    "scrubjayevil.x",
    "..os.system",
    "scrubjay..os",
    "",
]


@pytest.mark.parametrize("target", ATTACKS)
def test_nothing_outside_the_allow_list_is_reached(target: str) -> None:
    with pytest.raises((BadConfig, UnknownName)):
        instantiate({"evil": {"_target_": target}})
    with pytest.raises((BadConfig, UnknownName)):
        instantiate({"callbacks": {"deep": [{"_target_": target, "_partial_": True}]}})


@pytest.mark.parametrize("package", ["os", "builtins", "subprocess", "importlib", "os.path"])
def test_a_configuration_cannot_trust_python_itself(package: str) -> None:
    with pytest.raises(BadConfig, match="part of Python"):
        instantiate({"evil": {"_target_": f"{package}.anything"}}, trust=[package])


@pytest.mark.parametrize("trust", [["a b"], ["../x"], [""]])
def test_trust_takes_package_names(trust: list[str]) -> None:
    with pytest.raises(BadConfig, match="names a package"):
        instantiate({}, trust=trust)


def test_trust_given_as_one_word_says_how_to_write_it() -> None:
    with pytest.raises(BadConfig, match=r"trust=\[mypackage\]"):
        instantiate({}, trust="mypackage")


def test_it_builds_ours_lightnings_and_torchs() -> None:
    built = instantiate(
        {
            "loss": LOSS,
            "callbacks": {"best": {"_target_": "lightning.pytorch.callbacks.ModelCheckpoint"}},
            "layer": {"_target_": "torch.nn.Linear", "in_features": 3, "out_features": 2},
            "seed": 7,
            "nothing": None,
        }
    )
    assert isinstance(built["loss"], InfoNCE)
    assert float(built["loss"].logit_scale.detach()) == 1.5
    assert isinstance(built["callbacks"]["best"], ModelCheckpoint)
    assert built["layer"].weight.shape == (2, 3)
    assert (built["seed"], built["nothing"]) == (7, None)


def test_a_reference_is_the_same_object_wherever_it_is_named() -> None:
    read = object()
    built = instantiate(
        {
            "holder": {
                "_target_": "torch.nn.ModuleDict",
                "modules": {"a": {"_ref_": "loss"}, "b": {"_ref_": "loss"}},
            },
            "loss": LOSS,
            "list": [{"_ref_": "read"}],
        },
        provided={"read": read},
    )
    assert built["holder"]["a"] is built["holder"]["b"] is built["loss"]
    assert built["list"] == [read]


def test_partial_binds_arguments_and_calls_later() -> None:
    built = instantiate(
        {"optimizer": {"_target_": "torch.optim.AdamW", "_partial_": True, "lr": 0.5}}
    )
    assert isinstance(built["optimizer"], partial)
    assert built["optimizer"]([torch.nn.Parameter(torch.zeros(1))]).defaults["lr"] == 0.5


def test_a_circle_of_references_is_told() -> None:
    with pytest.raises(BadConfig, match="a -> b -> a"):
        instantiate({"a": {"_ref_": "b"}, "b": {"x": {"_ref_": "a"}}})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"loss": {**LOSS, "logit_scal": 1.0}},
            "unknown setting in loss 'logit_scal'.*'logit_scale'",
        ),
        ({"a": {"_ref_": "los"}, "loss": LOSS}, "unknown _ref_ in a 'los'.*'loss'"),
        ({"a": {"_target_": "scrubjay.training.losses.InfoNSE"}}, "'InfoNSE'.*'InfoNCE'"),
        ({"a": {**LOSS, "_partal_": True}}, "'_partal_'.*'_partial_'"),
    ],
)
def test_unknown_names_come_with_the_nearest(config: dict, message: str) -> None:
    with pytest.raises(UnknownName, match=message):
        instantiate(config)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"a": {"_target_": "torch.nn.Linear", "in_features": 3}}, "a: missing.*out_features"),
        (
            {"a": {"_target_": "torch.nn.Linear", "in_features": "x", "out_features": 2}},
            "a cannot be built",
        ),
        (
            {"a": {"_target_": "lightning.pytorch.callbacks.ModelCheckpoint", "mode": "up"}},
            "a cannot be built",
        ),
        ({"a": {"_target_": "scrubjay.training.nosuch.Thing"}}, "nosuch"),
        ({"a": {"_ref_": "b", "x": 1}, "b": 1}, "stands alone"),
    ],
)
def test_what_cannot_be_built_is_told_in_words(config: dict, message: str) -> None:
    with pytest.raises(WrongUse, match=message):
        instantiate(config)


def test_a_users_package_is_refused_until_it_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "herpackage.py").write_text(
        "import os\nfrom os import system\n"
        "class Thing:\n    def __init__(self, size): self.size = size\n"
        "def make(size): return Thing(size)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    node = {"thing": {"_target_": "herpackage.Thing", "size": 3}}
    with pytest.raises(BadConfig, match=r"trust=\[package\]"):
        instantiate(node)
    assert "herpackage" not in sys.modules, "a package not trusted is not even imported"
    assert instantiate(node, trust=["herpackage"])["thing"].size == 3
    assert (
        instantiate({"t": {"_target_": "herpackage.make", "size": 4}}, trust=["herpackage"])[
            "t"
        ].size
        == 4
    )
    for lent in ("herpackage.system", "herpackage.os.system", "herpackage.os"):
        with pytest.raises(ScrubjayError):
            resolve(lent, trust=["herpackage"])


def test_a_package_that_is_missing_is_named() -> None:
    with pytest.raises(BadConfig, match="no package 'notinstalledhere' is installed"):
        instantiate({"a": {"_target_": "notinstalledhere.Thing"}}, trust=["notinstalledhere"])


def test_refers_to_finds_references_at_any_depth() -> None:
    config = {"data": {"parts": [{"x": {"_ref_": "items"}}]}, "items_of": {"_target_": "items"}}
    assert refers_to(config, "items")
    assert not refers_to(config, "read")

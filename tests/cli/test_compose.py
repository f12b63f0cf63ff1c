"""Configurations compose from names, and every mistake is answered with what was meant."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scrubjay.cli.compose import compose
from scrubjay.core.errors import BadConfig, UnknownName


def test_the_line_from_the_readme_composes() -> None:
    config = compose(
        [
            "experiment=tickets",
            "datamodule.folder=some/where",
            "trainer.max_epochs=3",
            "datamodule.batch_size=16",
        ]
    )
    assert config["trainer"]["max_epochs"] == 3
    assert config["datamodule"]["batch_size"] == 16
    assert config["datamodule"]["folder"] == "some/where"
    assert config["encoder"]["family"] == "builtin"
    assert set(config) == {
        "seed",
        "freeze",
        "keep",
        "trust",
        "encoder",
        "model",
        "datamodule",
        "loss",
        "trainer",
        "callbacks",
        "logger",
    }


def test_it_is_plain_data_with_interpolations_resolved() -> None:
    config = compose(["seed=7", "freeze=[text]"])
    assert config["datamodule"]["seed"] == 7
    assert config["model"]["freeze"] == ["text"]

    def plain(value: object) -> bool:
        if type(value) is dict:
            return all(type(key) is str and plain(one) for key, one in value.items())
        if type(value) is list:
            return all(plain(one) for one in value)
        return value is None or type(value) in {str, int, float, bool}

    assert plain(config)


def test_the_ticket_use_case_freezes_the_text_tower() -> None:
    config = compose(["experiment=tickets_clip", "encoder.source=clip"])
    assert config["freeze"] == config["model"]["freeze"] == ["text"]
    assert config["encoder"]["source"] == "clip"
    assert config["model"]["lr"] == pytest.approx(1e-5)


@pytest.mark.parametrize(("name", "made"), [("none", {}), ("csv", {"csv"}), ("wandb", {"wandb"})])
def test_loggers_are_chosen_by_name(name: str, made: set[str]) -> None:
    assert set(compose([f"logger={name}"])["logger"]) == set(made)


def test_the_default_tracker_is_wandb_and_offline() -> None:
    assert compose([])["logger"]["wandb"]["offline"] is True


def test_several_loggers_and_callbacks_go_together() -> None:
    config = compose(["logger=[csv,tensorboard]", "callbacks=[default,early_stopping]"])
    assert set(config["logger"]) == {"csv", "tensorboard"}
    assert list(config["callbacks"]) == ["best", "last", "panel", "early_stopping"]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "trainer.max_epoch=3",
            "unknown configuration key 'trainer.max_epoch'; did you mean 'trainer.max_epochs'",
        ),
        ("trainr.max_epochs=3", "'trainr.max_epochs'; did you mean 'trainer.max_epochs'"),
        ("trainr=default", "unknown configuration key 'trainr'; did you mean 'trainer'"),
        ("sede=3", "unknown configuration key 'sede'; did you mean 'seed'"),
        ("experiment=tikets", "unknown experiment configuration 'tikets'; did you mean.*'tickets'"),
        ("logger=wandbb", "unknown logger configuration 'wandbb'; did you mean 'wandb'"),
        (
            "encoder=transformer",
            "unknown encoder configuration 'transformer'; did you mean 'transformers'",
        ),
        ("~trainer.max_epoch", "did you mean 'trainer.max_epochs'"),
        ("+sede=3", "unknown configuration key 'sede'; did you mean 'seed'"),
        ("+foo.bar=3", "unknown configuration key 'foo'"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(override: str, message: str) -> None:
    with pytest.raises(UnknownName, match=message):
        compose(["experiment=tickets", override, "seed=1"])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("-m", "not an option"),
        ("--multirun", "not an option"),
        ("tickets", "write key=value or group=name"),
        ("seed=1,2", r"one run takes one; for a list write seed=\[a,b\]"),
        ("seed=range(1,5)", "one run takes one"),
        ("experiment=tickets,tickets_clip", "one run takes one"),
        ("freeze=[text", "is not an override"),
        ("=3", "is not an override"),
        ("trainer=3", "must be a string"),
        ("trainer={a: 1}", r"trainer is a group: choose with trainer=NAME"),
        ("trainer@foo=default", "leave the @ out"),
        ("", "is not an override"),
        ("hydra.run.dir=/tmp/x", "only hydra.searchpath"),
        ("hydra=default", "only hydra.searchpath"),
        ("seed=${oc.env:SURELY_NOT_SET}", "SURELY_NOT_SET"),
        ("seed=${nowhere}", "nowhere"),
        ("seed=${oc.decode:${", "is not an override"),
        (
            "experiment=tickets_clip",
            r"encoder\.source has no default; give it as encoder\.source=VALUE",
        ),
        ("+datamodule.api_key=123", "datamodule.api_key looks like a secret"),
        ("+logger.wandb.token=abc", "looks like a secret"),
    ],
)
def test_odd_overrides_are_refused_in_words(override: str, message: str) -> None:
    with pytest.raises((BadConfig, UnknownName), match=message):
        compose([override])


def test_a_folder_of_your_own_adds_experiments(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("# @package _global_\nseed: 99\n")
    assert compose([f"hydra.searchpath=[file://{tmp_path}]", "experiment=mine"])["seed"] == 99


def test_a_node_of_your_own_may_be_added() -> None:
    config = compose(["+sampler={_target_: mine.Sampler}", "trust=[mine]"])
    assert config["sampler"] == {"_target_": "mine.Sampler"}


def test_composing_twice_is_independent() -> None:
    compose(["seed=5"])
    assert compose([])["seed"] == 0


def test_composing_imports_neither_torch_nor_lightning() -> None:
    code = (
        "import sys; from scrubjay.cli.compose import compose; compose([]); "
        "sys.exit(any(name in sys.modules for name in ('torch', 'lightning', 'lancedb')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

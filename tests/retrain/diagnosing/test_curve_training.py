"""How the parts of a curve are trained: as the version was, or as a month would."""

from __future__ import annotations

import copy
import functools
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scrubjay.cli.compose import compose
from scrubjay.core.config import Settings
from scrubjay.core.errors import BadConfig
from scrubjay.core.types import Split
from scrubjay.models.load import load_version
from scrubjay.retrain.diagnosing import curve
from scrubjay.retrain.diagnosing.curve_training import Recipe, part_config, way_of
from scrubjay.retrain.diagnosing.material import Material
from scrubjay.retrain.month_plan import plan_of
from scrubjay.search.measure import evaluate_items
from scrubjay.store.home import Home
from scrubjay.store.version import VersionInfo
from scrubjay.training.data import PairData
from scrubjay.training.instantiate import refers_to
from tests.retrain import champions
from tests.training.collection import Collection, make


@functools.cache
def composed() -> dict[str, Any]:
    return compose(
        [
            "encoder=builtin",
            "logger=none",
            "trainer.accelerator=cpu",
            "trainer.max_epochs=1",
            "datamodule.batch_size=12",
            "fit.alphas=[0.5,1.0]",
        ],
        config_name="retrain",
    )


def own(*, epochs: int = 2) -> dict[str, Any]:
    """What a version was trained by."""
    config = copy.deepcopy(dict(plan_of(composed()).train))
    config["trainer"]["max_epochs"] = epochs
    return config


def month(*named: str, start: str = "champion") -> Recipe:
    config = copy.deepcopy(composed())
    config["fit"]["start"] = start
    config["encoder"] |= {**champions.SMALL, "inputs": champions.INPUTS}
    return Recipe(config, named)


@pytest.fixture(scope="module")
def things() -> Collection:
    made = make(32, val_every=4)
    held_out = [one.group for one in made.items if one.split is Split.VAL][::2]
    made.items[:] = [
        replace(one, split=Split.TEST if one.group in held_out else one.split) for one in made.items
    ]
    return made


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return champions.champion("builtin", tmp_path_factory.mktemp("weights") / "small")


@pytest.fixture
def home(tmp_path, things) -> Home:
    made = Home(Settings(home=tmp_path / "home"))
    made.catalog.upsert(things.items)
    return made


def registered(home: Home, weights: Path, **lineage: Any) -> str:
    def copied(staging: Path) -> None:
        shutil.copytree(weights, staging, dirs_exist_ok=True)

    return home.registry.register(
        copied, month="2026-11", lineage=lineage, metrics={}, card="a card"
    )


def about(home: Home, version: str):
    return next(one for one in home.registry.versions() if one.id == version)


def test_a_version_that_names_its_configuration_is_trained_by_it(home, weights):
    config = own()
    version = registered(home, weights, config=config)
    way = way_of(home, about(home, version), month())
    assert way.config["model"] == config["model"]
    assert (way.month, way.start, way.goes_on, way.recipe) == (None, None, False, "")
    assert way.command == f"scrubjay diagnose {version} --curve"
    assert "pairs of this collection" not in way.how
    elsewhere = {"config": {**config, "datamodule": {"folder": "x"}}}
    reads = replace(about(home, version), lineage=elsewhere)
    assert "pairs of this collection" in way_of(home, reads, month()).how


@pytest.mark.parametrize("lineage", [{"shipped": True}, {"config": {"model": {}}}])
def test_one_that_names_none_goes_on_as_in_a_month(home, weights, lineage):
    version = registered(home, weights, **lineage)
    way = way_of(home, about(home, version), month())
    assert way.goes_on
    assert way.start == home.registry.folder(version)
    assert way.month.alphas == (0.5, 1.0)
    assert "fit" not in way.config
    assert "gate" not in way.config
    assert f"from {version}, 1 epochs, learning rate 0.001, batches of 12" in way.recipe
    assert "as a month would" in way.how
    base = way_of(home, about(home, version), month(start="base"))
    assert (base.goes_on, base.start) == (False, None)


def test_a_recipe_that_is_asked_for_never_shows_a_version_its_data_again(home, weights):
    version = registered(home, weights, config=own())
    named = ("model.lr=0.002", "encoder=a folder")
    way = way_of(home, about(home, version), month(*named))
    assert (way.goes_on, way.start) == (False, None)
    assert "from its own encoder" in way.recipe
    assert way.command == f"scrubjay diagnose {version} --curve model.lr=0.002 'encoder=a folder'"


@pytest.mark.parametrize("trained", [False, True])
def test_what_months_made_begins_where_the_first_of_them_did(home, weights, trained):
    lineage = {"config": own(epochs=7)} if trained else {"shipped": True}
    first = about(home, registered(home, weights, **lineage))
    config = {**own(), "encoder": {"source": "of the month"}}
    second = VersionInfo("2026-12-b", first.created, {"config": config, "alpha": 1.0}, {})
    second.lineage["parent"] = first.id
    way = way_of(home, second, month())
    assert (way.goes_on, way.month is not None) == (False, True)
    assert way.config["trainer"] == config["trainer"]
    if trained:  # it has seen the collection itself
        assert (way.start, way.month.start) == (None, "base")
        assert way.config["encoder"] == lineage["config"]["encoder"]
    else:
        assert way.start == home.registry.folder(first.id)
    alone = replace(second, lineage={**second.lineage, "parent": "gone"})
    assert way_of(home, alone, month()).month is None


def test_a_recipe_that_is_none_of_a_month_is_refused(home, weights):
    version = registered(home, weights, shipped=True)
    wrong = month()
    wrong.config["fit"]["start"] = "nowhere"
    with pytest.raises(BadConfig, match=r"fit\.start"):
        way_of(home, about(home, version), wrong)


def material(home: Home, version: str, things: Collection) -> Material:
    encoder = load_version(home.registry.folder(version), version=version, threads=1)
    items = tuple(one for one in things.items if one.split is Split.TEST)
    return Material(
        version=version,
        encoder=encoder,
        items=items,
        everything=tuple(things.items),
        evaluation=evaluate_items(items, encoder, read=things.read, threads=1),
        read=things.read,
        threads=1,
    )


def test_before_it_is_asked_for_it_says_what_a_month_would_take(home, weights, things):
    version = registered(home, weights, shipped=True)
    section = curve.measure(material(home, version, things), home=home)
    assert (section.why, section.outlook, section.cost_s) == (None, None, None)
    assert section.as_month
    assert section.command == f"scrubjay diagnose {version} --curve"
    assert "names no configuration" in section.how


@pytest.mark.slow
def test_the_curve_of_such_a_version_begins_with_the_version_as_it_stands(
    home, weights, things, monkeypatch
):
    version = registered(home, weights, shipped=True)
    begins_with: list[str] = []
    inner = curve.train_part

    def noted(way, *rest):
        begins_with.append(str(way.start))
        return inner(way, *rest)

    monkeypatch.setattr(curve, "train_part", noted)
    before = sorted(home.path.rglob("*"))
    asked = material(home, version, things)
    section = curve.measure(asked, home=home, train=True, recipe=month())
    assert section.why is None
    assert begins_with == [str(home.registry.folder(version))] * 4
    assert [one.n for one in section.trained] == [6, 12, 18, 24]
    missed, _ = curve._missed(asked.evaluation)
    assert section.untrained is not None
    assert section.brought is not None
    assert section.outlook is not None
    assert section.untrained.value == pytest.approx(float(np.mean(missed)))
    assert section.brought.value == pytest.approx(
        section.untrained.value - section.outlook.errors[-1].value
    )
    assert "from " + version in section.recipe
    assert sorted(home.path.rglob("*")) == before
    assert home.registry.ids() == (version,)
    json.dumps(section.to_json())


def test_a_recipe_that_cannot_be_trained_says_so(home, weights, things):
    version = registered(home, weights, shipped=True)
    broken = month()
    broken.config["model"]["lr"] = -1.0
    section = curve.measure(material(home, version, things), home=home, train=True, recipe=broken)
    assert section.outlook is None
    assert (section.why or "").startswith("the training on 6 content groups failed: ")


def test_what_reads_its_own_files_is_trained_on_pairs_of_the_collection():
    config = {
        **own(),
        "datamodule": {"_target_": "scrubjay.training.spoken_digits.SpokenDigits", "folder": "x"},
    }
    made = part_config(config, 1.0)["datamodule"]
    assert made["_target_"].endswith(PairData.__name__)
    assert all(refers_to(made, name) for name in ("items", "read", "encoder"))


def test_every_part_takes_as_many_steps_as_the_whole_and_no_tracker():
    config = own(epochs=3) | {"logger": {"wandb": {"_target_": "x"}}}
    config["trainer"] |= {"devices": 4, "strategy": "ddp"}
    quarter, whole = (part_config(config, share) for share in (0.25, 1.0))
    assert (quarter["trainer"]["max_epochs"], whole["trainer"]["max_epochs"]) == (12, 3)
    assert (whole["logger"], whole["trainer"]["devices"]) == ({}, 1)
    assert whole["trainer"]["strategy"] == "auto"
    assert list(whole["callbacks"]) == ["best"]
    assert part_config({**config, "keep": "last"}, 1.0)["callbacks"] == {}
    assert config["trainer"]["devices"] == 4  # the version's own is not touched

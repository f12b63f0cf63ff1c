"""The learning curve of a version: trained as it was, kept nowhere, refused with a reason."""

from __future__ import annotations

import copy
import dataclasses
import functools
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scrubjay.core.config import Settings
from scrubjay.core.types import Split
from scrubjay.evaluate.retrieval import evaluate_direction
from scrubjay.models.load import load_encoder
from scrubjay.retrain.diagnosing import curve
from scrubjay.retrain.diagnosing.material import Material
from scrubjay.retrain.run import begin
from scrubjay.search.measure import Evaluation, evaluate_items
from scrubjay.store.home import Home
from tests.retrain import champions
from tests.training.collection import Collection, make


@pytest.fixture(scope="module")
def things() -> Collection:
    made = make(48, val_every=4)
    held_out = [one.group for one in made.items if one.split is Split.VAL][::2]
    made.items[:] = [
        dataclasses.replace(
            one,
            split=Split.TEST if one.group in held_out else one.split,
            month=f"2026-{9 + number % 3:02}",
        )
        for number, one in enumerate(made.items)
    ]
    return made


COMPOSED = functools.cache(champions.asked)


def asked(*, epochs: int = 2) -> dict[str, Any]:
    config = copy.deepcopy(COMPOSED())
    config["trainer"]["max_epochs"] = epochs
    return config


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """Nobody loads them: a curve is trained from the configuration."""
    folder = tmp_path_factory.mktemp("weights")
    (folder / "config.json").write_text("{}")
    return folder


@pytest.fixture
def home(tmp_path, things) -> Home:
    made = Home(Settings(home=tmp_path / "home"))
    made.catalog.upsert(things.items)
    return made


def registered(home: Home, weights: Path, **lineage) -> str:
    return home.registry.register(
        functools.partial(_copy, weights),
        month="2026-11",
        lineage=lineage,
        metrics={},
        card="a card",
    )


def _copy(weights: Path, staging: Path) -> None:
    shutil.copytree(weights, staging, dirs_exist_ok=True)


def material(version: str, things: Collection, part: str = "test") -> Material:
    encoder = load_encoder("fake", modalities=["image", "text"])
    items = tuple(one for one in things.items if part in {one.split.value, "all"})
    return Material(
        version=version,
        encoder=encoder,
        items=items,
        everything=tuple(things.items),
        evaluation=evaluate_items(items, encoder, read=things.read, threads=1),
        read=things.read,
        threads=1,
        part=part,
    )


def test_without_training_it_says_what_it_would_cost_and_the_command(home, weights, things):
    run = begin(home.runs, asked())
    run.finish({"version": "v"})
    os.utime(run.folder / "request.json", (1000, 1000))
    os.utime(run.folder / "finished.json", (1090, 1090))
    version = registered(home, weights, config=asked(), run=run.id)
    section = curve.measure(material(version, things), home=home)
    assert section.outlook is None
    assert section.why is None
    assert section.cost_s == pytest.approx(4 * 90)
    assert section.command == f"scrubjay diagnose {version} --curve"
    assert (section.unit, section.months) == ("content groups", 3)
    assert section.month == 12  # of 36
    json.dumps(section.to_json())


@pytest.mark.slow
def test_trained_parts_make_a_curve_and_leave_nothing(home, weights, things, tmp_path, monkeypatch):
    apart = tmp_path / "temporary"
    apart.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(apart))
    version = registered(home, weights, config=asked(epochs=1), run="gone")
    before = sorted(home.path.rglob("*"))
    section = curve.measure(material(version, things), home=home, train=True)
    assert section.why is None
    assert [one.n for one in section.trained] == [9, 18, 27, 36]
    assert section.outlook is not None
    assert section.outlook.sizes == (9, 18, 27, 36)
    assert section.outlook.n == 48
    assert all(0 <= one.value <= 1 for one in section.outlook.errors)
    assert sorted(home.path.rglob("*")) == before
    assert list(apart.iterdir()) == []
    assert home.registry.ids() == (version,)
    json.dumps(section.to_json())


def test_a_version_that_is_not_registered_has_no_curve(home, things):
    assert "not registered" in (curve.measure(material("x", things)).why or "")
    assert "not registered" in (curve.measure(material("x", things), home=home).why or "")


def test_too_little_to_train_on_parts_of_or_to_ask_about_is_said(home, weights, things):
    version = registered(home, weights, config=asked())
    whole = material(version, things)
    few = tuple(one for one in whole.everything if one.split is not Split.TRAIN)
    said = curve.measure(dataclasses.replace(whole, everything=few), home=home, train=True).why
    assert "too few" in (said or "")
    trained = tuple(one for one in whole.everything if one.split is Split.TRAIN)
    only = dataclasses.replace(whole, everything=trained, items=trained, part="all")
    said = curve.measure(only, home=home, train=True).why
    assert "held out" in (said or "")


def test_a_training_that_fails_says_why_and_with_how_much(home, weights, things):
    config = asked()
    config["encoder"] = {**config["encoder"], "width": -3}
    version = registered(home, weights, config=config)
    section = curve.measure(material(version, things), home=home, train=True)
    assert section.outlook is None
    assert (section.why or "").startswith("the training on 9 content groups failed: ")


def test_what_chance_misses_is_what_shuffled_galleries_miss():
    random = np.random.default_rng(0)
    rows = random.standard_normal((12, 4)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    names = [f"g{at}" for at in range(12)]
    direction = evaluate_direction("text->image", rows, rows, names, names)
    evaluation = Evaluation("v", "test", 12, (direction,))
    ranks = random.integers(1, 13, 20_000)  # of one right answer among twelve, in any order
    shuffled = 1 - np.mean([(ranks <= k).mean() for k in (1, 5, 10)])
    assert curve._chance(evaluation) == pytest.approx(shuffled, abs=0.01)

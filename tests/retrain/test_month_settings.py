"""What a month may be told: the packaged file, the settings and the checks say the same."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml

from scrubjay.cli.compose import FOLDER, compose, standing_overrides
from scrubjay.core.errors import BadConfig, UnknownName
from scrubjay.retrain.month_plan import SECTIONS, MonthPlan, plan_of


def packaged() -> dict[str, Any]:
    return yaml.safe_load((FOLDER / "retrain.yaml").read_text(encoding="utf-8"))


def composed(*overrides: str) -> MonthPlan:
    return plan_of(compose(overrides, config_name="retrain"))


def test_the_packaged_file_shows_every_setting_with_its_default() -> None:
    plan, shown = composed(), packaged()
    for name in SECTIONS:
        if name == "month":
            continue
        settings = getattr(plan, name)
        fields = {one.name for one in dataclasses.fields(settings)}
        assert set(shown[name]) == fields, name
        assert settings == type(settings)(), f"{name}: the file and the defaults differ"


def test_what_is_not_the_months_own_is_the_fits() -> None:
    plan = composed("trainer.max_epochs=3")
    assert plan.train["trainer"]["max_epochs"] == 3
    assert not set(plan.train) & set(SECTIONS)
    assert plan.train == compose(["trainer.max_epochs=3"])


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("data.min_new=0", "data.min_new"),
        ("data.max_gone=1.5", "data.max_gone"),
        ("bridge.min_recall=2", "bridge.min_recall"),
        ("embed.limit=-1", "embed.limit"),
        ("retain.generations=-1", "retain.generations"),
        ("gate.alpha=0.7", "gate.alpha"),
        ("validate.max_bad=7", "validate.max_bad"),
        ("fit.start=nowhere", "fit.start"),
        ("evaluate.found_among=0", "evaluate.found_among"),
        ("drift.told_apart=0", "drift.told_apart"),
        ("month=2026-13", "month"),
    ],
)
def test_a_value_that_cannot_be_is_named(given: str, says: str) -> None:
    with pytest.raises(BadConfig, match=says):
        composed(given)


def test_a_key_that_is_none_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"data\.source"):
        composed("data.sorce=x")


def test_floors_have_names_of_the_owners() -> None:
    plan = composed("gate.floors={general: 0.4, 2026-11: 0.2}")
    assert plan.gate.floors == {"general": 0.4, "2026-11": 0.2}


def test_standing_settings_come_before_those_of_the_command(tmp_path: Path) -> None:
    standing = tmp_path / "retrain.yaml"
    standing.write_text(
        "experiment: demo\nencoder: {source: /a b}\n"
        "data: {source: 's3://b/it''s', slices: [language]}\n"
        "gate: {floors: {general: 0.4}}\n"
        "notify: {urls: ['json://user:${PASSWORD}@host/']}\n"
    )
    plan = composed(*standing_overrides(standing), "data.min_new=3", "data.slices=[tag]")
    assert plan.data.source == "s3://b/it's"
    assert (plan.data.min_new, plan.data.slices) == (3, ("tag",))
    assert plan.gate.floors == {"general": 0.4}
    assert plan.train["encoder"]["source"] == "/a b"
    assert plan.notify.urls == ("json://user:${PASSWORD}@host/",)


def test_no_standing_settings_is_nothing(tmp_path: Path) -> None:
    assert standing_overrides(tmp_path / "retrain.yaml") == []


@pytest.mark.parametrize("written", ["- a\n", "a: [\n", "just words\n"])
def test_standing_settings_that_are_none_are_named(tmp_path: Path, written: str) -> None:
    standing = tmp_path / "retrain.yaml"
    standing.write_text(written)
    with pytest.raises(BadConfig, match=r"retrain\.yaml"):
        standing_overrides(standing)

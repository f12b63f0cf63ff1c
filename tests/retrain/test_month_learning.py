"""What a month hands to its fit."""

from __future__ import annotations

from scrubjay.cli.compose import compose
from scrubjay.retrain.month_learning import _named


def test_a_tracker_without_a_name_is_called_by_the_month() -> None:
    named = _named(compose(["logger=wandb"]), "2026-03")
    assert named["logger"]["wandb"]["name"] == "2026-03"


def test_a_tracker_keeps_the_name_it_was_given() -> None:
    config = compose(["logger=wandb", "logger.wandb.name=mine"])
    assert _named(config, "2026-03") == config


def test_no_tracker_is_no_matter() -> None:
    config = compose(["logger=none"])
    assert _named(config, "2026-03") == config

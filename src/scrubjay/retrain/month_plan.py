"""A month's configuration, taken apart: its own sections, and what is left for the fit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from scrubjay.core.errors import BadConfig
from scrubjay.evaluate.drift import DriftSettings
from scrubjay.retrain.gating.settings import GateSettings
from scrubjay.retrain.month_fit import FitSettings
from scrubjay.retrain.month_settings import (
    BridgeSettings,
    DataSettings,
    EmbedSettings,
    EvaluateSettings,
    MetricsSettings,
    RetainSettings,
    section,
)
from scrubjay.retrain.telling.notify import NotifySettings
from scrubjay.retrain.validation.validate import ValidateSettings

SECTIONS = (
    "month",
    "data",
    "validate",
    "fit",
    "evaluate",
    "gate",
    "drift",
    "bridge",
    "embed",
    "notify",
    "metrics",
    "retain",
)


@dataclass(frozen=True, slots=True)
class MonthPlan:
    """Everything a run was told, checked.

    Attributes:
        train: what `training.fit` takes.
    """

    month: str
    data: DataSettings
    validate: ValidateSettings
    fit: FitSettings
    evaluate: EvaluateSettings
    gate: GateSettings
    drift: DriftSettings
    bridge: BridgeSettings
    embed: EmbedSettings
    notify: NotifySettings
    metrics: MetricsSettings
    retain: RetainSettings
    train: Mapping[str, Any]


def plan_of(config: Mapping[str, Any]) -> MonthPlan:
    """Check a composed configuration.

    Raises:
        UnknownName: a section has no such setting.
        BadConfig: a value that cannot be.
    """
    month = config.get("month") or datetime.now(UTC).strftime("%Y-%m")
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", str(month), re.ASCII) is None:
        raise BadConfig(f"month is {month!r}; write it like 2026-11")
    return MonthPlan(
        month=str(month),
        data=section(DataSettings, "data", config.get("data")),
        validate=section(ValidateSettings, "validate", config.get("validate")),
        fit=section(FitSettings, "fit", config.get("fit")),
        evaluate=section(EvaluateSettings, "evaluate", config.get("evaluate")),
        gate=section(GateSettings, "gate", _gate(config.get("gate") or {})),
        drift=section(DriftSettings, "drift", config.get("drift")),
        bridge=section(BridgeSettings, "bridge", config.get("bridge")),
        embed=section(EmbedSettings, "embed", config.get("embed")),
        notify=section(NotifySettings, "notify", config.get("notify")),
        metrics=section(MetricsSettings, "metrics", config.get("metrics")),
        retain=section(RetainSettings, "retain", config.get("retain")),
        train={key: value for key, value in config.items() if key not in SECTIONS},
    )


def _gate(given: Mapping[str, Any]) -> dict[str, Any]:
    """Without floors there is an empty mapping of them."""
    return {**given, "floors": given.get("floors") or {}}

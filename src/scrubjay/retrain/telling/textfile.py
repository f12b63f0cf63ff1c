"""A run's figures for Prometheus, as a file in the folder a node exporter reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from scrubjay.core.errors import MissingExtra, NotReady, UnknownName
from scrubjay.store.durable import write_durably

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

Figures: TypeAlias = Mapping[str, float | Mapping[str, float]]
"""Metric -> its value, or for a metric with a label of its own: the label's value -> the value."""

STATUSES: Final = ("promoted", "refused", "stopped", "no-change", "failed")
SUCCESSFUL: Final = frozenset({"promoted", "refused", "no-change"})
"""Runs that did what they should: whoever waits for a month need not be woken."""

RUN = "scrubjay_retrain_last_run_timestamp_seconds"
SUCCESS = "scrubjay_retrain_last_success_timestamp_seconds"
PROMOTION = "scrubjay_retrain_last_promotion_timestamp_seconds"

METRICS: Final[Mapping[str, tuple[str, str | None]]] = {
    RUN: ("When the last run ended, Unix time.", None),
    SUCCESS: (
        "When a run last ended as promoted, refused or no-change, Unix time.",
        None,
    ),
    PROMOTION: ("When a run last promoted a version, Unix time.", None),
    "scrubjay_retrain_status": ("1 for how the last run ended, 0 for the others.", "status"),
    "scrubjay_retrain_duration_seconds": ("How long each step of the last run took.", "step"),
    "scrubjay_retrain_items": (
        "Items in the last run: new, changed, gone, quarantined, held and more.",
        "what",
    ),
    "scrubjay_retrain_quarantined_share": (
        "Quarantined of what was new, changed or quarantined in the last run, 0 to 1.",
        None,
    ),
    "scrubjay_retrain_champion_figure": (
        "What the champion before the last run scored on its frozen sets.",
        "figure",
    ),
    "scrubjay_retrain_challenger_figure": (
        "What the last run's challenger scored on the same sets.",
        "figure",
    ),
    "scrubjay_retrain_warnings": ("Warnings of the last run, drift among them.", None),
}
"""Every metric that is ever written: name -> (what it is, its own label or None).

All carry the common labels `home` too. Alert rules are written on these names.
"""

FILE: Final = "scrubjay.prom"
"""What the file is called in `metrics.folder`; homes that share a machine need a folder each."""


def write_metrics(path: Path, figures: Figures, labels: Mapping[str, str]) -> None:
    """Write figures as Prometheus text, in one step: an exporter reads the old or the new.

    Args:
        path: ends in `.prom`.
        figures: names of METRICS only.
        labels: common to all.

    Raises:
        UnknownName: a metric that is none.
        NotReady: the folder is not there or not writable.
    """
    from prometheus_client import CollectorRegistry, generate_latest

    families = [_family(name, value, labels) for name, value in figures.items()]
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(families))
    try:
        write_durably(path, generate_latest(registry), point="textfile")
    except OSError as error:
        raise NotReady(
            f"{path} cannot be written ({error.strerror}); make metrics.folder the folder the "
            f"node exporter reads, and writable"
        ) from error


def write_run(
    path: Path, result: Mapping[str, Any], *, ended: float, labels: Mapping[str, str]
) -> list[str]:
    """Write a finished run's figures; when it last succeeded is kept from the file before.

    Args:
        result: the run's result.
        ended: Unix time.

    Returns:
        What went wrong, in words. Never raises: nobody's month fails because of this.
    """
    try:
        write_metrics(path, {**_kept(path), **run_figures(result, ended=ended)}, labels)
    except (MissingExtra, NotReady) as error:
        return [str(error)]
    return []


def run_figures(result: Mapping[str, Any], *, ended: float) -> dict[str, Any]:
    """A run's result as figures of METRICS; what it does not hold is left out."""
    status = result.get("status")
    rows = _numbers(result.get("data") or {})
    looked_at = sum(rows.get(what, 0.0) for what in ("new", "changed", "quarantined"))
    found: dict[str, Any] = {
        RUN: ended,
        "scrubjay_retrain_status": {one: float(one == status) for one in STATUSES},
        "scrubjay_retrain_duration_seconds": _numbers(result.get("took_s") or {}),
        "scrubjay_retrain_items": rows,
        "scrubjay_retrain_warnings": float(len(result.get("warnings") or ())),
    }
    if "quarantined" in rows:
        found["scrubjay_retrain_quarantined_share"] = rows["quarantined"] / max(looked_at, 1)
    for side in ("champion", "challenger"):
        of_side = {name: of.get(side) for name, of in (result.get("figures") or {}).items()}
        found[f"scrubjay_retrain_{side}_figure"] = _numbers(of_side)
    if status in SUCCESSFUL:
        found[SUCCESS] = ended
    if status == "promoted":
        found[PROMOTION] = ended
    return found


class _Families:
    """What a Prometheus registry collects."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> list[Metric]:
        return self._families


def _family(name: str, value: float | Mapping[str, float], labels: Mapping[str, str]) -> Metric:
    from prometheus_client.core import GaugeMetricFamily

    if name not in METRICS:
        raise UnknownName("metric", name, METRICS)
    about, own = METRICS[name]
    family = GaugeMetricFamily(name, about, labels=[*labels, *([own] if own else [])])
    if isinstance(value, Mapping):
        for key, one in value.items():
            family.add_metric([*labels.values(), key], one)
    else:
        family.add_metric([*labels.values()], value)
    return family


def _kept(path: Path) -> dict[str, float]:
    """When runs last succeeded and promoted, from the file as it is; nothing from a broken one."""
    from prometheus_client.parser import text_string_to_metric_families

    try:
        families = list(text_string_to_metric_families(path.read_text("utf-8")))
    except (OSError, ValueError):
        return {}
    return {
        one.name: sample.value
        for one in families
        for sample in one.samples
        if one.name in (SUCCESS, PROMOTION)
    }


def _numbers(values: Mapping[str, Any]) -> dict[str, float]:
    return {str(name): float(one) for name, one in values.items() if _is_number(one)}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)

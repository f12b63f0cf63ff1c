"""Steps that make a challenger: fit, export."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from scrubjay.core.errors import TrainingFailed
from scrubjay.models.load import EXPORT_FOLDER
from scrubjay.retrain.month import Month
from scrubjay.retrain.month_fit import ENCODER, fit_month
from scrubjay.retrain.month_fit import FOLDER as FIT
from scrubjay.retrain.negatives import NAME as NEGATIVES
from scrubjay.retrain.negatives import forget_negatives, negatives_for
from scrubjay.retrain.run import Run
from scrubjay.retrain.start import build_encoder, version_node

VERSION = "version"
"""Folder of weights and graphs, below the run's."""


def fit(month: Month) -> Mapping[str, Any]:
    """Train from the champion on new items and some old ones, and choose between the two."""
    home, config = month.home, _named(month.plan.train, month.run.month)
    negatives = negatives_for(
        home,
        month.folder,
        config,
        month.taught_from,
        heard=month.heard,
        warn=lambda why: month.log.say("mined too little", step="fit", level="warning", why=why),
        progress=month.progress,
    )
    try:
        fitted = fit_month(
            Run(month.folder, config),
            items=month.taught_from,
            new=month.new,
            champion=home.registry.folder(month.champion) if month.champion else None,
            read=home.reader(),
            resume=(month.folder / FIT).exists(),
            settings=month.plan.fit,
            threads=home.settings.threads,
            provided=negatives,
            progress=month.progress,
        )
    except TrainingFailed as error:
        raise TrainingFailed(
            f"{error}: begin anew with `scrubjay retrain --restart`, since a run that goes on "
            f"keeps the settings it began with"
        ) from error
    forget_negatives(month.folder)
    table = negatives.get(NEGATIVES)
    return {
        "family": fitted.encoder.spec.name,
        "started_from": fitted.started_from,
        "alpha": fitted.alpha,
        "why": fitted.why,
        "scores": dict(fitted.scores),
        "metrics": dict(fitted.metrics),
        "learned_old": fitted.used_old,
        "learned_new": fitted.used_new,
        "attempts": [list(one) for one in fitted.attempts],
        **({"hard_negatives": len(table)} if isinstance(table, Mapping) else {}),
    }


def export(month: Month) -> Mapping[str, Any]:
    """Write the serving graphs beside the weights."""
    folder, native = month.folder / VERSION, month.folder / FIT / ENCODER
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(native, folder)
    encoder = build_encoder({"encoder": version_node(native, month.results["fit"]["family"])})
    (folder / EXPORT_FOLDER).mkdir()
    encoder.export(folder / EXPORT_FOLDER)
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {"bytes": sum(path.stat().st_size for path in files), "files": len(files)}


def _named(train: Mapping[str, Any], month: str) -> Mapping[str, Any]:
    """The fit's configuration with trackers that have no name of their own called by the month."""
    loggers = train.get("logger") or {}
    named = {
        key: {**node, "name": month} if "name" in node and node["name"] is None else node
        for key, node in loggers.items()
        if isinstance(node, Mapping)
    }
    return {**train, "logger": {**loggers, **named}} if named else train

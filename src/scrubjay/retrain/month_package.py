"""Steps that make a challenger a registered version: package, register."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from scrubjay import __version__
from scrubjay.models.load import load_version
from scrubjay.retrain.card import month_card
from scrubjay.retrain.month import Month
from scrubjay.retrain.month_judging import COMPARED, DECISION
from scrubjay.retrain.month_learning import VERSION
from scrubjay.retrain.revision import revision
from scrubjay.store.durable import write_durably
from scrubjay.training.secrets import masked

PACKAGE = "package.json"


def package(month: Month) -> Mapping[str, Any]:
    """Write down what the version is: lineage, figures, card."""
    fitted, compared = month.results["fit"], json.loads((month.folder / COMPARED).read_bytes())
    lineage: dict[str, Any] = {
        "run": month.run.id,
        "source": month.results["scan"]["source"],
        "snapshot": month.results["snapshot"]["snapshot"],
        "items": month.results["snapshot"]["items"],
        "months": sorted({item.month for item in month.learned_from}),
        "learned_new": fitted["learned_new"],
        "learned_old": fitted["learned_old"],
        "alpha": fitted["alpha"],
        "feedback": month.heard,
        "parent": month.champion,
        "scrubjay": __version__,
        "revision": revision(),
        "config": masked(month.plan.train),
        "forgotten": _forgotten(month),
    }
    metrics = {
        "fit": fitted["metrics"],
        # Registered files never change: nothing in them names an item.
        "held_out": {**compared["challenger"], "problems": []},
        "sets": month.results["evaluate"]["sets"],
        "found_among": month.results["evaluate"]["found_among"],
        "decision": json.loads((month.folder / DECISION).read_bytes()),
    }
    spec = load_version(month.folder / VERSION, threads=month.home.settings.threads).spec
    card = month_card(spec=spec, lineage=lineage, metrics=metrics)
    kept = json.dumps({"lineage": lineage, "metrics": metrics, "card": card}, ensure_ascii=False)
    write_durably(month.folder / PACKAGE, kept.encode("utf-8", "backslashreplace"), point="month")
    return {"bytes": month.results["export"]["bytes"], "dim": spec.dim}


def register(month: Month) -> Mapping[str, Any]:
    """Put the version into the registry."""
    kept = json.loads((month.folder / PACKAGE).read_bytes())
    version = month.home.registry.register(
        partial(_copy_into, month.folder / VERSION),
        month=month.run.month,
        lineage=kept["lineage"],
        metrics=kept["metrics"],
        card=kept["card"],
    )
    return {"version": version}


def _copy_into(folder: Path, staging: Path) -> None:
    shutil.copytree(folder, staging, dirs_exist_ok=True)


def _forgotten(month: Month) -> list[dict[str, Any]]:
    """What was forgotten on request, the version that served then, and what of it is in this one.

    Of what is forgotten while a run is going on, its snapshot may hold some.
    """
    home = month.home
    taken = set(home.catalog.read_snapshot(month.results["snapshot"]["snapshot"]).ids)
    return [
        {
            "at": str(one.at),
            "items": len(one.ids),
            "version": one.version,
            "learned": len(taken.intersection(one.ids)),
        }
        for one in home.forgotten.events()
    ]

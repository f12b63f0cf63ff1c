"""Steps that make a challenger and judge it: fit, export, evaluate, gate, package, register."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay import __version__
from scrubjay.core.errors import TrainingFailed
from scrubjay.core.protocols import Encoder
from scrubjay.core.types import Item, Modality
from scrubjay.evaluate.health import RowHealth, inspect_rows
from scrubjay.models.load import EXPORT_FOLDER, load_version
from scrubjay.retrain.card import month_card
from scrubjay.retrain.gating.frozen import comparisons, general, held_out, outcomes
from scrubjay.retrain.gating.gates import Comparison, Cost, decide
from scrubjay.retrain.gating.settings import Part
from scrubjay.retrain.month import Month
from scrubjay.retrain.month_drift import month_drift
from scrubjay.retrain.month_fit import ENCODER, fit_month
from scrubjay.retrain.month_fit import FOLDER as FIT
from scrubjay.retrain.revision import revision
from scrubjay.retrain.run import Run
from scrubjay.retrain.start import build_encoder, version_node
from scrubjay.retrain.views_file import save_views
from scrubjay.search.measure import Evaluation, evaluate_items
from scrubjay.search.scan import scan_folder
from scrubjay.store.durable import write_durably
from scrubjay.training.secrets import masked

VERSION, DECISION, COMPARED = "version", "decision.json", "compared.json"
PACKAGE = "package.json"
CHAMPION_VIEWS, CHALLENGER_VIEWS = "views-champion.npz", "views-challenger.npz"
LATENCY_QUERIES = 20
FEW = 200
"""Items looked at where none is held out."""


def fit(month: Month) -> Mapping[str, Any]:
    """Train from the champion on new items and some old ones, and choose between the two."""
    home = month.home
    try:
        fitted = fit_month(
            Run(month.folder, _named(month.plan.train, month.run.month)),
            items=month.learned_from,
            new=month.new,
            champion=home.registry.folder(month.champion) if month.champion else None,
            read=home.reader(),
            resume=(month.folder / FIT).exists(),
            settings=month.plan.fit,
            threads=home.settings.threads,
            progress=month.progress,
        )
    except TrainingFailed as error:
        raise TrainingFailed(
            f"{error}: begin anew with `scrubjay retrain --restart`, since a run that goes on "
            f"keeps the settings it began with"
        ) from error
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


def evaluate(month: Month) -> Mapping[str, Any]:
    """Measure both exported graphs on the same frozen sets: what is gated is what is served."""
    home = month.home
    frozen = held_out(month.learned_from, home.held.ids())
    challenger = load_version(month.folder / VERSION, threads=home.settings.threads)
    champion = (
        load_version(home.registry.folder(month.champion), threads=home.settings.threads)
        if month.champion
        else None
    )
    # Without a held-out item the embeddings can still be looked at.
    looked_at = frozen or month.learned_from[:FEW]
    mine = _measured(month, looked_at, challenger)
    theirs = None if champion is None else _measured(month, looked_at, champion)
    of = outcomes(
        mine.views if frozen else {},
        theirs.views if theirs else None,
        found_among=month.plan.evaluate.found_among,
    )
    sets = comparisons(
        of,
        frozen,
        new=month.new,
        month=month.run.month,
        slices={name: partial(_values, name) for name in month.plan.data.slices},
    )
    if month.plan.data.general is not None:
        sets.append(_general(month, challenger, champion))
    save_views(month.folder / CHALLENGER_VIEWS, mine.views)
    if theirs is not None:
        save_views(month.folder / CHAMPION_VIEWS, theirs.views)
    drifted = []
    if theirs is not None:
        groups = {item.group for item in frozen if item.id in month.new}
        drifted = month_drift(theirs.views, groups, month.plan.drift)
    kept = {
        "sets": [_set_to_json(one) for one in sets],
        "health": _health(mine).to_json(),
        "latency_ms": _latency(challenger, frozen),
        "champion": theirs.to_json() if theirs else None,
        "challenger": mine.to_json(),
    }
    write_durably(month.folder / COMPARED, json.dumps(kept).encode(), point="month")
    return {
        "frozen": len(frozen),
        "drift": [one.to_json() for one in drifted],
        "warnings": [one.statement for one in drifted if one.warns],
        "queries": len(of),
        "found_among": month.plan.evaluate.found_among,
        "sets": {
            one.name: {
                "part": one.part.value,
                "queries": len(one.groups),
                "challenger": _mean(one.challenger),
                "champion": None if one.champion is None else _mean(one.champion),
            }
            for one in sets
        },
    }


def gate(month: Month) -> Mapping[str, Any]:
    """Promote or refuse; what was refused is held back from learning until it is accepted."""
    compared = json.loads((month.folder / COMPARED).read_bytes())
    sets = [_set_from_json(one) for one in compared["sets"]]
    health = RowHealth(**compared["health"])
    told = _unjudged(sets, health)
    if told is None:
        decision = decide(
            sets,
            health=health,
            cost=Cost(month.results["export"]["bytes"], compared["latency_ms"]),
            settings=month.plan.gate,
        ).to_json()
    else:
        decision = {"promoted": False, "reasons": [told], "notes": [], "checks": []}
    write_durably(month.folder / DECISION, json.dumps(decision).encode(), point="month")
    if not decision["promoted"]:
        month.home.held.hold(
            run=month.run.id,
            month=month.run.month,
            reason="; ".join(decision["reasons"]),
            ids=month.new,
        )
    return {name: decision[name] for name in ("promoted", "reasons", "notes")}


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


def _named(train: Mapping[str, Any], month: str) -> Mapping[str, Any]:
    """The fit's configuration with trackers that have no name of their own called by the month."""
    loggers = train.get("logger") or {}
    named = {
        key: {**node, "name": month} if "name" in node and node["name"] is None else node
        for key, node in loggers.items()
        if isinstance(node, Mapping)
    }
    return {**train, "logger": {**loggers, **named}} if named else train


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


def _health(measured: Evaluation) -> RowHealth:
    """Of all embeddings, also those no query meets because they hold no numbers."""
    seen, broken = inspect_rows(one.vectors for one in measured.views.values()), measured.not_finite
    return replace(seen, rows=seen.rows + broken, not_finite=seen.not_finite + broken)


def _unjudged(sets: Sequence[Comparison], health: RowHealth) -> str | None:
    held = next(one for one in sets if one.part is Part.HELD_OUT)
    if held.champion is None or len(held.groups):
        return None
    why = (
        f": {health.not_finite} of {health.rows} embeddings hold numbers that are not finite"
        if health.not_finite
        else ""
    )
    return f"{held.name}: no held-out query can be asked, so no gain can be shown{why}"


def _measured(month: Month, items: Sequence[Item], encoder: Encoder) -> Evaluation:
    return evaluate_items(
        items,
        encoder,
        read=month.home.reader(),
        limits=month.home.settings.limits,
        threads=month.home.settings.threads,
        progress=month.progress,
    )


def _general(month: Month, challenger: Encoder, champion: Encoder | None) -> Comparison:
    scan = scan_folder(
        Path(str(month.plan.data.general)),
        month=month.run.month,
        limits=month.home.settings.limits,
        progress=month.progress,
        threads=month.home.settings.threads,
    )
    mine = _measured(month, scan.items, challenger).views
    theirs = None if champion is None else _measured(month, scan.items, champion).views
    return general(outcomes(mine, theirs, found_among=month.plan.evaluate.found_among))


def _values(name: str, item: Item) -> Collection[str]:
    """An item's values of what a slice is named after."""
    if name == "language":
        return [item.language] if item.language else []
    if name == "tag":
        return item.tags
    value = item.attributes.get(name)
    if value is None:
        return []
    return value if isinstance(value, tuple) else [str(value)]


def _latency(encoder: Encoder, items: Sequence[Item]) -> float | None:
    """Median milliseconds of one text query; None where there is none to ask."""
    texts = [caption for item in items for caption in item.captions][:LATENCY_QUERIES]
    if not texts or Modality.TEXT not in encoder.spec.modalities:
        return None
    took = []
    for text in texts:
        began = time.perf_counter()
        encoder.encode(Modality.TEXT, [text])
        took.append(1000 * (time.perf_counter() - began))
    return round(median(took), 3)


def _set_to_json(one: Comparison) -> dict[str, Any]:
    return {
        "name": one.name,
        "part": one.part.value,
        "groups": [str(group) for group in one.groups],
        "challenger": one.challenger.tolist(),
        "champion": None if one.champion is None else one.champion.tolist(),
    }


def _set_from_json(kept: Mapping[str, Any]) -> Comparison:
    champion = kept["champion"]
    return Comparison(
        kept["name"],
        Part(kept["part"]),
        np.array(kept["groups"], np.str_),
        np.array(kept["challenger"], np.float64),
        None if champion is None else np.array(champion, np.float64),
    )


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if len(values) else None

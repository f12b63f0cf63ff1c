"""Steps that judge a challenger: evaluate, gate."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.protocols import Encoder
from scrubjay.core.types import Item, Modality
from scrubjay.evaluate.health import RowHealth, inspect_rows
from scrubjay.models.load import load_version
from scrubjay.retrain.gating.frozen import comparisons, general, held_out, outcomes
from scrubjay.retrain.gating.gates import Comparison, Cost, decide
from scrubjay.retrain.gating.settings import Part
from scrubjay.retrain.month import Month
from scrubjay.retrain.month_drift import month_drift
from scrubjay.retrain.month_learning import VERSION
from scrubjay.retrain.views_file import save_views
from scrubjay.search.measure import Evaluation, evaluate_items
from scrubjay.search.scan import scan_folder
from scrubjay.store.durable import write_durably

DECISION, COMPARED = "decision.json", "compared.json"
CHAMPION_VIEWS, CHALLENGER_VIEWS = "views-champion.npz", "views-challenger.npz"
LATENCY_QUERIES = 20
FEW = 200
"""Items looked at where none is held out."""


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
        new=challenger.spec.modalities - champion.spec.modalities if champion else (),
        lost=_lost(challenger, champion),
    )
    sets = comparisons(
        of,
        frozen,
        new=month.judged,
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
        groups = {item.group for item in frozen if item.id in month.judged}
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
    if along := len(month.new - month.judged):
        decision["notes"] = [*decision["notes"], f"learned along: {along} accepted items"]
    write_durably(month.folder / DECISION, json.dumps(decision).encode(), point="month")
    if not decision["promoted"]:
        month.home.held.hold(
            run=month.run.id,
            month=month.run.month,
            reason="; ".join(decision["reasons"]),
            ids=month.judged,
            judged=True,
        )
    return {name: decision[name] for name in ("promoted", "reasons", "notes")}


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
    among = month.plan.evaluate.found_among
    return general(outcomes(mine, theirs, found_among=among, lost=_lost(challenger, champion)))


def _lost(challenger: Encoder, champion: Encoder | None) -> Collection[Modality]:
    """What the challenger has no tower for, and the champion has."""
    return champion.spec.modalities - challenger.spec.modalities if champion else ()


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

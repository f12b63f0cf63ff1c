"""Steps that put a promoted version before its users: bridge, publish, embed, publish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrubjay.core.errors import Conflict
from scrubjay.core.types import Champion
from scrubjay.retrain.bridging import learn_bridges, plan_bridge
from scrubjay.retrain.calibration import refit
from scrubjay.retrain.month import Month
from scrubjay.retrain.month_judging import CHALLENGER_VIEWS, CHAMPION_VIEWS
from scrubjay.retrain.retention import retire
from scrubjay.retrain.serving import serve_bridged, upgrade
from scrubjay.retrain.views_file import load_views


def bridge(month: Month) -> Mapping[str, Any]:
    """Map the champion's rows into the new version's space, if that is good enough to search."""
    if month.champion is None or not (month.folder / CHAMPION_VIEWS).exists():
        return {"ready": False, "why": "there was no champion to map from", "bridges": {}}
    old = month.home.generations.open(month.results["snapshot"]["generation"])
    learned = learn_bridges(
        load_views(month.folder / CHAMPION_VIEWS),
        load_views(month.folder / CHALLENGER_VIEWS),
        source=month.champion,
        target=month.version,
        stored=old.modalities(),
        on_problem=lambda modality, why: month.log.say(
            "no bridge", step="bridge", level="warning", modality=modality.value, why=why
        ),
    )
    plan = plan_bridge(old, month.version, learned, min_recall=month.plan.bridge.min_recall)
    served = serve_bridged(
        month.home,
        month.version,
        learned,
        min_recall=month.plan.bridge.min_recall,
        progress=month.progress,
    )
    return {
        "ready": served is not None,
        "why": plan.statement,
        "bridges": {modality.value: one.to_json() for modality, one in learned.items()},
    }


def publish(month: Month) -> Mapping[str, Any]:
    """Serve the mapped rows at once; without a bridge the old champion serves on."""
    if not month.results["bridge"]["ready"]:
        return {"published": False}
    return _published(month)


def embed(month: Month) -> Mapping[str, Any]:
    """Re-embed mapped rows one by one, and embed what has no row yet."""
    done = upgrade(month.home, month.version, limit=month.plan.embed.limit, progress=month.progress)
    for problem in done.problems:
        month.log.say(
            "no row", step="embed", item=problem.path, level="warning", why=problem.reason
        )
    return {
        "rows": done.rows,
        "items": done.items,
        "mapped": done.mapped,
        "skipped": dict(done.skipped),
    }


def complete(month: Month) -> Mapping[str, Any]:
    """Serve the version if nothing allowed it before, and remove generations nobody needs.

    What is close enough to a query is fitted first: mapped rows lie otherwise than embedded ones.
    """
    fitted = refit(month.home, Champion(month.version, month.version), progress=month.progress)
    published = _published(month)
    # What was uploaded since `embed` looked is only in what served until now.
    upgrade(month.home, month.version, limit=0, progress=month.progress)
    removed = retire(month.home, keep=month.plan.retain.generations)
    cutoff = {"cuts": list(fitted.laws), "never": dict(fitted.untold)}
    return {**published, "removed": list(removed), "cutoff": cutoff}


def _published(month: Month) -> dict[str, Any]:
    """Move the pointer from the champion this run began with; fenced by the lease."""
    month.lease.check()
    wanted = Champion(month.version, month.version)
    now = month.home.registry.champion()
    if now != wanted:
        served = month.results["snapshot"]["serving"]
        if (now.version if now else None) != served:
            raise Conflict(
                f"the champion is {now.version if now else 'none'} by now, not {served} as "
                f"when this run looked at its data; nothing was published. Serve the new version "
                f"with `scrubjay champion set {month.version}`, or begin anew with "
                f"`scrubjay retrain --restart`"
            )
        if now is not None:
            month.home.served.note(now)
        month.home.registry.publish(wanted, expected=now, fence=month.lease.token)
    return {"published": True, "version": wanted.version, "generation": wanted.generation}

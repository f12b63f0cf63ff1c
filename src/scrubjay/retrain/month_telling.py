"""The last step: say what came of the month, to people and to machines."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scrubjay.retrain.month import Month
from scrubjay.retrain.month_data import DROP, VERDICT, read_verdict
from scrubjay.retrain.month_fit import ENCODER
from scrubjay.retrain.month_fit import FOLDER as FIT
from scrubjay.retrain.month_judging import (
    CHALLENGER_VIEWS,
    CHAMPION_VIEWS,
    COMPARED,
    DECISION,
)
from scrubjay.retrain.month_learning import VERSION
from scrubjay.retrain.month_package import PACKAGE
from scrubjay.retrain.month_report import write_month_report
from scrubjay.retrain.telling.masks import Masks
from scrubjay.retrain.telling.message import message
from scrubjay.retrain.telling.notify import Notifier
from scrubjay.retrain.telling.textfile import FILE, write_run
from scrubjay.training.run_files import CHECKPOINTS

FAILED, PROMOTED, REFUSED = "failed", "promoted", "refused"
SHOWN = 20
"""Quarantined files a message names."""
REPORT = "report.html"


def notify(month: Month) -> Mapping[str, Any]:
    """Write the report and the metrics, and send the message; nothing here fails the run."""
    result = result_of(month)
    write_month_report(month.folder / REPORT, result, month.folder / DECISION)
    return {"problems": _told(month, result), "result": result}


def finish(month: Month) -> Mapping[str, Any]:
    """Close the run: keep the result, drop what only its steps needed."""
    told = month.results["notify"]
    result = {**told["result"], "not_told": told["problems"], "took_s": dict(month.seconds)}
    spent = [month.folder / VERSION, month.folder / FIT / ENCODER]
    for folder in [*spent, *month.folder.glob(f"{FIT}/**/{CHECKPOINTS}")]:
        shutil.rmtree(folder, ignore_errors=True)
    # What shows single items goes, so that forgetting one need not look for it here.
    for name in (DROP, VERDICT, COMPARED, PACKAGE, CHAMPION_VIEWS, CHALLENGER_VIEWS):
        (month.folder / name).unlink(missing_ok=True)
    month.run.finish(result)
    return result


def failed(month: Month, error: BaseException) -> Mapping[str, Any]:
    """Say that a run failed; it stays unfinished, and the next call goes on with it."""
    result = {
        **result_of(month),
        "status": FAILED,
        "error": Masks().text(f"{type(error).__name__}: {error}"),
    }
    month.log.say("run failed", level="error", error=result["error"])
    _told(month, result)
    return result


def result_of(month: Month) -> dict[str, Any]:
    """The run in one JSON object: what `scrubjay retrain --json` prints and the history keeps."""
    results = month.results
    taken, gated = results.get("snapshot", {}), results.get("gate", {})
    found, checked = results.get("scan", {}), results.get("validate", {})
    status = taken.get("ends") or (PROMOTED if gated.get("promoted") else REFUSED)
    return {
        "run": month.run.id,
        "month": month.run.month,
        "status": status,
        "version": results.get("register", {}).get("version"),
        "champion": results.get("register", {}).get("version") or taken.get("serving"),
        "reasons": list(gated.get("reasons") or taken.get("reasons") or ()),
        "notes": [*gated.get("notes", ()), *_mapped(results)],
        "warnings": [
            *checked.get("warnings", ()),
            *results.get("evaluate", {}).get("warnings", ()),
        ],
        "data": {
            "new": found.get("added", 0),
            "changed": found.get("changed", 0),
            "gone": found.get("gone", 0),
            "items": taken.get("items", 0),
            "to_learn": taken.get("to_learn", 0),
            "to_judge": taken.get("to_judge", 0),
            "quarantined": checked.get("bad", found.get("unusable", 0)),
            "held": taken.get("held", 0)
            + (len(taken["new"]) if status == REFUSED and taken else 0),
        },
        "alpha": results.get("fit", {}).get("alpha"),
        "figures": results.get("evaluate", {}).get("sets", {}),
        "found_among": results.get("evaluate", {}).get("found_among"),
        "bridge": results.get("bridge", {}).get("bridges", {}),
        "quarantined": _quarantined(month),
        "report": str(month.folder / REPORT),
        "took_s": dict(month.seconds),
        "error": None,
    }


def _mapped(results: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What the limit of this run left for another."""
    left = results.get("embed", {}).get("mapped", 0)
    if not left:
        return []
    version = results["register"]["version"]
    return [
        f"{left} items are found by mapped vectors still: embed.limit was reached; the next run "
        f"goes on, or `scrubjay champion set {version}` embeds them all"
    ]


def _quarantined(month: Month) -> list[dict[str, str]]:
    """What was set aside in this run, the first few."""
    if "validate" not in month.results or not (month.folder / VERDICT).exists():
        return []
    bad = read_verdict(month).bad[:SHOWN]
    return [{"path": one.path, "reason": one.reason} for one in bad]


def _told(month: Month, result: Mapping[str, Any]) -> list[str]:
    kind, title, body = message(result)
    report = month.folder / REPORT
    problems = Notifier(month.plan.notify).tell(
        kind, title, body, attach=report if report.exists() else None
    )
    if month.plan.metrics.folder is not None:
        problems += write_run(
            Path(month.plan.metrics.folder) / FILE,
            result,
            ended=time.time(),
            labels={"home": month.home.path.name},
        )
    for problem in problems:
        month.log.say("not told", step="notify", level="warning", why=problem)
    return problems

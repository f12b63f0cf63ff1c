"""The steps from items to a registered version, one function each."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

from scrubjay import __version__
from scrubjay.core.protocols import Progress, TrainableEncoder
from scrubjay.core.types import Split
from scrubjay.models.load import load_version
from scrubjay.retrain.card import model_card
from scrubjay.retrain.marks import taught
from scrubjay.retrain.negatives import forget_negatives, negatives_for
from scrubjay.retrain.revision import revision
from scrubjay.retrain.run import Run
from scrubjay.retrain.source import Source, this_month
from scrubjay.search.measure import Evaluation, evaluate_items
from scrubjay.store.home import Home
from scrubjay.training.fit import Fitted, fit
from scrubjay.training.secrets import masked


def fit_run(
    home: Home,
    run: Run,
    source: Source,
    *,
    resume: bool,
    progress: Progress,
    leads: bool = True,
) -> Fitted:
    """Train as the run's configuration says; a killed fit goes on from its last checkpoint.

    Args:
        leads: whether this is the only process, or the first of several.
    """
    items = taught(source.items, home.feedback.judgements(until=run.heard))
    negatives = negatives_for(
        home, run.folder, run.config, items, heard=run.heard, leads=leads, progress=progress
    )
    fitted = fit(
        run.config,
        run=run.folder,
        provided={"items": items, "read": home.reader(), **negatives},
        resume=resume,
        leads=leads,
        progress=progress,
    )
    if leads:
        forget_negatives(run.folder)
    return fitted


def export_run(run: Run, encoder: TrainableEncoder) -> Path:
    """Write the native weights and the serving graphs into the run's folder."""
    folder = run.folder / "version"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "export").mkdir(parents=True)
    encoder.save_pretrained(folder)
    encoder.export(folder / "export")
    return folder


def evaluate_export(
    home: Home, folder: Path, source: Source, *, progress: Progress
) -> Evaluation | None:
    """Measure the exported graphs on the held-out part: what is measured is what is served.

    Returns:
        None when the source has no held-out items.
    """
    for split in (Split.TEST, Split.VAL):
        held_out = [item for item in source.items if item.split is split]
        if held_out:
            encoder = load_version(folder, threads=home.settings.threads)
            return evaluate_items(
                held_out,
                encoder,
                read=home.reader(),
                limits=home.settings.limits,
                threads=home.settings.threads,
                progress=progress,
            )
    return None


def register_run(
    home: Home,
    run: Run,
    folder: Path,
    *,
    source: Source,
    fitted: Fitted,
    evaluation: Evaluation | None,
) -> str:
    """Move the run's version into the registry with metrics, lineage and card; return its id."""
    spec = load_version(folder, threads=home.settings.threads).spec
    champion = home.registry.champion()
    # Registered files never change: nothing in them names an item.
    held_out = {**evaluation.to_json(), "problems": []} if evaluation else None
    lineage: dict[str, Any] = {
        "run": run.id,
        "source": source.name,
        "items": len(source.items),
        "feedback": run.heard,
        "parent": champion.version if champion else None,
        "scrubjay": __version__,
        "revision": revision(),
        "config": masked(run.config),
    }
    card = model_card(
        spec=spec,
        lineage=lineage,
        directions=held_out["directions"] if held_out else (),
        split=held_out["split"] if held_out else None,
        fitted=fitted.metrics,
    )
    return home.registry.register(
        partial(_copy_into, folder),
        month=this_month(),
        lineage=lineage,
        metrics={"fit": dict(fitted.metrics), "held_out": held_out},
        card=card,
    )


def _copy_into(folder: Path, staging: Path) -> None:
    shutil.copytree(folder, staging, dirs_exist_ok=True)


def figures(evaluation: Evaluation) -> dict[str, float]:
    """An evaluation as flat figures: `test/text->image/recall@10` and so on."""
    return {
        f"{evaluation.split}/{direction.name}/recall@{k}": estimate.value
        for direction in evaluation.directions
        for k, estimate in direction.recall.items()
    }

"""One training, from items to a registered version: what `scrubjay train` does."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrubjay.core.protocols import Progress, TrainableEncoder
from scrubjay.retrain import steps
from scrubjay.retrain.calibration import refit_if_grown
from scrubjay.retrain.helping import help_fit, is_helper, let_help, run_name
from scrubjay.retrain.run import Run, begin, unfinished
from scrubjay.retrain.serving import embed_version, publish
from scrubjay.retrain.shipped import gives_way
from scrubjay.retrain.source import Source, training_source
from scrubjay.store.home import Home


@dataclass(frozen=True, slots=True)
class Trained:
    """What one training did.

    Attributes:
        version: the registered version; None when the run trained something else than an encoder.
        parent: the champion's version when it was registered.
        promoted: whether it became champion: the first version does by itself.
        metrics: name -> figure, of the fit and of the exported graphs on the held-out part.
        leads: whether this process did more than help another to fit.
    """

    run: Path
    version: str | None
    metrics: Mapping[str, float]
    parent: str | None = None
    promoted: bool = False
    generation: str | None = None
    leads: bool = True


def train_once(
    home: Home,
    config: Mapping[str, Any],
    *,
    resume: bool,
    progress: Progress,
    name: str | None = None,
    snapshot: str | None = None,
    serve: bool = True,
) -> Trained:
    """Fit, export, evaluate the export, register, and serve it when nothing of the owner's does.

    Args:
        config: the composed configuration; ignored with `resume`, which goes on with an unfinished
            run's own.
        resume: go on with the run `name`, or with the newest that is unfinished.
        name: of the run; None: $SCRUBJAY_RUN, else as the clock says.
        snapshot: what a new run learns from; None: of now.
        serve: whether the first version of the owner's is served by itself.
    """
    if is_helper():
        return Trained(help_fit(home, resume=resume), None, {}, leads=False)
    run, source = (
        _resumed(home, name, progress)
        if resume
        else _begun(home, config, name or run_name(), snapshot, progress)
    )
    try:
        with let_help(run):
            fitted = steps.fit_run(home, run, source, resume=resume, progress=progress)
    except Exception as error:
        run.failed(error)
        raise
    encoder = fitted.objects.get("encoder")
    if not isinstance(encoder, TrainableEncoder):
        run.finish({"version": None})
        return Trained(run.folder, None, fitted.metrics)
    folder = steps.export_run(run, encoder)
    evaluation = steps.evaluate_export(home, folder, source, progress=progress)
    parent = home.registry.champion()
    version = steps.register_run(
        home, run, folder, source=source, fitted=fitted, evaluation=evaluation
    )
    served = None
    if serve and (parent is None or gives_way(home, parent.version)):
        served = embed_version(home, version, progress=progress)
        refit_if_grown(home, served, progress=progress)
        publish(home, served)
    run.finish({"version": version})
    shutil.rmtree(folder)  # the registry holds it now
    return Trained(
        run=run.folder,
        version=version,
        metrics={**fitted.metrics, **(steps.figures(evaluation) if evaluation else {})},
        parent=parent.version if parent else None,
        promoted=served is not None,
        generation=served.generation if served else None,
    )


def _begun(
    home: Home,
    config: Mapping[str, Any],
    name: str | None,
    snapshot: str | None,
    progress: Progress,
) -> tuple[Run, Source]:
    source = training_source(home, config, snapshot=snapshot, progress=progress)
    run = begin(home.runs, config, snapshot=source.snapshot, heard=source.heard, name=name)
    return run, source


def _resumed(home: Home, name: str | None, progress: Progress) -> tuple[Run, Source]:
    """The unfinished run and what it began with, whatever was added since."""
    run = unfinished(home.runs, name)
    return run, training_source(home, run.config, snapshot=run.snapshot, progress=progress)

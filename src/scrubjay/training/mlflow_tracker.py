"""MLflow: a database in the run's folder, or a tracking server of the owner's."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from lightning.pytorch.loggers import MLFlowLogger

from scrubjay.core.errors import BadConfig, MissingExtra, TrainingFailed
from scrubjay.core.types import Picture

FOLDER = "mlflow"
DATABASE = "mlflow.db"
ABOUT_WHOEVER_RUNS_IT = {"mlflow.user": "", "mlflow.source.name": "scrubjay"}
"""What MLflow would fill with the account and the command line."""
PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
"""Its own are 7 tries of 2 minutes each."""


def mlflow_tracker(
    run: str, *, experiment: str = "scrubjay", name: str | None = None, uri: str | None = None
) -> MLFlowLogger:
    """MLflow without telemetry: a SQLite file and pictures in `run`/mlflow unless `uri` is given.

    `mlflow ui --backend-store-uri sqlite:///RUN/mlflow/mlflow.db` shows them.

    Args:
        run: the run's folder.
        experiment: what runs are gathered under.
        name: of the run; by default its folder's.
        uri: of a tracking server; who is asking comes from $MLFLOW_TRACKING_USERNAME and
            $MLFLOW_TRACKING_PASSWORD, or $MLFLOW_TRACKING_TOKEN, only.

    Raises:
        BadConfig: a name and password in the address, or a server that does not answer.
        MissingExtra: MLflow is not installed.
    """
    if uri is not None and urlsplit(uri).username is not None:
        raise BadConfig(
            "logger.mlflow.uri holds a name or password, and a configuration is kept with the run; "
            "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD in the environment instead"
        )
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    for setting, value in PATIENCE.items():
        os.environ.setdefault(setting, value)
    for chatty in ("mlflow", "alembic", "lightning.pytorch.loggers.mlflow"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    try:
        import mlflow.exceptions
        import sqlalchemy  # noqa: F401 - of the database in the run's folder
    except ModuleNotFoundError as error:
        raise MissingExtra("logger=mlflow", "mlflow") from error
    folder = Path(run).resolve() / FOLDER
    if uri is None:
        folder.mkdir(parents=True, exist_ok=True)
    try:
        tracker = _Mlflow(
            experiment_name=experiment,
            run_name=name or Path(run).name,
            tracking_uri=uri or f"sqlite:///{folder / DATABASE}",
            artifact_location=None if uri else folder.as_uri(),
            tags=dict(ABOUT_WHOEVER_RUNS_IT),
        )
        _ = tracker.run_id  # begins the run, which is when a server is asked
    except mlflow.exceptions.MlflowException as error:
        why = str(error).splitlines()[0][:300]
        raise BadConfig(
            f"MLflow cannot track this run at {uri or folder} ({why}); start the server, mend "
            f"logger.mlflow.uri, or leave it out to keep a database with the run"
        ) from error
    return tracker


class _Mlflow(MLFlowLogger):
    """Lightning's tracker under names that MLflow takes; a server that goes away is named."""

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        import mlflow.exceptions

        try:
            super().log_metrics(
                {name.replace("@", "_at_"): value for name, value in metrics.items()}, step
            )
        except mlflow.exceptions.MlflowException as error:
            raise TrainingFailed(
                f"MLflow no longer takes what is measured ({str(error).splitlines()[0][:300]}); "
                f"go on with scrubjay train --resume once it does"
            ) from error


def log_picture_to_mlflow(tracker: MLFlowLogger, name: str, picture: Picture, step: int) -> None:
    """Keep a picture as the run's artifact `name/STEP.png`."""
    from PIL import Image

    client = cast("Any", tracker.experiment)
    file = f"{name}/{step:06d}.png"
    client.log_image(tracker.run_id, Image.fromarray(picture), artifact_file=file)

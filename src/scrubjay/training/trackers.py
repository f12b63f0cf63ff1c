"""Experiment trackers, all writing inside the run's folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import Logger, MLFlowLogger, TensorBoardLogger, WandbLogger

from scrubjay.core.errors import BadConfig, MissingExtra
from scrubjay.core.types import Picture
from scrubjay.training.mlflow_tracker import log_picture_to_mlflow


def wandb_tracker(
    run: str, *, project: str = "scrubjay", name: str | None = None, offline: bool = True
) -> WandbLogger:
    """Weights & Biases: offline unless told otherwise, files in `run`/wandb.

    It records what is logged to it: not the console, the code, the command line, the environment,
    nor the machine. `wandb sync` uploads an offline run later.

    Args:
        run: the run's folder.
        offline: False sends to the server; the key comes from $WANDB_API_KEY or ~/.netrc only.

    Raises:
        BadConfig: online without a key, which would stop at a prompt.
        MissingExtra: wandb is not installed.
    """
    if not offline and not (os.environ.get("WANDB_API_KEY") or (Path.home() / ".netrc").exists()):
        raise BadConfig(
            "logger.wandb.offline=false needs a key: set WANDB_API_KEY in the environment, or "
            "leave the run offline and `wandb sync` it later"
        )
    try:
        import wandb
    except ModuleNotFoundError as error:
        raise MissingExtra("logger=wandb", "train") from error
    settings = wandb.Settings(
        console="off",
        silent=True,
        disable_code=True,
        save_code=False,
        disable_git=True,
        disable_job_creation=True,
        x_disable_meta=True,
        x_disable_machine_info=True,
        x_disable_stats=True,
        x_save_requirements=False,
    )
    for place in ("CACHE", "DATA", "ARTIFACT"):  # else it leaves logs and copies in the user's home
        os.environ.setdefault(f"WANDB_{place}_DIR", str(Path(run) / "wandb"))
    return _Wandb(
        project=project,
        name=name or Path(run).name,
        version=Path(run).name,
        save_dir=run,
        offline=offline,
        log_model=False,
        settings=settings,
    )


class _Wandb(WandbLogger):
    """Lightning's tracker without the argument that wandb warns of on every run."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - Lightning's own
        super().__init__(**settings)
        self._wandb_init.pop("anonymous", None)


def log_picture(loggers: Iterable[Logger], name: str, picture: Picture, step: int) -> None:
    """Show a picture in every tracker that can."""
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            logger.log_image(key=name, images=[picture], step=step)
        elif isinstance(logger, TensorBoardLogger):
            logger.experiment.add_image(name, picture, step, dataformats="HWC")
        elif isinstance(logger, MLFlowLogger):
            log_picture_to_mlflow(logger, name, picture, step)


def log_config(loggers: Iterable[Logger], config: dict[str, Any]) -> None:
    """Note the run's settings; the caller has masked secrets."""
    for logger in loggers:
        logger.log_hyperparams(config)


def close(loggers: Iterable[Logger]) -> None:
    """End trackers that would otherwise stay open until the process ends; all is on disk then."""
    for logger in loggers:
        if isinstance(logger, WandbLogger):
            import wandb

            logger.experiment.finish()
            wandb.teardown()  # finish() may return before the service has written its last records

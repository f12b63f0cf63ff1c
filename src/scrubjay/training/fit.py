"""Fitting any LightningModule a configuration describes. Knows nothing of encoders.

A run's folder holds `config.yaml` (resolved, secrets masked), `checkpoints/last.ckpt` after every
epoch, `checkpoints/best.ckpt`, and what trackers and callbacks write.
"""

from __future__ import annotations

import logging
import signal
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml  # type: ignore[import-untyped]
from lightning.pytorch import (
    Callback,
    LightningDataModule,
    LightningModule,
    Trainer,
    seed_everything,
)
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import Logger

from scrubjay.core.errors import BadConfig, TrainingFailed
from scrubjay.core.protocols import Progress, silent
from scrubjay.training.callbacks import FiniteTraining, FitProgress, StepSeeds, final_metrics
from scrubjay.training.checkpoints import DurableCheckpoints, load_checkpoint, write_text
from scrubjay.training.instantiate import PARTIAL, instantiate
from scrubjay.training.run_files import CHECKPOINTS, CONFIG, LAST, PANELS
from scrubjay.training.secrets import masked
from scrubjay.training.trackers import close, log_config

FREE_TO_CHANGE = ("trainer", "callbacks", "logger")
"""Nodes a resumed run may have otherwise than it began with."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a fit leaves behind.

    Attributes:
        objects: every top-level node of the configuration, built; the model holds the weights kept.
        metrics: name to figure, of the weights kept where validation could measure them.
        best: the best checkpoint by the monitored metric; None without one.
        last: the newest checkpoint; None when nothing wrote one.
        epochs: epochs trained in all.
        resumed: whether it went on from a checkpoint.
    """

    objects: Mapping[str, object]
    metrics: Mapping[str, float]
    best: Path | None
    last: Path | None
    epochs: int
    resumed: bool


def fit(
    config: Mapping[str, Any],
    *,
    run: Path,
    provided: Mapping[str, object] | None = None,
    resume: bool = False,
    leads: bool = True,
    progress: Progress = silent,
) -> Fitted:
    """Build what the configuration describes, train it, and keep the best weights.

    Args:
        config: plain nodes `model` and `trainer`; `datamodule`, `callbacks`, `logger` and any other
            as the model needs; plain values `seed`, `trust` (packages) and `keep` (best or last).
        run: the run's folder.
        provided: objects that `_ref_` may name, besides `run`, `checkpoints` and `panels`
            (folders, as text) and `progress`.
        resume: go on from the last checkpoint; from the beginning when there is none yet.
        leads: whether this is the only process, or the first of several; the others write nothing.
        progress: told of every batch.

    Raises:
        BadConfig: something cannot be built, or a resumed run is not configured as it began.
        TrainingFailed: the loss or a gradient is not finite, or memory ran out. The last
            checkpoint is from before.
        Damaged: the checkpoint to resume from cannot be loaded.
    """
    last = run / CHECKPOINTS / LAST
    if leads:
        _prepare(config, run, resume=resume, begun=last.exists())
    seed = int(config.get("seed", 0))
    seed_everything(seed, verbose=False)
    objects = _build(config, run, {**(provided or {}), "progress": progress})
    trainer = _trainer(objects, run, [StepSeeds(seed), FiniteTraining(), FitProgress(progress)])
    model, data = _model(objects), _datamodule(objects)
    resumed = resume and last.exists()
    log_config(trainer.loggers, masked(config))
    try:
        with _quiet(), _failures():
            trainer.fit(model, datamodule=data, ckpt_path=last if resumed else None)
            epochs = trainer.current_epoch
            best = _best(trainer) if config.get("keep", "best") == "best" else None
            metrics = final_metrics(trainer)
            if best is not None:
                model.load_state_dict(load_checkpoint(best)["state_dict"])
                trainer.validate(model, datamodule=data, verbose=False)
                metrics |= final_metrics(trainer)
    finally:
        close(trainer.loggers)
    model.eval()
    objects["trainer"] = trainer
    return Fitted(
        objects=objects,
        metrics=metrics,
        best=best,
        last=last if last.exists() else None,
        epochs=epochs,
        resumed=resumed,
    )


def _prepare(config: Mapping[str, Any], run: Path, *, resume: bool, begun: bool) -> None:
    """Write the resolved configuration, or hold a resumed run to the one it began with."""
    for node in ("model", "trainer"):
        if not isinstance(config.get(node), Mapping):
            raise BadConfig(f"a configuration to fit needs a node {node!r} with a _target_")
    if config.get("keep", "best") not in {"best", "last"}:
        raise BadConfig(f"keep must be best or last, not {config['keep']!r}")
    path = run / CONFIG
    kept = masked(config)
    if resume and path.exists():
        before = yaml.safe_load(path.read_text(encoding="utf-8"))
        changed = [
            line
            for line in _differences(before, yaml.safe_load(yaml.safe_dump(kept)))
            if line.split(".")[0] not in FREE_TO_CHANGE
        ]
        if changed:
            raise BadConfig(
                f"{run} began with another configuration ({'; '.join(changed)}); resume it with "
                f"its own, or start a new run"
            )
    elif begun:
        raise BadConfig(f"{run} holds a training already: resume it, or choose another folder")
    run.mkdir(parents=True, exist_ok=True)
    write_text(path, yaml.safe_dump(kept, sort_keys=False, allow_unicode=True))


def _differences(before: Any, now: Any, where: str = "") -> list[str]:  # noqa: ANN401 - plain data
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        return [
            line
            for key in dict.fromkeys([*before, *now])
            for line in _differences(
                before.get(key), now.get(key), f"{where}.{key}" if where else str(key)
            )
        ]
    return [] if before == now else [f"{where}: {before!r} then, {now!r} now"]


def _build(config: Mapping[str, Any], run: Path, provided: dict[str, object]) -> dict[str, object]:
    provided.update(run=str(run), checkpoints=str(run / CHECKPOINTS), panels=str(run / PANELS))
    nodes = {**config, "trainer": {**config["trainer"], PARTIAL: True}}
    return instantiate(nodes, provided=provided, trust=config.get("trust") or ())


def _trainer(objects: Mapping[str, object], run: Path, ours: list[Callback]) -> Trainer:
    """The configured Trainer with callbacks, trackers and our checkpoints plugged in."""
    make: Any = objects["trainer"]
    callbacks = [one for one in _members(objects, "callbacks") if isinstance(one, Callback)]
    loggers = [one for one in _members(objects, "logger") if isinstance(one, Logger)]
    settings = {
        "default_root_dir": str(run),
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "plugins": [DurableCheckpoints()],
        "callbacks": [*ours, *callbacks],
        "logger": loggers or False,
    }
    chosen = [key for key in settings if key in make.keywords]
    if chosen:
        raise BadConfig(f"trainer.{chosen[0]} is set by the run itself; remove it")
    # Without a checkpoint callback of the user's, Lightning adds its own where nobody looks.
    settings["enable_checkpointing"] = any(isinstance(one, ModelCheckpoint) for one in callbacks)
    try:
        with _quiet():
            built = make(**settings)
    except Exception as error:
        if isinstance(error, TypeError | ValueError) or _misconfigured(error):
            raise BadConfig(f"trainer cannot be built: {error}") from error
        raise
    if not isinstance(built, Trainer):
        raise BadConfig(f"trainer._target_ makes a {type(built).__name__}, not a Trainer")
    return built


def _members(objects: Mapping[str, object], name: str) -> list[object]:
    members = objects.get(name) or {}
    if not isinstance(members, Mapping):
        raise BadConfig(f"{name} is a mapping of names to nodes; put yours under a name")
    return [one for one in members.values() if one is not None]


def _model(objects: Mapping[str, object]) -> LightningModule:
    model = objects["model"]
    if not isinstance(model, LightningModule):
        raise BadConfig(f"model._target_ makes a {type(model).__name__}, not a LightningModule")
    return model


def _datamodule(objects: Mapping[str, object]) -> LightningDataModule | None:
    data = objects.get("datamodule")
    if data is not None and not isinstance(data, LightningDataModule):
        raise BadConfig(
            f"datamodule._target_ makes a {type(data).__name__}, not a LightningDataModule"
        )
    return data


def _best(trainer: Trainer) -> Path | None:
    for one in trainer.checkpoint_callbacks:
        if isinstance(one, ModelCheckpoint) and one.monitor and one.best_model_path:
            path = Path(one.best_model_path)
            return path if path.exists() else None
    return None


def _misconfigured(error: Exception) -> bool:
    return type(error).__name__ == "MisconfigurationException"


@contextmanager
def _failures() -> Iterator[None]:
    """Name what a person can mend; all else is a defect and passes."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise TrainingFailed(
            "the accelerator ran out of memory; lower datamodule.batch_size, use "
            "trainer.precision=bf16-mixed, or train with trainer.accelerator=cpu"
        ) from error
    except RuntimeError as error:
        if "not used in producing the loss" in str(error):
            raise BadConfig(
                "not every batch uses all of the encoder (no recordings, say), and several "
                "processes must know: set trainer.strategy=ddp_find_unused_parameters_true"
            ) from error
        if "Error(s) in loading state_dict" not in str(error):
            raise
        raise BadConfig(
            "the checkpoint is of another model than the configuration describes; resume with the "
            "run's own configuration, or start a new run"
        ) from error
    except Exception as error:
        if _misconfigured(error):
            raise BadConfig(f"Lightning refuses this configuration: {error}") from error
        raise


@contextmanager
def _quiet() -> Iterator[None]:
    """Lightning without banners, tips and hints; its errors still show.

    Ctrl-C stays an interrupt: Lightning would turn it off and leave with its own exit code.
    """
    names = (
        "lightning",
        "lightning.pytorch",
        "lightning.fabric",
        "lightning.pytorch.utilities.rank_zero",
    )
    levels = {name: logging.getLogger(name).level for name in names}
    on_main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT) if on_main else None
    for name in names:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"lightning\.")
            yield
    except SystemExit as error:
        raise KeyboardInterrupt from error
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        if on_main and handler is not None:
            signal.signal(signal.SIGINT, handler)

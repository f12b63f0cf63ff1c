"""What watches any fit: repeatable randomness, a stop at nonsense, progress."""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.plugins.precision import MixedPrecision
from torch import Tensor
from torch.optim import Optimizer

from scrubjay.core.errors import TrainingFailed
from scrubjay.core.protocols import Progress
from scrubjay.training.epochs import epochs_done

log = logging.getLogger(__name__)


class StepSeeds(Callback):
    """Seeds torch from (seed, epoch, batch) before each batch.

    Dropout and augmentation are then the same in a run that was killed and resumed as in one that
    was not.
    """

    def __init__(self, seed: int) -> None:
        """Take the run's seed."""
        self._seed = seed

    def on_train_batch_start(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        batch: Any,  # noqa: ANN401 - Lightning's signature
        batch_idx: int,
    ) -> None:
        """Seed for this batch."""
        key = [self._seed, epochs_done(trainer), batch_idx]
        (state,) = np.random.SeedSequence(key).generate_state(1)
        torch.manual_seed(int(state))


class FiniteTraining(Callback):
    """Stops before a loss or gradient that is not finite reaches a weight or a checkpoint."""

    def on_before_backward(
        self, trainer: Trainer, pl_module: LightningModule, loss: Tensor
    ) -> None:
        """Look at the loss.

        Raises:
            TrainingFailed: it is not finite.
        """
        if not bool(torch.isfinite(loss).all()):
            raise TrainingFailed(failure(trainer, f"the loss became {loss.item():g}"))

    def on_before_optimizer_step(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer
    ) -> None:
        """Look at the gradients, unless a loss scaler does.

        Raises:
            TrainingFailed: one is not finite.
        """
        plugin = trainer.precision_plugin
        if isinstance(plugin, MixedPrecision) and plugin.scaler is not None:
            return
        gradients = [one.grad for one in pl_module.parameters() if one.grad is not None]
        if gradients and not math.isfinite(float(torch.nn.utils.get_total_norm(gradients))):
            raise TrainingFailed(failure(trainer, "a gradient is not finite"))


def failure(trainer: Trainer, what: str) -> str:
    """What happened, where, and what to do next."""
    rate = max((group["lr"] for one in trainer.optimizers for group in one.param_groups), default=0)
    return (
        f"{what} in epoch {trainer.current_epoch + 1}, step {trainer.global_step + 1}, at learning "
        f"rate {rate:g}; checkpoints in {trainer.default_root_dir} are those from before. Train "
        f"again with a lower model.lr or trainer.gradient_clip_val=1"
    )


class FitProgress(Callback):
    """Reports batches to a Progress, and a line an epoch to the log."""

    def __init__(self, progress: Progress) -> None:
        """Take whom to tell."""
        self._progress = progress

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,  # noqa: ANN401 - Lightning's signature
        batch: Any,  # noqa: ANN401 - Lightning's signature
        batch_idx: int,
    ) -> None:
        """One more batch."""
        epochs, each = trainer.max_epochs or -1, trainer.num_training_batches
        known = epochs > 0 and math.isfinite(each)
        total = int(each) * epochs if known else None
        done = trainer.fit_loop.epoch_loop.total_batch_idx + 1
        self._progress("training", done, total)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """One more epoch."""
        figures = final_metrics(trainer)
        shown = [name for name in ("train/loss", "val/loss", "val/recall") if name in figures]
        told = ", ".join(f"{name} {figures[name]:.3f}" for name in shown or sorted(figures)[:3])
        log.info("epoch %d of %s: %s", trainer.current_epoch + 1, trainer.max_epochs, told)


def final_metrics(trainer: Trainer) -> dict[str, float]:
    """What was logged last, by epoch where there is a choice."""
    found = {name: float(value) for name, value in trainer.callback_metrics.items()}
    names = {name.removesuffix("_step").removesuffix("_epoch") for name in found}
    return {name: found.get(f"{name}_epoch", found.get(name, math.nan)) for name in sorted(names)}

"""Composed configurations whose encoder the test provides, and a callback that kills."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from scrubjay.cli.compose import compose
from scrubjay.training.fit import Fitted, fit
from tests.training.collection import Collection
from tests.training.tiny import TinyEncoder

QUIET = ("logger=none", "~callbacks.panel", "trainer.accelerator=cpu")


def configured(*overrides: str) -> dict[str, Any]:
    """The default configuration, small and without an encoder node."""
    config = compose(["encoder=transformers", "encoder.source=unused", *QUIET, *overrides])
    del config["encoder"]
    return config


def fit_tiny(
    config: dict[str, Any],
    made: Collection,
    run: Path,
    *,
    encoder: TinyEncoder | None = None,
    **more: Any,
) -> tuple[Fitted, TinyEncoder]:
    """Fit a tiny encoder that always starts from the same weights."""
    if encoder is None:
        torch.manual_seed(0)
        encoder = TinyEncoder(dropout=0.2)
    provided = {"items": made.items, "read": made.read, "encoder": encoder}
    return fit(config, run=run, provided=provided, **more), encoder


class KillAt(Callback):
    """Ends the process as `kill -9` would, before a batch of an epoch."""

    def __init__(self, epoch: int, batch: int) -> None:
        self._at = (epoch, batch)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if (trainer.current_epoch, batch_idx) == self._at:
            os.kill(os.getpid(), signal.SIGKILL)

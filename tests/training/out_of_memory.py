"""A callback that runs out of memory as an accelerator would: by what a batch holds."""

from __future__ import annotations

import json
import weakref
from pathlib import Path
from typing import Any, ClassVar

import torch
from lightning.pytorch import Callback, LightningModule, Trainer


class Hungry(Callback):
    """Raises where a batch holds more than fits, and notes every batch that does fit.

    Attributes:
        models: of the attempts so far.
        alive: how many of those were still held when each attempt began.
    """

    models: ClassVar[list[weakref.ref[LightningModule]]] = []
    alive: ClassVar[list[int]] = []

    def __init__(self, run: str, most: int, from_epoch: int = 0) -> None:
        self._notes = Path(run) / "batches.jsonl"
        self._most, self._from = most, from_epoch

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.alive.append(sum(one() is not None for one in self.models))
        self.models.append(weakref.ref(pl_module))

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        size = max(len(groups) for groups in batch.groups.values())
        if size > self._most and trainer.current_epoch >= self._from:
            raise torch.OutOfMemoryError(f"a batch of {size} does not fit")
        with self._notes.open("a") as notes:
            notes.write(json.dumps([trainer.current_epoch, size, trainer.global_step]) + "\n")

    @staticmethod
    def notes(run: Path) -> list[tuple[int, int, int]]:
        """(epoch, examples, steps before) of every batch trained on."""
        return [
            tuple(json.loads(line)) for line in (run / "batches.jsonl").read_text().splitlines()
        ]

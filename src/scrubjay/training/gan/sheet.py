"""Generated digits as a sheet, after every epoch, beside the generator that made them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from numpy.typing import NDArray

from scrubjay.core.errors import BadConfig
from scrubjay.core.types import Picture
from scrubjay.training.checkpoints import write_bytes
from scrubjay.training.gan.generator_file import FILE, as_bytes, packed
from scrubjay.training.gan.module import ConditionalGan
from scrubjay.training.panel import write_png
from scrubjay.training.trackers import log_picture

SCALE_TO = 56
"""Pixels of a digit's side on a sheet, at least."""
GAP = 4
PAPER = 96


class GeneratedDigits(Callback):
    """Draws one row a label, of the same noise each time, and keeps the generator.

    The sheet is a PNG in the run's folder and an image in trackers that show images.
    """

    def __init__(self, run: str, folder: str, *, count: int = 8) -> None:
        """Say where to.

        Args:
            run: where the generator is kept.
            folder: where sheets are written; made when needed.
            count: digits a row.

        Raises:
            BadConfig: nothing would be drawn.
        """
        if not 1 <= count <= 100:
            raise BadConfig("callbacks.digits.count must be from 1 to 100")
        self._file, self._folder, self._count = Path(run) / FILE, Path(folder), count

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draw, and keep."""
        if not isinstance(pl_module, ConditionalGan) or not trainer.is_global_zero:
            return
        labels = torch.arange(len(pl_module.names)).repeat_interleave(self._count)
        drawn = sheet(as_bytes(pl_module.generate(labels)[:, 0]), self._count)
        self._folder.mkdir(parents=True, exist_ok=True)
        write_png(drawn, self._folder / f"epoch-{trainer.current_epoch + 1:04d}.png")
        log_picture(trainer.loggers, "generated", drawn, trainer.global_step)
        write_bytes(self._file, packed(pl_module.shown, pl_module.names), what="generator")


def sheet(pictures: NDArray[np.uint8], across: int) -> Picture:
    """(height, width, 3): small grey pictures in rows, each pixel drawn several times as large.

    Args:
        pictures: (n, side, side).
        across: in a row.
    """
    n, side, _ = pictures.shape
    across = min(across, n)
    scale = -(-SCALE_TO // side)
    cell = side * scale + GAP
    down = -(-n // across)
    paper = np.full((down * cell + GAP, across * cell + GAP), PAPER, np.uint8)
    for at, picture in enumerate(pictures):
        top, left = GAP + at // across * cell, GAP + at % across * cell
        large = picture.repeat(scale, axis=0).repeat(scale, axis=1)
        paper[top : top + side * scale, left : left + side * scale] = large
    return np.repeat(paper[:, :, None], 3, axis=2)

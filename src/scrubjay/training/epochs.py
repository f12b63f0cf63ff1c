"""Where a fit stands."""

from __future__ import annotations

from lightning.pytorch import Trainer


def epochs_done(trainer: Trainer) -> int:
    """Epochs whose batches have all been trained on.

    `trainer.current_epoch` is one behind at the end of an epoch, where checkpoints are written.
    """
    done: int = trainer.fit_loop.epoch_progress.current.processed  # type: ignore[attr-defined]
    return done

"""Where a fit stands, and data that goes on from there."""

from __future__ import annotations

from lightning.pytorch import LightningDataModule, Trainer


def epochs_done(trainer: Trainer) -> int:
    """Epochs whose batches have all been trained on.

    `trainer.current_epoch` is one behind at the end of an epoch, where checkpoints are written.
    """
    done: int = trainer.fit_loop.epoch_progress.current.processed  # type: ignore[attr-defined]
    return done


class EpochData(LightningDataModule):
    """A datamodule whose batches follow from the epoch, resumed runs included.

    Attributes:
        next_epoch: what the next loader begins with.
    """

    def __init__(self) -> None:
        """Begin at the beginning."""
        super().__init__()
        self.next_epoch = 0

    def state_dict(self) -> dict[str, int]:
        """The epoch that a run resumed from this moment begins with."""
        if self.trainer is None:
            return {"next_epoch": self.next_epoch}
        return {"next_epoch": epochs_done(self.trainer)}

    def load_state_dict(self, state_dict: dict[str, int]) -> None:
        """Begin there: Lightning asks for batches before it says which epoch it is."""
        self.next_epoch = int(state_dict["next_epoch"])

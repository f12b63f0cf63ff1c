"""Checkpoints that are whole or absent, and that hold tensors and plain values only."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins.io import CheckpointIO

from scrubjay.core.errors import Damaged
from scrubjay.core.failpoint import failpoint


class DurableCheckpoints(CheckpointIO):
    """Writes aside, syncs and renames; reads without running anything."""

    def save_checkpoint(
        self,
        checkpoint: dict[str, Any],
        path: str | os.PathLike[str],
        storage_options: Any | None = None,  # noqa: ANN401 - Lightning's signature
    ) -> None:
        """Replace the file at `path` in one step."""
        final = Path(path)
        final.parent.mkdir(parents=True, exist_ok=True)
        aside = final.with_name(final.name + ".part")
        # By its path: what torch writes into a file of Python's aborts when Ctrl-C closes that.
        torch.save(checkpoint, aside)
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        failpoint("training.before_checkpoint")
        aside.replace(final)
        _sync_folder(final.parent)
        failpoint("training.after_checkpoint")

    def load_checkpoint(
        self,
        path: str | os.PathLike[str],
        map_location: Any | None = None,  # noqa: ANN401 - Lightning's signature
        weights_only: bool | None = None,
    ) -> dict[str, Any]:
        """Read tensors and plain values, whatever the caller asks for.

        Raises:
            Damaged: it is missing, cut short, or holds anything else.
        """
        return load_checkpoint(Path(path))

    def remove_checkpoint(self, path: str | os.PathLike[str]) -> None:
        """Delete a file that may be gone already."""
        Path(path).unlink(missing_ok=True)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint's tensors (on the CPU) and plain values.

    Raises:
        Damaged: it is missing, cut short, or holds anything else.
    """
    try:
        loaded: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise Damaged(
            f"checkpoint {path} cannot be loaded ({str(error).splitlines()[0]}); nothing was "
            f"taken from it. Start the run again without --resume"
        ) from error
    return loaded


def write_text(path: Path, text: str) -> None:
    """Replace a small text file in one durable step."""
    write_bytes(path, text.encode(), what="config")


def write_bytes(path: Path, data: bytes, *, what: str) -> None:
    """Replace a small file in one durable step.

    Args:
        what: names its failpoints.
    """
    aside = path.with_name(path.name + ".part")
    with aside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    failpoint(f"training.before_{what}")
    aside.replace(path)
    _sync_folder(path.parent)
    failpoint(f"training.after_{what}")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

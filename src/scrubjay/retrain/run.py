"""A run's folder: begun with its configuration, marked when finished, found again when not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrubjay.core.errors import Damaged, NotReady, WrongUse
from scrubjay.store.durable import write_durably
from scrubjay.training.run_files import CHECKPOINTS, LAST
from scrubjay.training.secrets import masked

CONFIG = "request.json"
FINISHED = "finished.json"
SNAPSHOT = "snapshot.txt"
HEARD = "feedback.txt"


@dataclass(frozen=True, slots=True)
class Run:
    """One fit: a folder, the configuration it was asked for, and the snapshot it learns from.

    Attributes:
        heard: number of the newest feedback it learns from; 0 is none.
    """

    folder: Path
    config: Mapping[str, Any]
    snapshot: str | None = None
    heard: int = 0

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    def finish(self, result: Mapping[str, Any]) -> None:
        """Mark it finished; it is never resumed again."""
        write_durably(self.folder / FINISHED, json.dumps(result, indent=2).encode())

    def failed(self, error: Exception) -> None:
        """Mark it finished when it failed before its first checkpoint: nothing to go on from."""
        if not (self.folder / CHECKPOINTS / LAST).exists():
            self.finish({"version": None, "failed": f"{type(error).__name__}: {error}"})


def run_name() -> str:
    """UTC time, its last four hex digits parts of a second: names sort as their runs began."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%d-%H%M%S}-{now.microsecond * 65_536 // 1_000_000:04x}"


def begin(
    runs: Path,
    config: Mapping[str, Any],
    *,
    snapshot: str | None = None,
    heard: int = 0,
    name: str | None = None,
) -> Run:
    """Create a new run's folder and write down what was asked, without its secrets.

    Args:
        name: of the folder; None: the time, see `run_name`.

    Raises:
        WrongUse: there is a run of that name.
    """
    folder = runs / (name or run_name())
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise WrongUse(f"there is a run {folder} already; give the next another name") from error
    if snapshot is not None:
        write_durably(folder / SNAPSHOT, snapshot.encode())
    if heard:
        write_durably(folder / HEARD, str(heard).encode())
    write_durably(folder / CONFIG, json.dumps(masked(config), indent=2).encode())
    return Run(folder, config, snapshot, heard)


def begun(folder: Path) -> Run:
    """A run that somebody began, with what it began with.

    Raises:
        OSError: there is none.
        ValueError: its configuration cannot be read.
    """
    config = json.loads((folder / CONFIG).read_bytes())
    snapshot, heard = folder / SNAPSHOT, folder / HEARD
    return Run(
        folder,
        config,
        snapshot.read_text() if snapshot.exists() else None,
        int(heard.read_text()) if heard.exists() else 0,
    )


def unfinished(runs: Path, name: str | None = None) -> Run:
    """The newest run that was begun and not finished, with the configuration it began with.

    Args:
        runs: their folder.
        name: of the only one that will do.

    Raises:
        NotReady: every run is finished, or there is none.
        Damaged: its configuration cannot be read.
    """
    folders = sorted(one.parent for one in runs.glob(f"{name or '*'}/{CONFIG}"))
    left = [folder for folder in folders if not (folder / FINISHED).exists()]
    if not left:
        raise NotReady(
            f"no unfinished run in {runs}; start one with `scrubjay train experiment=...`"
        )
    folder = left[-1]
    try:
        return begun(folder)
    except ValueError as error:
        raise Damaged(
            f"{folder / CONFIG} is not JSON ({error}); start the run again without --resume"
        ) from error

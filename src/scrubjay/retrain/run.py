"""A run's folder: begun with its configuration, marked when finished, found again when not."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrubjay.core.errors import Damaged, NotReady
from scrubjay.store.durable import write_durably
from scrubjay.training.secrets import masked

CONFIG = "request.json"
FINISHED = "finished.json"


@dataclass(frozen=True, slots=True)
class Run:
    """One fit: a folder and the configuration it was asked for."""

    folder: Path
    config: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The folder's name: UTC time and four random hex digits."""
        return self.folder.name

    def finish(self, result: Mapping[str, Any]) -> None:
        """Mark it finished; it is never resumed again."""
        write_durably(self.folder / FINISHED, json.dumps(result, indent=2).encode())


def begin(runs: Path, config: Mapping[str, Any]) -> Run:
    """Create a new run's folder and write down what was asked, without its secrets."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    folder = runs / f"{stamp}-{secrets.token_hex(2)}"
    folder.mkdir(parents=True)
    write_durably(folder / CONFIG, json.dumps(masked(config), indent=2).encode())
    return Run(folder, config)


def unfinished(runs: Path) -> Run:
    """The newest run that was begun and not finished, with the configuration it began with.

    Raises:
        NotReady: every run is finished, or there is none.
        Damaged: its configuration cannot be read.
    """
    begun = sorted(folder for folder in runs.glob("*") if (folder / CONFIG).is_file())
    if not begun or (begun[-1] / FINISHED).exists():
        raise NotReady(
            f"no unfinished run in {runs}; start one with `scrubjay train experiment=...`"
        )
    try:
        config = json.loads((begun[-1] / CONFIG).read_bytes())
    except ValueError as error:
        raise Damaged(
            f"{begun[-1] / CONFIG} is not JSON ({error}); start the run again without --resume"
        ) from error
    return Run(begun[-1], config)

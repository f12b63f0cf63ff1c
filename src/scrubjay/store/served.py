"""What served before what serves now: one create-only file for every pair that gave way."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from scrubjay.core.errors import Damaged
from scrubjay.core.types import Champion
from scrubjay.store.durable import create_durably, locked, make_folder, sweep_aside


class Served:
    """A folder of events `<number>.json`, written before the pointer moves on."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is created before the first event."""
        self._folder = folder

    def note(self, champion: Champion) -> None:
        """Write down the pair that is about to give way; said twice in a row it counts once."""
        with locked(self._folder.with_name(f".{self._folder.name}.lock"), "noting what served"):
            make_folder(self._folder)
            sweep_aside(self._folder)
            before = self.all()
            if before and before[-1] == champion:
                return
            number = max((int(one.stem) for one in self._paths()), default=0) + 1
            event = {
                "until": datetime.now(UTC).isoformat(),
                "version": champion.version,
                "generation": champion.generation,
            }
            path = self._folder / f"{number:06d}.json"
            create_durably(path, json.dumps(event, indent=1).encode(), point="served")

    def all(self) -> list[Champion]:
        """Every pair that gave way, the oldest first; one that served twice is there twice."""
        found = []
        for path in self._paths():
            try:
                event = json.loads(path.read_bytes())
                found.append(Champion(str(event["version"]), str(event["generation"])))
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise Damaged(
                    f"{path} cannot be read ({error}); remove it: `scrubjay rollback VERSION` "
                    f"still reaches every version by its name"
                ) from error
        return found

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("[0-9]*.json"))

"""The ledger of a run: one create-only file for every step that is done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrubjay.core.errors import Damaged
from scrubjay.store.durable import create_durably, make_folder, sweep_aside

LEDGER = "ledger"


class Ledger:
    """A folder `ledger/` with `<number>-<step>.json`: what was done, when, and what came of it."""

    def __init__(self, folder: Path) -> None:
        """Read what is there.

        Raises:
            Damaged: a file is no event.
        """
        self._folder = folder
        make_folder(folder)
        sweep_aside(folder)
        self._events = read_ledger(folder)

    def result(self, step: str) -> Mapping[str, Any] | None:
        """What came of a step; None when it is not done."""
        event = self._events.get(step)
        return None if event is None else event["result"]

    def results(self) -> dict[str, Mapping[str, Any]]:
        """Step -> result of all that is done, in order."""
        return {step: event["result"] for step, event in self._events.items()}

    def seconds(self) -> dict[str, float]:
        """Step -> seconds it took."""
        return {step: float(event["took_s"]) for step, event in self._events.items()}

    def record(self, step: str, result: Mapping[str, Any], *, took_s: float) -> None:
        """Write down that a step is done. Its result must be what JSON can say."""
        event = {
            "step": step,
            "at": datetime.now(UTC).isoformat(),
            "took_s": round(took_s, 3),
            "result": dict(result),
        }
        path = self._folder / f"{len(self._events) + 1:02d}-{step}.json"
        data = json.dumps(event, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace")
        if not create_durably(path, data, point=f"ledger.{step}"):
            raise Damaged(f"{path} was written by another run; only one may hold the lease")
        self._events[step] = json.loads(data)


def read_ledger(folder: Path) -> dict[str, dict[str, Any]]:
    """Step -> event of what is done, in order; of a missing folder none.

    Raises:
        Damaged: a file is no event.
    """
    events: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("[0-9]*.json")):
        try:
            event = json.loads(path.read_bytes())
            events[event["step"]] = event
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Damaged(
                f"{path} is no event of a run ({error}); begin anew with "
                f"`scrubjay retrain --restart`"
            ) from error
    return events

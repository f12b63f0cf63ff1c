"""A month's run: its folder, what was asked, and whether it is finished."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrubjay.core.errors import Damaged
from scrubjay.retrain.run import run_name
from scrubjay.store.durable import make_folder, write_durably
from scrubjay.training.secrets import masked

ASKED = "month.json"
RESULT = "result.json"


@dataclass(frozen=True, slots=True)
class MonthRun:
    """One execution of the monthly retrain.

    Attributes:
        folder: `runs/<id>`.
        month: `YYYY-MM`, of what it adds and of the version it makes.
        config: as it was composed when the run began.
    """

    folder: Path
    month: str
    config: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    def finish(self, result: Mapping[str, Any]) -> None:
        """Mark it finished; the next run begins anew."""
        data = json.dumps(result, indent=1, ensure_ascii=False, default=str)
        write_durably(self.folder / RESULT, data.encode("utf-8", "backslashreplace"), point="month")


def begin_month(runs: Path, month: str, config: Mapping[str, Any]) -> MonthRun:
    """Create a run's folder and write down what was asked."""
    folder = runs / f"month-{run_name()}"
    make_folder(folder)
    kept = {"month": month, "config": masked(config)}
    write_durably(folder / ASKED, json.dumps(kept, indent=1).encode(), point="month")
    return MonthRun(folder, month, config)


def unfinished_month(runs: Path) -> MonthRun | None:
    """The newest month's run that was begun and not finished.

    Raises:
        Damaged: what it was asked cannot be read.
    """
    begun = sorted(one.parent for one in runs.glob(f"month-*/{ASKED}"))
    left = [folder for folder in begun if not (folder / RESULT).exists()]
    if not left:
        return None
    try:
        asked = json.loads((left[-1] / ASKED).read_bytes())
        return MonthRun(left[-1], str(asked["month"]), dict(asked["config"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(
            f"{left[-1] / ASKED} cannot be read ({error}); begin anew with "
            f"`scrubjay retrain --restart`"
        ) from error


def finished_months(runs: Path) -> list[dict[str, Any]]:
    """Results of all finished months, the oldest first.

    Raises:
        Damaged: one cannot be read.
    """
    found = []
    for path in sorted(runs.glob(f"month-*/{RESULT}")):
        try:
            found.append(json.loads(path.read_bytes()))
        except (OSError, ValueError) as error:
            raise Damaged(f"{path} cannot be read ({error}); restore it from a backup") from error
    return found

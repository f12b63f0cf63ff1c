"""Drops that were refused or stopped: searchable, but not learned from until somebody accepts them.

Every change is one create-only file with ids and reasons and nothing else of the items.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrubjay.core.errors import Damaged, WrongUse
from scrubjay.store.durable import create_durably, locked, make_folder, sweep_aside

HELD, RELEASED, ACCEPTED = "held", "released", "accepted"


@dataclass(frozen=True, slots=True)
class HeldDrop:
    """What one run set aside from learning.

    Attributes:
        run: that did.
        month: its items were added in.
        reason: in words.
        ids: of the items that are still held.
    """

    run: str
    month: str
    reason: str
    ids: frozenset[str]


class Held:
    """A folder of events `<number>-<what>.json`."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is created before the first event."""
        self._folder = folder

    def hold(
        self, *, run: str, month: str, reason: str, ids: Collection[str], judged: bool = False
    ) -> None:
        """Hold a run's drop; said twice it counts once.

        Args:
            judged: whether a challenger that learned them was refused, not only the drop stopped.
        """
        about = {"run": run, "month": month, "reason": reason, "judged": judged}
        self._say(HELD, run, {**about, "ids": sorted(set(ids))})

    def release(self, *, run: str, ids: Collection[str]) -> None:
        """A later run brought items anew, or forgot them: what was said of them counts no more."""
        mine = sorted((self.ids() | self.vouched_for()) & set(ids))
        if mine:
            self._say(RELEASED, run, {"run": run, "ids": mine})

    def accept(self, month: str) -> int:
        """Let everything held of a month be learned from; return how many items that is.

        Raises:
            WrongUse: nothing of that month is held.
        """
        drops = [one for one in self.drops() if one.month == month]
        if not drops:
            known = sorted({one.month for one in self.drops()})
            raise WrongUse(
                f"nothing of {month} is held; "
                + (f"held are {', '.join(known)}" if known else "nothing is held at all")
            )
        ids = sorted({item_id for one in drops for item_id in one.ids})
        self._say(ACCEPTED, month, {"month": month, "ids": ids}, again=True)
        return len(ids)

    def ids(self) -> frozenset[str]:
        """Everything that is held now."""
        return frozenset(item_id for drop in self.drops() for item_id in drop.ids)

    def vouched_for(self) -> frozenset[str]:
        """What a gate refused and somebody accepted, and no later run brought anew."""
        refused: set[str] = set()
        accepted: set[str] = set()
        for event in self._events():
            ids = set(event["ids"])
            if event["what"] == ACCEPTED:
                accepted |= ids & refused
                continue
            refused -= ids
            accepted -= ids
            if event["what"] == HELD and event.get("judged"):
                refused |= ids
        return frozenset(accepted)

    def drops(self) -> list[HeldDrop]:
        """Drops of which something is still held, the oldest first."""
        held: list[HeldDrop] = []
        for event in self._events():
            if event["what"] == HELD:
                held.append(
                    HeldDrop(event["run"], event["month"], event["reason"], frozenset(event["ids"]))
                )
            else:
                gone = frozenset(event["ids"])
                held = [HeldDrop(one.run, one.month, one.reason, one.ids - gone) for one in held]
        return [one for one in held if one.ids]

    def _say(self, what: str, key: str, about: Mapping[str, Any], *, again: bool = False) -> None:
        with locked(self._folder.with_name(f".{self._folder.name}.lock"), "holding items"):
            make_folder(self._folder)
            sweep_aside(self._folder)
            names = self._names()
            if not again and any(name.endswith(f"-{what}-{key}.json") for name in names):
                return
            event = {"what": what, "at": datetime.now(UTC).isoformat(), **about}
            path = self._folder / f"{len(names) + 1:06d}-{what}-{key}.json"
            create_durably(path, json.dumps(event, indent=1).encode(), point="held")

    def _names(self) -> list[str]:
        return sorted(path.name for path in self._folder.glob("[0-9]*.json"))

    def _events(self) -> Iterator[dict[str, Any]]:
        for name in self._names():
            path = self._folder / name
            try:
                yield json.loads(path.read_bytes())
            except (OSError, ValueError) as error:
                raise Damaged(
                    f"{path} cannot be read ({error}); restore it from a backup: without it held "
                    f"items would be learned from"
                ) from error

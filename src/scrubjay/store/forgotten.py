"""What was forgotten on request, so that it is not taken again: ids and hashes, nothing else.

Every change is one create-only file `<number>-<what>.json`. A request is written down before
anything is removed and marked as finished after, so that a killed one is finished by the next.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrubjay.core.errors import Damaged, UnknownName
from scrubjay.store.durable import create_durably, locked, make_folder, sweep_aside

FORGET, FINISH, ALLOW = "forget", "finish", "allow"


@dataclass(frozen=True, slots=True)
class Forgetting:
    """One request.

    Attributes:
        at: when, UTC.
        ids: of the items.
        version: the champion then; what was trained before may have learned from the items. None
            when nothing served.
        number: of the request, rising.
        sha256s: each item's bytes, in the same order.
        finished: whether all of it was removed.
    """

    at: datetime
    ids: tuple[str, ...]
    version: str | None
    number: int
    sha256s: tuple[str, ...]
    finished: bool


class Forgotten:
    """A folder of requests and of what became of them."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is created before the first request."""
        self._folder = folder
        self._read: dict[tuple[str, int, int], dict[str, Any]] = {}

    def add(self, ids: Sequence[str], sha256s: Sequence[str], *, version: str | None) -> Forgetting:
        """Write a request down; it is unfinished.

        Args:
            ids: of the items to forget.
            sha256s: their bytes, in the same order.
            version: the one that serves now.
        """
        items = [
            {"id": item_id, "sha256": sha256} for item_id, sha256 in zip(ids, sha256s, strict=True)
        ]
        number = self._say(FORGET, {"version": version, "items": items})
        return next(one for one in self.events() if one.number == number)

    def finish(self, number: int) -> None:
        """Mark a request as done."""
        self._say(FINISH, {"number": number})

    def allow(self, names: Sequence[str]) -> tuple[str, ...]:
        """Let forgotten content be taken again when it is met.

        Args:
            names: ids, or sha256s of the bytes.

        Returns:
            The sha256s that are allowed now.

        Raises:
            UnknownName: nothing of that name is forgotten.
        """
        forgotten = self.ids_by_sha256()
        allowed: list[str] = []
        for name in names:
            found = [one for one, item_id in forgotten.items() if name in {one, item_id}]
            if not found:
                raise UnknownName("forgotten item", name, forgotten.values())
            allowed += found
        self._say(ALLOW, {"sha256s": sorted(set(allowed))})
        return tuple(sorted(set(allowed)))

    def sha256s(self) -> frozenset[str]:
        """Bytes that are not to be taken again."""
        return frozenset(self.ids_by_sha256())

    def ids_by_sha256(self) -> dict[str, str]:
        """Bytes that are not to be taken again -> the id they had."""
        forgotten: dict[str, str] = {}
        for _, what, event in self._events():
            if what == FORGET:
                forgotten.update((one["sha256"], one["id"]) for one in event["items"])
            elif what == ALLOW:
                for sha256 in event["sha256s"]:
                    forgotten.pop(sha256, None)
        return forgotten

    def events(self) -> list[Forgetting]:
        """Every request, the oldest first."""
        events = list(self._events())
        done = {event["number"] for _, what, event in events if what == FINISH}
        return [
            Forgetting(
                at=datetime.fromisoformat(event["at"]),
                ids=tuple(one["id"] for one in event["items"]),
                version=event["version"],
                number=number,
                sha256s=tuple(one["sha256"] for one in event["items"]),
                finished=number in done,
            )
            for number, what, event in events
            if what == FORGET
        ]

    def pending(self) -> frozenset[str]:
        """Ids that are asked to be forgotten and are not wholly removed yet."""
        open_requests = (one for one in self.events() if not one.finished)
        return frozenset(item_id for one in open_requests for item_id in one.ids)

    def _say(self, what: str, about: Mapping[str, Any]) -> int:
        with locked(self._folder.with_name(f".{self._folder.name}.lock"), "forgetting"):
            make_folder(self._folder)
            sweep_aside(self._folder)
            number = max((one for one, _, _ in self._names()), default=0) + 1
            event = {"at": datetime.now(UTC).isoformat(), **about}
            path = self._folder / f"{number:06d}-{what}.json"
            data = json.dumps(event, indent=1).encode("utf-8", "backslashreplace")
            create_durably(path, data, point=f"forgotten.{what}")
            return number

    def _names(self) -> list[tuple[int, str, Path]]:
        found = []
        for path in sorted(self._folder.glob("[0-9]*-*.json")):
            number, _, what = path.stem.partition("-")
            found.append((int(number), what, path))
        return found

    def _events(self) -> list[tuple[int, str, dict[str, Any]]]:
        events = []
        for number, what, path in self._names():
            status = path.stat()
            state = (path.name, status.st_size, status.st_mtime_ns)
            event = self._read.get(state)
            if event is None:
                event = self._read[state] = _event(path, what)
            events.append((number, what, event))
        return events


def _event(path: Path, what: str) -> dict[str, Any]:
    try:
        event: dict[str, Any] = json.loads(path.read_bytes())
        _ = event["at"], event[{FORGET: "items", FINISH: "number", ALLOW: "sha256s"}[what]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(
            f"{path} cannot be read ({error}); restore it from a backup: without it, "
            f"what was forgotten would be taken again"
        ) from error
    return event

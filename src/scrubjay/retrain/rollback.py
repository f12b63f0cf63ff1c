"""Back to a version that served before: the pointer first, what is missing after."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scrubjay.core.errors import NotReady, WrongUse
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Champion
from scrubjay.retrain.serving import publish, upgrade
from scrubjay.store.home import Home


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What serves now, and what did.

    Attributes:
        gone: items that left the collection meanwhile; removed before the pointer moved.
        embedded: items that came or changed meanwhile; embedded after it moved.
        took_s: seconds until the pointer had moved.
    """

    now: Champion
    before: Champion
    gone: int
    embedded: int
    took_s: float

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "version": self.now.version,
            "generation": self.now.generation,
            "before": self.before.version,
            "gone": self.gone,
            "embedded": self.embedded,
            "took_s": round(self.took_s, 3),
        }


def rollback(home: Home, version: str | None = None, *, progress: Progress = silent) -> RolledBack:
    """Serve an earlier version again, from the generation that was kept of it.

    Items that left the collection are removed from that generation, then the pointer moves; only
    then it is brought level with the catalog. Killed after the pointer moved, `scrubjay champion
    set VERSION` or the next run goes on.

    Args:
        version: any version whose generation was kept; None for the one that served before the
            version that serves now first did.

    Raises:
        NotReady: nothing served before, or no generation was kept; nothing was changed.
        UnknownName: no such version.
        WrongUse: it serves already.
        Damaged: its files are not what was registered; nothing was changed.
        Conflict: another pair was published at the same moment; nothing was changed.
    """
    began = time.monotonic()
    before = home.registry.champion()
    if before is None:
        raise NotReady(f"nothing serves {home.path} yet, so there is nothing to go back from")
    now = _target(home, before, version)
    home.registry.verify(now.version, below="export")
    generation = home.generations.open(now.generation)
    gone = generation.embedded().keys() - home.catalog.known().ids
    if gone:
        generation.delete(gone)
    publish(home, now)
    took_s = time.monotonic() - began
    if gone:
        generation.purge(gone)
    done = upgrade(home, now.version, limit=None, progress=progress)
    return RolledBack(now, before, len(gone), done.items, took_s)


def _target(home: Home, before: Champion, version: str | None) -> Champion:
    kept = home.generations.names()
    if version is not None:
        home.registry.folder(version)  # An unknown version is told from one without a generation.
        if version == before.version:
            raise WrongUse(f"{version} serves already")
        if version not in kept:
            raise NotReady(
                f"no generation of {version} was kept (kept: {', '.join(kept)}); embed the "
                f"collection with it: `scrubjay champion set {version}`"
            )
        return Champion(version, version)
    earlier = served_before(home.served.all(), before)
    if not earlier:
        raise NotReady(
            f"nothing served before {before.version}; name a version that `scrubjay models list` "
            f"shows: `scrubjay rollback VERSION`"
        )
    for one in earlier:
        if one.generation in kept:
            return one
    raise NotReady(
        f"no generation was kept of what served before {before.version}; embed the collection "
        f"anew: `scrubjay champion set {earlier[0].version}`"
    )


def served_before(history: Sequence[Champion], now: Champion) -> list[Champion]:
    """Pairs that served before this one first did, the newest first.

    Going back twice goes back two versions: what was rolled back from is not gone back to.

    Args:
        history: every pair that gave way, the oldest first.
    """
    first = history.index(now) if now in history else len(history)
    return list(dict.fromkeys(reversed(history[:first])))

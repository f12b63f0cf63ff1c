"""Forgetting: an item leaves everything that is kept, and is not taken again.

A request is written down first, so that one that was killed is finished by the next `forget` or
`retrain`. The catalog comes last: as long as it lists an item, what shows the item can be found.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from scrubjay.core.errors import LeaseHeld, UnknownName, WrongUse
from scrubjay.core.failpoint import failpoint
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Item
from scrubjay.retrain.forgetting.scrub import drop_examples, reword, scrub_runs
from scrubjay.retrain.forgetting.traces import Traces, traces_of
from scrubjay.retrain.run import SNAPSHOT
from scrubjay.search.drop import not_elsewhere
from scrubjay.store.home import Home
from scrubjay.store.lease import acquire
from scrubjay.store.quarantine import SetAside

LEASE_S = 120.0
HOLDER = "scrubjay forget"


@dataclass(frozen=True, slots=True)
class Purged:
    """What was removed.

    Attributes:
        ids: of the items, those too that were half gone already.
        rows: rows of generations, or items of them: one an item and generation.
        media: stored files, small pictures made of them, and what models found in them.
        set_aside: rows of the quarantine.
        files: of runs, removed or written anew, below the folder of runs.
    """

    ids: tuple[str, ...] = ()
    rows: int = 0
    media: int = 0
    set_aside: int = 0
    files: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "forgotten": list(self.ids),
            "rows": self.rows,
            "media": self.media,
            "set_aside": self.set_aside,
            "files": list(self.files),
        }


def forget(home: Home, ids: Sequence[str], *, progress: Progress = silent) -> Purged:
    """Forget items; requests that were not finished are finished, too.

    Args:
        ids: of items in the catalog, or of items that were forgotten before. May be empty.

    Raises:
        UnknownName: an id nobody has; nothing was changed.
        LeaseHeld: a run is going on. The items are found no more, and the request is kept: the
            run, or the next call, removes the rest.
    """
    wanted = sorted(set(ids))
    found = list(home.catalog.items(ids=wanted))
    known = {item.id for item in found}
    known |= {item_id for request in home.forgotten.events() for item_id in request.ids}
    for item_id in wanted:
        if item_id not in known:
            raise UnknownName("item", item_id, home.catalog.known().ids)
    return _forget(home, found, progress)


def forget_source(home: Home, url: str, *, progress: Progress = silent) -> Purged:
    """Forget everything that came from a folder or bucket.

    What is known under a name elsewhere, too, is forgotten with it: its bytes are the same.

    Raises:
        WrongUse: nothing came from there.
        LeaseHeld: as `forget`.
    """
    found = items_of_source(home, url)
    if not found:
        raise WrongUse(
            f"nothing in {home.path} came from {url}; see where an item came from with "
            f"`scrubjay search --json`"
        )
    return _forget(home, found, progress)


def items_of_source(home: Home, url: str) -> list[Item]:
    """Items with a name below a folder's path or a bucket's address."""
    root = url.rstrip("/") if "://" in url else str(Path(url).expanduser().absolute())
    below = (f"{root}/", f"{Path(root).resolve()}/" if "://" not in url else f"{root}/")
    return [item for item in home.catalog.items() if any(map(_begins(below), item.uris))]


def _begins(below: tuple[str, ...]) -> Callable[[str], bool]:
    return lambda uri: uri.startswith(below)


def _forget(home: Home, found: Sequence[Item], progress: Progress) -> Purged:
    if found:
        champion = home.registry.champion()
        home.forgotten.add(
            [item.id for item in found],
            [item.sha256 for item in found],
            version=champion.version if champion else None,
        )
    if not _unfinished(home):
        return Purged()
    try:
        lease = acquire(home.lease, holder=HOLDER, ttl_s=LEASE_S)
    except LeaseHeld as error:
        _hide(home, [item.id for item in found])
        raise LeaseHeld(
            f"{len(found)} items are found no more, but are not yet removed from the disk: {error}."
            f" Then `scrubjay forget` without an id removes them, as the next run does"
        ) from error
    try:
        with lease.renewing():
            return finish_forgotten(home, progress=progress)
    finally:
        lease.release()


def _hide(home: Home, ids: Collection[str]) -> None:
    """Take items out of every search; the catalog still says what must be removed."""
    for name in home.generations.names():
        home.generations.open(name).delete(ids)


def finish_forgotten(home: Home, *, progress: Progress = silent) -> Purged:
    """Remove what was asked for and is not yet gone. Call it while holding the home's lease.

    A run calls it when it begins and when it ends: what was asked for meanwhile waits for it.
    """
    numbers, ids = _unfinished(home), _came_back(home)
    for request in home.forgotten.events():
        if request.number in numbers:
            ids |= set(request.ids)
    if not ids:
        return Purged()
    purged = purge(home, ids, progress=progress)
    home.held.release(run=f"forget-{max(numbers, default=0)}", ids=ids)
    for number in numbers:
        home.forgotten.finish(number)
    return purged


def _unfinished(home: Home) -> list[int]:
    return [one.number for one in home.forgotten.events() if not one.finished]


def _came_back(home: Home) -> set[str]:
    """Forgotten items that a scan begun before brought back."""
    forgotten = set(home.forgotten.ids_by_sha256().items())
    if not forgotten:
        return set()
    there = home.catalog.known().ids_by_sha256
    return {item_id for sha256, item_id in there.items() if (sha256, item_id) in forgotten}


def purge(
    home: Home,
    ids: Collection[str],
    *,
    gone_from: str | None = None,
    progress: Progress = silent,
) -> Purged:
    """Remove items from the disk: runs, prompts, feedback, quarantine, media, generations, catalog.

    Snapshots keep ids and hashes. What others have, too, stays: bytes that another item shares,
    captions it says as well. Killed anywhere, the same call again finishes.

    Args:
        ids: items that are gone from the catalog already are purged from the rest.
        gone_from: a source they are no longer in; what has a name elsewhere by now stays.

    Raises:
        Conflict: uploads are taken in for a minute on end.
    """
    if not ids:
        return Purged()
    with home.uploads.taking("removing items"):
        if gone_from is not None:
            ids = not_elsewhere(home, ids, gone_from)
        return _purge(home, ids, progress) if ids else Purged()


def _purge(home: Home, ids: Collection[str], progress: Progress) -> Purged:
    steps = 4 + len(home.generations.names())
    traces = traces_of(home, ids)
    progress("removing", 0, steps)
    files = scrub_runs(home.runs, traces, saw=partial(_may_have_shown, home, traces.ids))
    progress("removing", 1, steps)
    for records in (home.path / "held", home.sources.folder):
        reword(records, traces)
    drop_examples(home.prompts, traces)
    home.feedback.purge(traces.ids, traces.texts)
    set_aside = home.quarantine.purge(partial(_is_set_aside, traces))
    progress("removing", 2, steps)
    failpoint("forget.before_media")
    caches = (home.media, home.thumbs, home.gleanings)
    media = sum(cache.remove(traces.sha256s) for cache in caches)
    home.sources.drop_words()
    home.generations.sweep()
    failpoint("forget.after_media")
    progress("removing", 3, steps)
    rows = 0
    for done, name in enumerate(home.generations.names(), start=4):
        rows += home.generations.open(name).purge(traces.ids)
        progress("removing", done, steps)
    home.catalog.purge(traces.ids)
    for cache in (home.thumbs, home.gleanings):  # of who looked while the catalog still had it
        cache.remove(traces.sha256s)
    progress("removing", steps, steps)
    return Purged(tuple(sorted(traces.ids)), rows, media, set_aside, files)


def _is_set_aside(traces: Traces, one: SetAside) -> bool:
    whole = f"{one.root.rstrip('/')}/{one.path}"
    return bool({one.path, whole} & traces.names) or traces.found_in(one.reason)


def _may_have_shown(home: Home, ids: frozenset[str], run: Path) -> bool:
    """Whether a run's snapshot lists an item; a run without one may have shown anything."""
    name = _snapshot_of(run)
    if name is None or name not in home.catalog.snapshots():
        return True
    return not ids.isdisjoint(home.catalog.read_snapshot(name).ids)


def _snapshot_of(run: Path) -> str | None:
    if (run / SNAPSHOT).is_file():
        return (run / SNAPSHOT).read_text("utf-8")
    for event in sorted((run / "ledger").glob("*-snapshot.json")):
        try:
            return str(json.loads(event.read_bytes())["result"]["snapshot"])
        except (ValueError, KeyError, TypeError):
            return None
    return None

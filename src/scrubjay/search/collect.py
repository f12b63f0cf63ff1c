"""A folder or bucket into the home: scan, catalogue, set aside, and index with the champion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scrubjay.core.protocols import Encoder, Progress
from scrubjay.core.types import Item
from scrubjay.media.layout import Problem
from scrubjay.search.drop import look, not_elsewhere, take
from scrubjay.search.film_models import FilmModels
from scrubjay.search.films import films_of
from scrubjay.search.ingest import Ingested, ingest
from scrubjay.search.mended import as_mended
from scrubjay.search.scan import scan_folder
from scrubjay.store.bucket import is_remote
from scrubjay.store.catalog import Changes
from scrubjay.store.home import Home
from scrubjay.store.index import Generation


@dataclass(frozen=True, slots=True)
class Added:
    """What `add` did.

    Attributes:
        indexed: rows written to the champion's generation.
        not_indexed: reason -> how many items got no row for it.
        version: the champion that indexed, or None when there is none yet.
        snapshot: the snapshot that now describes the catalog.
        gone: ids of items that are no longer in their bucket.
        moments: of the videos that were indexed.
        partly: videos of which a part could not be used, by name, and which part and why.
        lacking: what is not installed and videos were indexed without, a sentence each.
    """

    scan_layout: str
    added: int
    updated: int
    unchanged: int
    ignored: int
    by_kind: Mapping[str, int]
    by_split: Mapping[str, int]
    quarantined: tuple[Problem, ...]
    snapshot: str
    indexed: int = 0
    not_indexed: Mapping[str, int] = field(default_factory=dict)
    version: str | None = None
    gone: tuple[str, ...] = ()
    moments: int = 0
    partly: tuple[Problem, ...] = ()
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """The champion, opened: what new items are embedded with and written to."""

    encoder: Encoder
    generation: Generation


def add_folder(
    home: Home,
    folder: Path | str,
    *,
    month: str,
    open_target: Callable[[], Target | None],
    progress: Progress,
    models: FilmModels | None = None,
) -> Added:
    """Bring a folder or bucket into the catalog, and index it with the champion if there is one.

    Adding the same twice changes nothing. Killed at any point, the next call finishes.

    Args:
        home: where to.
        folder: a folder, or `s3://bucket/prefix`: then only what is new or changed travels, and
            what is no longer there leaves the catalog.
        month: month added, `YYYY-MM`, unless a manifest says another.
        open_target: called once the catalog holds the items.
        progress: told after each file.
        models: what listens to videos and reads in them; None: what the settings name.

    Raises:
        WrongUse: the folder is missing, or holds nothing Scrubjay knows.
    """
    settings = home.settings
    if is_remote(str(folder)):
        brought = _from_bucket(home, str(folder), month, progress)
    else:
        brought = _from_folder(home, Path(folder), month, progress)
    snapshot = home.catalog.snapshot(without=home.held.ids())
    done, target = Ingested(), open_target()
    if target is not None:
        done = ingest(
            list(home.catalog.items(ids=[item.id for item in brought.items])),
            target.generation,
            target.encoder,
            read=home.reader(),
            # Whoever adds a picture does not wait for what a promotion left to be embedded anew.
            limit=0,
            current=lambda ids: home.catalog.items(ids=ids),
            limits=settings.limits,
            threads=settings.threads,
            films=films_of(home, models),
            progress=progress,
        )
    return Added(
        scan_layout=brought.layout,
        added=brought.changes.added,
        updated=brought.changes.updated,
        unchanged=len(brought.items) - brought.changes.added - brought.changes.updated,
        ignored=brought.ignored,
        by_kind=Counter(item.kind.value for item in brought.items),
        by_split=Counter(item.split.value for item in brought.items),
        quarantined=brought.problems,
        snapshot=snapshot.name,
        indexed=done.rows,
        not_indexed=done.skipped,
        version=target.encoder.spec.version if target else None,
        gone=brought.gone,
        moments=done.moments,
        partly=done.partly,
        lacking=done.lacking,
    )


@dataclass(frozen=True, slots=True)
class _Brought:
    """What is in the catalog now that was not, or was otherwise."""

    items: Sequence[Item]
    changes: Changes
    problems: tuple[Problem, ...]
    layout: str
    ignored: int
    gone: tuple[str, ...] = ()


def _from_folder(home: Home, folder: Path, month: str, progress: Progress) -> _Brought:
    scan = scan_folder(
        folder,
        month=month,
        known=home.known(),
        held=home.catalog.get,
        limits=home.settings.limits,
        video=home.settings.video,
        progress=progress,
        threads=home.settings.threads,
    )
    items = as_mended(home, scan.items)
    changes = home.catalog.upsert(items)
    home.quarantine.replace(str(folder.absolute()), scan.quarantined, month=month)
    return _Brought(items, changes, scan.quarantined, scan.layout, scan.ignored)


def _from_bucket(home: Home, url: str, month: str, progress: Progress) -> _Brought:
    drop = look(home, url, month=month, progress=progress)
    changes = take(home, drop)
    start = f"{drop.source}/"
    items = [
        item for item in home.catalog.items() if any(uri.startswith(start) for uri in item.uris)
    ]
    gone = tuple(not_elsewhere(home, drop.gone, drop.source))
    return _Brought(items, changes, drop.problems, drop.layout, drop.ignored, gone)

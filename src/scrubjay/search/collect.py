"""A folder into the home: scan, catalogue, set bad files aside, and index with the champion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scrubjay.core.protocols import Encoder, Progress
from scrubjay.media.layout import Problem
from scrubjay.search.ingest import Ingested, ingest
from scrubjay.search.scan import scan_folder
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


@dataclass(frozen=True, slots=True)
class Target:
    """The champion, opened: what new items are embedded with and written to."""

    encoder: Encoder
    generation: Generation


def add_folder(
    home: Home,
    folder: Path,
    *,
    month: str,
    open_target: Callable[[], Target | None],
    progress: Progress,
) -> Added:
    """Scan a folder into the catalog, and into the champion's generation when there is one.

    Adding the same folder twice changes nothing. Killed at any point, the next call finishes.

    Args:
        open_target: called once the catalog holds the folder's items.

    Raises:
        WrongUse: the folder is missing, or holds nothing Scrubjay knows.
    """
    settings = home.settings
    scan = scan_folder(
        folder,
        month=month,
        known=home.known(),
        held=home.catalog.get,
        limits=settings.limits,
        progress=progress,
        threads=settings.threads,
    )
    changes = home.catalog.upsert(scan.items)
    home.quarantine.replace(str(folder.absolute()), scan.quarantined, month=month)
    snapshot = home.catalog.snapshot(without=home.held.ids())
    done, target = Ingested(), open_target()
    if target is not None:
        done = ingest(
            list(home.catalog.items(ids=[item.id for item in scan.items])),
            target.generation,
            target.encoder,
            read=home.reader(),
            # Whoever adds a picture does not wait for what a promotion left to be embedded anew.
            limit=0,
            current=lambda ids: home.catalog.items(ids=ids),
            limits=settings.limits,
            threads=settings.threads,
            progress=progress,
        )
    return Added(
        scan_layout=scan.layout,
        added=changes.added,
        updated=changes.updated,
        unchanged=changes.unchanged,
        ignored=scan.ignored,
        by_kind=Counter(item.kind.value for item in scan.items),
        by_split=Counter(item.split.value for item in scan.items),
        quarantined=scan.quarantined,
        snapshot=snapshot.name,
        indexed=done.rows,
        not_indexed=done.skipped,
        version=target.encoder.spec.version if target else None,
    )

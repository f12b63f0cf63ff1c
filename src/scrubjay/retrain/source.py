"""What a run trains on: a snapshot of the home, a folder, or files its datamodule reads itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrubjay.core.errors import NotReady
from scrubjay.core.protocols import Progress
from scrubjay.core.types import Item
from scrubjay.search.mended import mend
from scrubjay.search.scan import scan_folder
from scrubjay.store.home import Home
from scrubjay.training.instantiate import refers_to


@dataclass(frozen=True, slots=True)
class Source:
    """What a run trains on: items with the name they go by, or nothing of the home's.

    Attributes:
        snapshot: the snapshot they are of, if they are of one.
        heard: number of the newest feedback that may be learned from; 0 is none.
    """

    name: str
    items: tuple[Item, ...] = ()
    snapshot: str | None = None
    heard: int = 0


def snapshot_source(home: Home, name: str | None = None) -> Source:
    """The items of a snapshot; unless one is named, of what may be learned from now.

    Captions that people fixed are taken over into the catalog first.

    Raises:
        NotReady: nothing was added yet.
        UnknownName: there is no snapshot of that name.
    """
    if name is None:
        if not home.catalog.count():
            raise NotReady(
                f"nothing to train on in {home.path}: run `scrubjay add FOLDER` first, "
                f"or give datamodule.folder=FOLDER"
            )
        mend(home)
        name = home.catalog.snapshot(without=home.held.ids()).name  # uploads take none
    items = tuple(home.catalog.snapshot_items(name))
    return Source(f"snapshot {name}", items, name, home.feedback.newest())


def training_source(
    home: Home, config: Mapping[str, Any], *, snapshot: str | None = None, progress: Progress
) -> Source:
    """What this run trains on.

    The folder its configuration names, else a snapshot: the newest unless another is named. A run
    whose datamodule reads its own files asks for no items and gets none.
    """
    if not refers_to(config, "items"):
        return Source(str(config.get("datamodule", {}).get("folder", "its own datamodule")))
    folder = config["datamodule"].get("folder")
    if folder is None:
        return snapshot_source(home, snapshot)
    scan = scan_folder(
        Path(folder),
        month=this_month(),
        known=None,
        limits=home.settings.limits,
        progress=progress,
        threads=home.settings.threads,
    )
    return Source(f"folder {folder}", scan.items)


def this_month() -> str:
    """Now as `YYYY-MM`, UTC."""
    return datetime.now(UTC).strftime("%Y-%m")

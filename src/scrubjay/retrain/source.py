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
from scrubjay.search.scan import scan_folder
from scrubjay.store.home import Home
from scrubjay.training.instantiate import refers_to


@dataclass(frozen=True, slots=True)
class Source:
    """What a run trains on: items with the name they go by, or nothing of the home's."""

    name: str
    items: tuple[Item, ...] = ()


def snapshot_source(home: Home) -> Source:
    """The newest snapshot's items.

    Raises:
        NotReady: nothing was added yet.
    """
    snapshot = home.catalog.newest_snapshot()
    if snapshot is None:
        raise NotReady(
            f"nothing to train on in {home.path}: run `scrubjay add FOLDER` first, "
            f"or give datamodule.folder=FOLDER"
        )
    return Source(f"snapshot {snapshot.name}", tuple(home.catalog.snapshot_items(snapshot.name)))


def training_source(home: Home, config: Mapping[str, Any], *, progress: Progress) -> Source:
    """What this run trains on.

    The folder its configuration names, else the newest snapshot. A run whose datamodule reads its
    own files asks for no items and gets none.
    """
    if not refers_to(config, "items"):
        return Source(str(config.get("datamodule", {}).get("folder", "its own datamodule")))
    folder = config["datamodule"].get("folder")
    if folder is None:
        return snapshot_source(home)
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

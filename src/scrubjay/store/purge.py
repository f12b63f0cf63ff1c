"""Rows taken out of a Lance table for good, not only out of its newest version.

Lance never changes a file: a deletion or an update marks rows of a file as hidden and leaves their
bytes there, in the newest version too, until much of the file is hidden. So every file with a
hidden row is written anew without it, and all older versions go.

The files of hidden rows are named after the fragment they belong to: Lance table format,
"Deletion files", `_deletions/{fragment_id}-{read_version}-{id}.{arrow|bin}`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from scrubjay.core.errors import Damaged
from scrubjay.store.table import StoredTable

_FRAGMENT_BITS = 32
"""A row's address is its fragment's number and, in the lower bits, its place there."""
_TRIES = 3
"""An index brought level is a version of its own, after which the one before can go."""


def scour(table: StoredTable, *, column: str, reindex: Callable[[], None] | None = None) -> None:
    """Leave nothing of deleted rows and of what rows said before. Call it while `writing`.

    What is left is one version, with the rows the newest had. Killed anywhere, those rows are
    there, and the same call again finishes. A search under way is asked again by `read`.

    Args:
        column: any column; rows are moved by setting it to itself.
        reindex: builds anew what was made of the vectors; called when the rows were moved.

    Raises:
        Damaged: hidden rows are left.
    """
    if not table.exists():
        return
    if hidden := _fragments_with_hidden_rows(table.path):
        held = " OR ".join(
            f"(_rowid >= {one << _FRAGMENT_BITS} AND _rowid < {(one + 1) << _FRAGMENT_BITS})"
            for one in hidden
        )
        table.commit(
            "moving rows", lambda handle: handle.update(where=held, values_sql={column: column})
        )
    if reindex is not None:
        reindex()
    for _ in range(_TRIES):
        table.commit("dropping old versions", _keep_newest)
        if len(list((table.path / "_versions").glob("*.manifest"))) == 1:
            break
    if left := _fragments_with_hidden_rows(table.path):
        raise Damaged(
            f"{table.path}: deleted rows are still in fragments {left}; what is shown is all "
            f"there. Try again; if it stays so, remove this table and build it again"
        )


def _keep_newest(handle: Any) -> None:  # noqa: ANN401 - a lancedb table
    """Drop older versions, and the files of writers that were killed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # That readers of older versions fail: ours ask again.
        handle.optimize(cleanup_older_than=timedelta(0), delete_unverified=True)


def _fragments_with_hidden_rows(path: Path) -> list[int]:
    """Of every retained version."""
    names = (one.name for one in (path / "_deletions").glob("*"))
    found = (re.match(r"(\d+)-\d+-\d+\.(?:arrow|bin)$", name) for name in names)
    return sorted({int(match[1]) for match in found if match})

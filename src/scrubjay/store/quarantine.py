"""Files set aside, with the reason: `quarantine.lance`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from scrubjay.store.purge import scour
from scrubjay.store.table import StoredTable, batched, sql_text

if TYPE_CHECKING:
    import pyarrow as pa

KEY = ["root", "path", "reason"]
HISTORY = timedelta(days=1)
GATHER_ABOVE = 64
PURGED_AT_ONCE = 200
"""Rows named in one filter."""


class Problem(Protocol):
    """What a scan says of a file it set aside."""

    @property
    def path(self) -> str:
        """Below the scanned folder."""
        ...

    @property
    def reason(self) -> str:
        """Short enough for a table."""
        ...


@dataclass(frozen=True, slots=True)
class SetAside:
    """One file that could not be used.

    Attributes:
        root: the folder that was scanned.
        path: the file, below it.
        month: the month of the scan that first said so.
        noted_at: when it first said so, UTC.
    """

    root: str
    path: str
    reason: str
    month: str
    noted_at: datetime


class Quarantine:
    """What the last scan of every folder set aside."""

    def __init__(self, path: Path) -> None:
        self._table = StoredTable(path, point="quarantine")

    def replace(self, root: str, problems: Iterable[Problem], *, month: str) -> int:
        """Put a scan's problems in the place of the folder's earlier ones, in one commit.

        What was noted before keeps its month and time; what is not among them is mended and goes.

        Returns:
            How many files of this folder are set aside now.
        """
        root = _text(root)
        now = datetime.now(UTC).replace(tzinfo=None)
        found = {(_text(one.path), _text(one.reason)) for one in problems}
        with self._table.writing():
            before = {(one.path, one.reason): one for one in self.all(root=root)}
            if found == before.keys():
                return len(found)
            if not self._table.exists():
                self._table.create(_schema())
            rows = [before.get(key) or SetAside(root, *key, month, now) for key in sorted(found)]
            self._table.merge(_rows(rows), on=KEY, replacing=f"root = {sql_text(root)}")
            if self._table.small_files() > GATHER_ABOVE:
                self._table.compact(keep=HISTORY)
            self._table.sync()
        return len(found)

    def purge(self, shows: Callable[[SetAside], bool]) -> int:
        """Remove what shows something from the newest version and every older one.

        Killed anywhere, the same call again finishes.

        Args:
            shows: whether a file set aside, or its reason, does.

        Returns:
            How many files were removed.
        """
        if not self._table.exists():
            return 0
        with self._table.writing():
            gone = [one for one in self.all() if shows(one)]
            for batch in batched(gone, PURGED_AT_ONCE):
                self._table.delete(" OR ".join(map(_named, batch)))
            scour(self._table, column="path")
            self._table.sync()
        return len(gone)

    def all(self, *, root: str | None = None) -> list[SetAside]:
        """Everything set aside, or what one folder's scan did, in order of folder and path."""
        where = None if root is None else f"root = {sql_text(_text(root))}"
        rows = self._table.rows(where=where).to_pylist()
        return sorted(
            (SetAside(**row) for row in rows), key=lambda one: (one.root, one.path, one.reason)
        )


def _named(one: SetAside) -> str:
    """The filter that keeps one row."""
    key = (one.root, one.path, one.reason)
    is_it = (f"{name} = {sql_text(text)}" for name, text in zip(KEY, key, strict=True))
    return f"({' AND '.join(is_it)})"


def _text(text: str) -> str:
    """Names of files that are not text, made printable: they are here to be read by a person."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


def _schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        [
            *(pa.field(name, pa.string()) for name in (*KEY, "month")),
            pa.field("noted_at", pa.timestamp("us")),
        ]
    )


def _rows(noted: Iterable[SetAside]) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_pylist(
        [
            {
                "root": one.root,
                "path": one.path,
                "reason": one.reason,
                "month": one.month,
                "noted_at": one.noted_at,
            }
            for one in noted
        ],
        schema=_schema(),
    )

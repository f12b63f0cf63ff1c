"""Snapshots: one Parquet file each, beside the catalog, named after what it lists."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scrubjay.core.errors import Damaged, UnknownName
from scrubjay.core.snapshot import Snapshot
from scrubjay.store.durable import create_durably, locked, make_folder, sweep_aside, write_durably

SHORT = 7
"""Hex digits of the content's sha256 in a name; more only where two contents share them."""
_CREATED = b"scrubjay.created"
_CONTENT = b"scrubjay.content"


@dataclass(frozen=True, slots=True)
class Listing:
    """What a snapshot lists, before it has a name.

    Attributes:
        month: `YYYY-MM`, the newest among the items.
        ids: sorted.
        sha256s: in the same order.
    """

    month: str
    ids: tuple[str, ...]
    sha256s: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The content's sha256."""
        return _digest(self.ids, self.sha256s)


class SnapshotFolder:
    """Create-only files `<name>.parquet`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def take(self, listing: Listing) -> Snapshot:
        """Write a listing down; the same listing again is the same snapshot.

        A listing that was left and came back becomes the newest again: its file is replaced by one
        that differs in the time only.
        """
        with locked(self.folder.with_name(f".{self.folder.name}.lock"), "taking a snapshot"):
            make_folder(self.folder)
            sweep_aside(self.folder)
            for digits in range(SHORT, len(listing.digest) + 1):
                name = f"{listing.month}-{listing.digest[:digits]}"
                there = self._header(name) if self._path(name).exists() else None
                if there is None:
                    return self._write(name, listing, replace=False)
                if there[1] == listing.digest:
                    if self.names()[-1] == name:
                        return self.read(name)
                    return self._write(name, listing, replace=True)
            raise Damaged(f"{self.folder}: files there are not what their names say; remove them")

    def names(self) -> tuple[str, ...]:
        """Every snapshot, the oldest first."""
        found = [path.stem for path in self.folder.glob("[!.]*.parquet")]
        return tuple(sorted(found, key=lambda name: (self._header(name)[0], name)))

    def read(self, name: str) -> Snapshot:
        """One snapshot.

        Raises:
            UnknownName: there is none of that name.
            Damaged: the file cannot be read, or lists something else than what was written.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        known = [path.stem for path in self.folder.glob("[!.]*.parquet")]
        if name not in known:
            raise UnknownName("snapshot", name, known)
        created, digest = self._header(name)
        try:
            table = pq.read_table(self._path(name), columns=["id", "sha256"])
            ids = tuple(map(str, table["id"].to_pylist()))
            sha256s = tuple(map(str, table["sha256"].to_pylist()))
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise self._damaged(name, error) from error
        if _digest(ids, sha256s) != digest:
            raise self._damaged(name, "its rows are not the ones that were written")
        return Snapshot(name, created, ids, sha256s)

    def _write(self, name: str, listing: Listing, *, replace: bool) -> Snapshot:
        import pyarrow as pa
        import pyarrow.parquet as pq

        created = self._now()
        schema = pa.schema(
            [pa.field("id", pa.string()), pa.field("sha256", pa.string())],
            metadata={_CREATED: created.isoformat(), _CONTENT: listing.digest},
        )
        columns = [pa.array(listing.ids, pa.string()), pa.array(listing.sha256s, pa.string())]
        buffer = io.BytesIO()
        pq.write_table(pa.Table.from_arrays(columns, schema=schema), buffer)
        if replace:
            write_durably(self._path(name), buffer.getvalue(), point="snapshot")
        else:
            create_durably(self._path(name), buffer.getvalue(), point="snapshot")
        return Snapshot(name, created, listing.ids, listing.sha256s)

    def _now(self) -> datetime:
        """The time, but never before a snapshot that is there: clocks are set back at times."""
        now = datetime.now(UTC)
        names = self.names()
        return max(now, self._header(names[-1])[0]) if names else now

    def _header(self, name: str) -> tuple[datetime, str]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            metadata = pq.read_schema(self._path(name)).metadata or {}
            created = datetime.fromisoformat(metadata[_CREATED].decode())
            return created, metadata[_CONTENT].decode()
        except (OSError, ValueError, KeyError, pa.ArrowException) as error:
            raise self._damaged(name, error) from error

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.parquet"

    def _damaged(self, name: str, reason: object) -> Damaged:
        return Damaged(
            f"snapshot {self._path(name)} is damaged ({reason}); restore it from a backup, or "
            f"remove it: the next `scrubjay add` takes a new one"
        )


def _digest(ids: Sequence[str], sha256s: Sequence[str]) -> str:
    content = hashlib.sha256()
    for item_id, sha256 in zip(ids, sha256s, strict=True):
        for text in (item_id, sha256):
            content.update(text.encode("utf-8") + b"\x00")
    return content.hexdigest()

"""One Lance table on a disk: opened once, always current, changed by one writer at a time.

Lance commits a change by creating one manifest file, so a killed writer leaves the version before
it. Lance does not fsync; `sync` does. LanceDB sends nothing anywhere by itself: its OpenTelemetry
bridge, `lancedb.otel`, works only where a program installs it, and this one does not.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from scrubjay.core.errors import BadFilter, Conflict, Damaged, ScrubjayError, WrongUse
from scrubjay.core.failpoint import failpoint
from scrubjay.store.attributes import EXACT_INT, NARROW, WIDE, column_name, new_fields, types_in
from scrubjay.store.durable import LOCK_WAIT_S, fsync_folder, fsync_tree, locked, make_folder
from scrubjay.store.lance import lancedb

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")
ATTEMPTS = 8
"""Times a change is tried again when another writer committed first."""


SETTLED_NS = 100_000_000
"""A folder's time of change may stand still for as long while files come, at the very most."""
TRUSTED_NS = 1_000_000_000
"""How long a folder that did not change is believed, for file systems that keep no such time."""


@dataclass(frozen=True, slots=True)
class _Looked:
    """A version, as it was when its folder had a stamp; asking Lance takes 0.2 to 1 ms."""

    stamp: tuple[int, int]
    version: int
    at: int

    def holds(self, stamp: tuple[int, int] | None, now: int) -> bool:
        settled = self.at - self.stamp[1] > SETTLED_NS
        return settled and stamp == self.stamp and 0 <= now - self.at < TRUSTED_NS


class StoredTable:
    """A Lance table by its path; nothing is created before the first write."""

    def __init__(self, path: Path, *, point: str) -> None:
        """Name the table.

        Args:
            path: a folder called `<name>.lance`, there or not.
            point: its failpoints are `<point>.before_commit` and `<point>.after_commit`.
        """
        self.path = path
        self._point = point
        self._handle: Any = None
        self._opening = threading.Lock()
        self._looked: _Looked | None = None

    def exists(self) -> bool:
        """Whether a first version was committed; a killed creation leaves none."""
        try:
            # Not a listing: a table has a manifest for every change it ever saw.
            with os.scandir(self.path / "_versions") as names:
                return any(one.name.endswith(".manifest") for one in names)
        except FileNotFoundError:
            return False

    def current(self) -> Any:  # noqa: ANN401 - a lancedb table
        """The table at its newest version, whoever wrote it.

        Raises:
            Damaged: it is there and cannot be opened.
        """
        with self._opening, self.reading():
            if self._handle is None:
                self._handle = _connect(self.path).open_table(self.path.stem)
            else:
                self._handle.checkout_latest()
            return self._handle

    def version(self) -> int:
        """Counts commits; 0 before the first."""
        now = time.time_ns()
        stamp, looked = self._stamp(), self._looked
        if looked is not None and looked.holds(stamp, now):
            return looked.version
        version = int(self.current().version) if self.exists() else 0
        # The stamp is older than the version, so that a commit between the two is seen next time.
        self._looked = None if stamp is None else _Looked(stamp, version, now)
        return version

    def _stamp(self) -> tuple[int, int] | None:
        """Changes with every commit: inode and time of change of the folder of manifests."""
        try:
            status = (self.path / "_versions").stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_mtime_ns

    def schema(self) -> pa.Schema:
        """Columns of the newest version."""
        return self.current().schema

    def count(self, where: str | None = None) -> int:
        """Rows, all or those a Lance filter keeps."""
        if not self.exists():
            return 0
        return self.read(lambda table: int(table.count_rows(where)))

    def rows(
        self,
        columns: Sequence[str] | None = None,
        *,
        where: str | None = None,
        row_ids: bool = False,
    ) -> pa.Table:
        """Rows in no particular order; of a missing table none, without columns.

        Args:
            columns: default all.
            where: a Lance filter, made by `where.compile_where` or of our own parts.
            row_ids: add `_rowid`, stable until the table is compacted.

        Raises:
            BadFilter: Lance cannot evaluate the filter.
            Damaged: files of the table are missing or broken.
        """
        import pyarrow as pa

        if not self.exists():
            return pa.table({})

        def ask(table: Any) -> pa.Table:  # noqa: ANN401 - a lancedb table
            query = table.search().with_row_id(row_ids).limit(None)
            if columns is not None:
                query = query.select(list(columns))
            if where is not None:
                query = query.where(where)
            return query.to_arrow()

        return self.read(ask, where)

    def read(self, ask: Callable[[Any], T], where: str | None = None) -> T:
        """Ask the newest version, again when it was purged before it could answer.

        Args:
            ask: takes the lancedb table and only reads.
            where: the filter in use, for the message.

        Raises:
            BadFilter: Lance cannot evaluate the filter.
            Damaged: files of the table are missing or broken.
        """
        while True:
            table = self.current()
            version = int(table.version)
            try:
                with self.reading(where):
                    return ask(table)
            except (BadFilter, Damaged):
                # Whoever purges takes the files of older versions away.
                if self.version() == version:
                    raise

    def pages(self, rows: int) -> Iterator[pa.Table]:
        """All rows with all columns, as they are now, without holding them in memory at once.

        Args:
            rows: in a page, or somewhat more; the last has what is left.

        Raises:
            Damaged: files of the table are missing or broken.
        """
        import pyarrow as pa

        held: list[pa.RecordBatch] = []
        with self.reading():
            for batch in self.current().search().limit(None).to_batches(batch_size=rows):
                held.append(batch)
                if sum(one.num_rows for one in held) >= rows:
                    yield pa.Table.from_batches(held)
                    held = []
            if held:
                yield pa.Table.from_batches(held)

    @contextmanager
    def writing(self, *, wait_s: float = LOCK_WAIT_S) -> Iterator[None]:
        """Hold the right to change this table; readers go on.

        Raises:
            Conflict: another process kept it for `wait_s`.
        """
        lock = self.path.with_name(f".{self.path.stem}.lock")
        with locked(lock, f"writing {self.path.name}", wait_s=wait_s):
            yield

    def create(self, schema: pa.Schema) -> None:
        """Create the table empty. Call it while `writing`."""
        make_folder(self.path.parent)
        with self._changing("creating it"):
            failpoint(f"{self._point}.before_commit")
            _connect(self.path).create_table(self.path.stem, schema=schema)
            failpoint(f"{self._point}.after_commit")

    def append(self, rows: pa.Table) -> None:
        """Add rows in one commit."""
        self.commit("adding rows", lambda table: table.add(rows))

    def merge(
        self,
        rows: pa.Table,
        *,
        on: str | list[str],
        insert: bool = True,
        replacing: str | None = None,
    ) -> None:
        """Update and insert rows in one commit.

        Args:
            rows: with all columns, or, without `insert`, with those to change.
            on: the key.
            insert: whether rows with a new key are added.
            replacing: a Lance filter; rows it keeps whose key is not among `rows` are deleted.
        """

        def change(table: Any) -> None:  # noqa: ANN401 - a lancedb table
            merging = table.merge_insert(on).when_matched_update_all()
            if insert:
                merging = merging.when_not_matched_insert_all()
            if replacing is not None:
                merging = merging.when_not_matched_by_source_delete(replacing)
            merging.execute(rows)

        self.commit("writing rows", change)

    def delete(self, where: str) -> int:
        """Delete the rows a Lance filter keeps; return how many."""
        done = self.commit("deleting rows", lambda table: table.delete(where))
        return int(done.num_deleted_rows)

    def grow(self, types: Mapping[str, str]) -> None:
        """Give the table the attribute columns `types` asks for. Call it while `writing`.

        Args:
            types: attribute -> type, from `attributes.settled_types`.

        Raises:
            WrongUse: an integer column holds numbers that fractions cannot be kept beside.
        """
        self._drop_narrow_twins()
        have = types_in(self.schema())
        new = {name: kind for name, kind in types.items() if name not in have}
        self.add_columns(new_fields(new))
        for name, kind in types.items():
            if kind == "float64" and have.get(name) == "int64":
                self._widen(name)

    def add_columns(self, fields: Sequence[pa.Field]) -> None:
        """Give every row these further columns, empty, in one commit. Call it while `writing`."""
        if fields:
            self.commit("adding columns", lambda table: table.add_columns(list(fields)))

    def compact(self, *, keep: timedelta) -> None:
        """Gather small files, bring indexes up to date, forget versions older than `keep`."""
        self.commit("compacting", lambda table: table.optimize(cleanup_older_than=keep))

    def small_files(self) -> int:
        """Fragments, which every scan opens one by one."""
        table = self.current()
        with self.reading():
            return int(table.stats()["fragment_stats"]["num_fragments"])

    def sync(self) -> None:
        """Flush every file of the table and its name to the disk."""
        fsync_tree(self.path)
        fsync_folder(self.path.parent)

    def _widen(self, name: str) -> None:
        narrow, wide = column_name(name), column_name(name, wide=True)
        if large := self.count(f"`{narrow}` > {EXACT_INT} OR `{narrow}` < -{EXACT_INT}"):
            raise WrongUse(
                f"attribute column {name!r} holds {large} integers too large to be kept exactly "
                f"beside fractions; give the column another name, or make it text"
            )
        cast = {wide: f"CAST(`{narrow}` AS double)"}
        self.commit("widening a column", lambda table: table.add_columns(cast))
        self._drop_narrow_twins()

    def _drop_narrow_twins(self) -> None:
        names = self.schema().names
        wide = [name.removeprefix(WIDE) for name in names if name.startswith(WIDE)]
        twins = [NARROW + name for name in wide if NARROW + name in names]
        if twins:
            self.commit("dropping a column", lambda table: table.drop_columns(twins))

    def commit(self, doing: str, change: Callable[[Any], T]) -> T:
        """Change the newest version, again when another writer was faster.

        Args:
            doing: for the message when it fails.
            change: takes the lancedb table.

        Raises:
            Conflict: others were faster every time.
            ScrubjayError: the disk is full, say; nothing was changed.
        """
        for attempt in range(ATTEMPTS):
            table = self.current()
            try:
                with self._changing(doing):
                    failpoint(f"{self._point}.before_commit")
                    done = change(table)
                    failpoint(f"{self._point}.after_commit")
                    return done
            except Conflict:
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    @contextmanager
    def _changing(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, ValueError, OSError) as error:
            reason = _first_line(error)
            if "conflict" in reason.lower():
                raise Conflict(
                    f"{self.path}: {doing} failed because another process changed it at the same "
                    f"time; nothing was overwritten, try again"
                ) from error
            raise ScrubjayError(
                f"{self.path}: {doing} failed ({reason}); what was there before is intact. "
                f"Check the disk's space and rights, then try again"
            ) from error

    @contextmanager
    def reading(self, where: str | None = None) -> Iterator[None]:
        """Turn what Lance raises while reading into our errors.

        Args:
            where: the filter in use, for the message.

        Raises:
            BadFilter: Lance refuses the filter.
            Damaged: files of the table are missing or broken.
        """
        try:
            yield
        except ValueError as error:
            if where is not None:
                raise BadFilter(f"cannot be evaluated: {where} ({_first_line(error)})") from error
            raise self._damaged(error) from error
        except (RuntimeError, OSError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> Damaged:
        return Damaged(
            f"{self.path} cannot be read ({_first_line(error)}); restore it from a backup, "
            f"or remove it and build it again"
        )


def batched(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Pieces of at most `size`, in order."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def sql_text(text: str) -> str:
    """A string as Lance's filters write it."""
    return "'" + text.replace("'", "''") + "'"


def sql_in(column: str, texts: Sequence[str]) -> str:
    """`column IN (...)` over strings; `texts` is not empty."""
    return f"{column} IN ({', '.join(map(sql_text, texts))})"


def _connect(path: Path) -> Any:  # noqa: ANN401 - a lancedb connection
    return lancedb().connect(str(path.parent))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]

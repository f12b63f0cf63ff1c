"""A generation's newest rows in memory, read behind the searches that go on meanwhile."""

from __future__ import annotations

import logging
import time
from threading import Lock, Thread

from scrubjay.core.errors import ScrubjayError
from scrubjay.store.rows import VECTOR, shown_columns
from scrubjay.store.shelves import Centres, Shelves
from scrubjay.store.table import StoredTable

LOG = logging.getLogger("scrubjay.store")

SETTLE_S = 2.0
"""How long a table that changed must have stayed as it is before it is read again."""


class InMemory:
    """What `at` answers is always one whole version; it is None until that one has been read.

    Safe to use from several threads; one at a time reads.
    """

    def __init__(self, table: StoredTable, dim: int, *, most_bytes: int) -> None:
        """Nothing is read before the first `at`.

        Args:
            most_bytes: of vectors; a larger table stays on the disk. While a version is read and
                put in order it takes up to three times as much.
        """
        self._table = table
        self._dim = dim
        self._most_rows = most_bytes // (4 * dim)
        self._changing = Lock()
        self._reading = False
        self._held: tuple[int, Shelves | None] | None = None
        self._centres: Centres | None = None

    def at(self, version: int) -> Shelves | None:
        """The rows of a version, when they are here; else the newest will soon be."""
        held = self._held
        if held is not None and held[0] == version:
            return held[1]
        with self._changing:
            if not self._reading and self._held is held:
                self._held = None  # First, so that two versions are never in memory together.
                self._reading = True
                Thread(target=self._read, name="rows to memory", daemon=True).start()
        return None

    def _read(self) -> None:
        try:
            self._held = self._newest()
        except (ScrubjayError, MemoryError) as error:  # Searches of the disk will say so, too.
            LOG.info("%s stays on the disk: %s", self._table.path.name, error)
            self._held = (self._table.version(), None)
        finally:
            with self._changing:
                self._reading = False

    def _newest(self) -> tuple[int, Shelves | None]:
        while True:
            version = self._table.version()
            if self._centres is not None:
                time.sleep(SETTLE_S)
            if self._table.version() != version:
                continue
            if self._table.count() > self._most_rows:
                return version, None
            began = time.perf_counter()
            rows = self._table.rows([*shown_columns(self._table.schema()), VECTOR])
            if self._table.version() != version:
                continue
            if not rows.num_rows:
                return version, None
            held = Shelves.of(rows, self._dim, centres=self._centres)
            self._centres = held.centres
            seconds = time.perf_counter() - began
            LOG.info(
                "%d rows of %s are in memory, after %.1f s",
                rows.num_rows,
                self._table.path,
                seconds,
            )
            return version, held

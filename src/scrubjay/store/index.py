"""Generations: a collection's vectors in one version's space, searched exactly or nearly so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.config import IndexSettings
from scrubjay.core.errors import UnknownItem, WrongUse
from scrubjay.core.types import Clue, Item, Kind, Modality
from scrubjay.store.admission import Current, check_rows, still_wanted, unit_query, unit_vectors
from scrubjay.store.attributes import joined_types, settled_types, types_in
from scrubjay.store.carried import (
    HeldRows,
    Page,
    SpaceMap,
    fitting_maps,
    mapped_table,
    tells_clues,
    unheld,
)
from scrubjay.store.catalog_schema import checked, items_of
from scrubjay.store.groups import Moment
from scrubjay.store.nearest import Nearest
from scrubjay.store.partitions import keep_level, partitioned, repartition
from scrubjay.store.purge import scour
from scrubjay.store.rows import (
    KEY,
    VECTOR,
    Found,
    Row,
    Span,
    StoredMoment,
    clue_fields,
    moments_in,
    row_table,
    space_of,
)
from scrubjay.store.table import StoredTable, batched, sql_in, sql_text
from scrubjay.store.told import described_anew, spans_of, tally, vectors_of, views_of

__all__ = ["Found", "Generation", "Page", "Row", "Span", "StoredMoment"]

BATCH = 2_000


class Generation:
    """One table `<name>.lance`; may be searched by several threads while another writes.

    Attributes:
        version: the version in whose space every vector is: it made them, or they were mapped.
    """

    def __init__(self, path: Path, settings: IndexSettings) -> None:
        self.name = path.stem
        self._table = StoredTable(path, point="generation")
        self._settings = settings
        self._present: tuple[int, dict[str, str]] = (0, {})
        self._kinds: tuple[int, dict[Kind, int]] = (0, {})
        self._held: HeldRows | None = None
        schema = self._table.schema()
        self.dim: int = schema.field(VECTOR).type.list_size
        self.version: str = space_of(schema, self.name)
        self._nearest = Nearest(self._table, self.dim, settings)

    def add(
        self,
        rows: Sequence[Row],
        vectors: NDArray[np.float32],
        *,
        current: Current | None = None,
    ) -> frozenset[str]:
        """Write rows in one commit; whatever these items had before is replaced.

        Args:
            rows: all rows of every item among them, made by the generation's version.
            vectors: (len(rows), dim), finite, of unit length to 1e-3; they are made exactly so.
            current: asked while nobody else can write. An item it does not know any more, or
                knows with other bytes, is passed over; the others say what it says of them.

        Returns:
            Ids of the items that were passed over.

        Raises:
            WrongUse: shapes or lengths are off, another version made a row, two rows of an item
                cover the same span, an item cannot be stored, or an attribute clashes with its
                column.
            Conflict: another process kept the generation to itself for a minute.
        """
        check_rows(rows, version=self.version, generation=self.name)
        units = unit_vectors(rows, vectors, dim=self.dim, generation=self.name)
        if not rows:
            return frozenset()
        with self._table.writing():
            places, kept = still_wanted(rows, current)
            self._write(kept, units if len(places) == len(rows) else units[places])
        return frozenset(row.item.id for row in rows) - {row.item.id for row in kept}

    def _write(self, kept: Sequence[Row], units: NDArray[np.float32]) -> None:
        items = {row.item.id: row.item for row in kept}
        if kept:
            self._grow(items.values())
            if any(row.clue is not None or row.moment is not None for row in kept):
                self._table.add_columns(clue_fields(self._table.schema()))
            table = row_table(kept, units, self._table.schema())
            present = self._embedded()
            version = self._table.version()
            replaced = sorted(items.keys() & present.keys())
            if replaced:
                self._table.merge(table, on=KEY, replacing=sql_in("id", replaced))
            else:
                self._table.append(table)
            # Our own change is known; reading every id again after every batch would be slow.
            if self._table.version() == version + 1:
                present.update((one.id, one.sha256) for one in items.values())
                self._present = (version + 1, present)

    def pages(self, rows: int) -> Iterator[Page]:
        """All rows as they are when the first is asked for, some at a time.

        Args:
            rows: in a page, or somewhat more.
        """
        for page in self._table.pages(rows):
            yield Page(self.version, page)

    def carry(
        self,
        page: Page,
        maps: Mapping[Modality, SpaceMap],
        *,
        without: Collection[str] = (),
    ) -> int:
        """Write another generation's rows, mapped into this one's space, in one commit.

        Each keeps the version that made it. What is here already stays as it is, and rows of a
        modality without a map are left out.

        Args:
            page: of a generation in whose space the maps begin.
            maps: modality -> the map of its rows into this generation's space.
            without: ids of items that are left out.

        Returns:
            Rows written.

        Raises:
            WrongUse: a map that begins or ends elsewhere, or an attribute that clashes with its
                column.
            Conflict: another process kept the generation to itself for a minute.
        """
        maps = fitting_maps(maps, page, into=self.version)
        with self._table.writing():
            held = self._held_rows()
            rows = unheld(page, held, maps.keys(), version=self.version, without=without)
            if rows.num_rows:
                self._table.grow(joined_types(self.attribute_types(), types_in(rows.schema)))
                if tells_clues(rows):
                    self._table.add_columns(clue_fields(self._table.schema()))
                rows = mapped_table(rows, maps, self._table.schema())
            if rows.num_rows:
                self._table.append(rows)
                held.take(rows, self._table.version())
        return int(rows.num_rows)

    def _held_rows(self) -> HeldRows:
        version = self._table.version()
        if self._held is None or self._held.at != version:
            self._held = HeldRows.of(self._table.rows([KEY, "id", "version"]), version)
        return self._held

    def describe(self, items: Iterable[Item]) -> int:
        """Bring captions, tags and attributes level with the catalog; vectors stay.

        Items that are not here, or whose bytes changed, are passed over: they must be embedded.

        Returns:
            How many rows were rewritten; those that said so already are not.
        """
        present = self._embedded()
        mine = [checked(one) for one in items if present.get(one.id) == one.sha256]
        changed = 0
        with self._table.writing():
            for batch in batched(mine, BATCH):
                self._grow(batch)
                stale = described_anew(self._table, {one.id: one for one in batch})
                if stale is not None:
                    self._table.merge(stale, on=KEY, insert=False)
                    changed += int(stale.num_rows)
        return changed

    def delete(self, ids: Iterable[str]) -> None:
        """Remove every row of these items; unknown ones are passed over."""
        with self._table.writing():
            gone = sorted(set(ids) & self._embedded().keys())
            for batch in batched(gone, BATCH):
                self._table.delete(sql_in("id", batch))

    def purge(self, ids: Iterable[str]) -> int:
        """Remove these items from the newest version and every older one, and from the disk.

        The approximate index is built anew. Killed anywhere, the same call again finishes.

        Returns:
            How many of them were here.
        """
        with self._table.writing():
            gone = sorted(set(ids) & self._embedded().keys())
            for batch in batched(gone, BATCH):
                self._table.delete(sql_in("id", batch))
            scour(self._table, column=KEY, reindex=self._reindex)
            self._table.sync()
        return len(gone)

    def _reindex(self) -> None:
        if partitioned(self._table).partitions:
            repartition(self._table, self._table.count(), least=self._settings.exact_below)

    def search(
        self,
        vector: NDArray[np.float32],
        k: int,
        *,
        kinds: frozenset[Kind] | None = None,
        where: str | None = None,
    ) -> list[Found]:
        """The k items nearest to a vector, best first, each by its best row.

        Of a video every moment is found for itself. Its rows' cosines count as they are, whatever
        they are made of; `search_clues` tells them apart.

        Below `IndexSettings.exact_below` rows every row is compared; above, an index proposes
        candidates, whose cosines are then computed exactly. Filters apply before the k are chosen.

        Args:
            vector: (dim,), not zero; or (1, dim).
            kinds: default all.
            where: a `--where` expression.

        Raises:
            WrongUse: the vector's shape, or k below 1.
            BadFilter: the expression does not parse or names no column.
        """
        if k < 1:
            raise WrongUse(f"k is {k}; ask for at least one")
        query = unit_query(vector, dim=self.dim, generation=self.name)
        return self._nearest.search(query, k, kinds=kinds, where=where)

    def search_clues(
        self,
        vector: NDArray[np.float32],
        k: int,
        *,
        kinds: frozenset[Kind] | None = None,
        where: str | None = None,
    ) -> dict[Clue | None, list[Found]]:
        """As `search`, among the rows of each clue alone: their cosines are not alike.

        Returns:
            Clue -> the k moments of videos nearest by it; under None the k nearest other items.
            Clues nothing is there of may be missing.
        """
        query = unit_query(vector, dim=self.dim, generation=self.name)
        return self._nearest.by_clue(query, k, kinds=kinds, where=where)

    def clues_of(
        self, vector: NDArray[np.float32], moments: Collection[Moment]
    ) -> dict[Moment, list[Found]]:
        """The best row of each clue of some moments, best first, however far it is.

        Args:
            moments: item ids and the seconds at which a moment of theirs begins.
        """
        query = unit_query(vector, dim=self.dim, generation=self.name)
        return self._nearest.of_moments(query, moments)

    def clues(self) -> frozenset[Clue]:
        """By what videos are found here, none where there are no videos; known while it stays."""
        return self._nearest.clues()

    def background(self) -> Mapping[Modality, NDArray[np.float32]]:
        """Modality -> (n, dim) some rows of videos, by lot; the same while nothing changes."""
        return self._nearest.background()

    def hold(self, *, most_bytes: int) -> None:
        """From now on keep the rows of a large generation in memory, read in the background.

        For whoever searches often. What is searched without a filter is then compared in memory,
        with exact cosines, in the nearest clusters of rows; every change is seen at once.

        Args:
            most_bytes: that vectors may take; of a larger generation nothing is kept.
        """
        self._nearest.hold(most_bytes=most_bytes)

    @property
    def in_memory(self) -> bool:
        """Whether what `hold` asked for is so: all rows, as they are now, are in memory."""
        return self._nearest.in_memory

    def count(self) -> int:
        """Rows."""
        return self._table.count()

    def embedded(self) -> dict[str, str]:
        """Item id -> sha256 of the bytes its rows were made from."""
        return dict(self._embedded())

    def _embedded(self) -> dict[str, str]:
        version = self._table.version()
        if self._present[0] != version:
            rows = self._table.rows(["id", "sha256"])
            ids, sha256s = rows["id"].to_pylist(), rows["sha256"].to_pylist()
            self._present = (version, dict(zip(ids, sha256s, strict=True)))
        return self._present[1]

    def versions(self) -> dict[str, int]:
        """Version -> rows it made; those of another than the generation's own were mapped."""
        return tally(self._table, "version")

    def modalities(self) -> dict[Modality, int]:
        """Modality -> rows."""
        return {Modality(name): n for name, n in tally(self._table, "modality").items()}

    def items(self, ids: Collection[str]) -> list[Item]:
        """What rows say of these items, each as often as it has rows; perceptual hashes are not."""
        return [
            item
            for batch in batched(sorted(ids), BATCH)
            for item in items_of(self._table.rows(where=sql_in("id", batch)))
        ]

    def vectors(self, item_id: str) -> NDArray[np.float32]:
        """(n, dim) unit vectors of an item's rows, in order of their spans.

        Of a video those of one clue: what is seen, else heard, said, read.

        Raises:
            UnknownItem: it has none.
        """
        vectors = vectors_of(self._table, item_id, self.dim)
        if not len(vectors):
            raise UnknownItem(item_id, f"indexed in {self.name}")
        return vectors

    def views(self, ids: Collection[str]) -> dict[Modality, tuple[list[str], NDArray[np.float32]]]:
        """Modality -> (item ids, (n, dim) unit vectors) of these items' rows, in order of key."""
        return views_of(self._table, ids, self.modalities(), self.dim)

    def spans(self, item_id: str) -> list[Span]:
        """What rows an item has, in order of time."""
        return spans_of(self._table, item_id)

    def moments(self, item_id: str) -> tuple[StoredMoment, ...]:
        """The moments of a video in order of time, each with its rows; none of other items."""
        return moments_in(self.spans(item_id))

    def holding(self, modalities: Collection[Modality]) -> frozenset[str]:
        """Ids of the items that have a row of any of these modalities."""
        names = sorted(one.value for one in modalities)
        rows = self._table.rows(["id"], where=sql_in("`modality`", names)) if names else None
        return frozenset(() if rows is None else rows["id"].to_pylist())

    def mapped(self) -> frozenset[str]:
        """Ids of the items whose rows were mapped, not embedded."""
        rows = self._table.rows(["id"], where=f"`version` != {sql_text(self.version)}")
        return frozenset(rows["id"].to_pylist())

    def kinds(self) -> dict[Kind, int]:
        """Kind of item -> rows; known while nothing changes."""
        version = self._table.version()
        if self._kinds[0] != version:
            self._kinds = (
                version,
                {Kind(name): n for name, n in tally(self._table, "kind").items()},
            )
        return self._kinds[1]

    def attribute_types(self) -> Mapping[str, str]:
        """Attribute -> type, as in the catalog."""
        return types_in(self._table.schema())

    def optimise(self) -> None:
        """Build or extend the approximate index and gather small files, where that is due."""
        with self._table.writing():
            keep_level(self._table, least=self._settings.exact_below)

    def sync(self) -> None:
        """Flush every file to the disk: what was added is then there whatever happens."""
        self._table.sync()

    def _grow(self, items: Iterable[Item]) -> None:
        have = types_in(self._table.schema())
        types = settled_types(have, ((one.id, one.attributes) for one in items))
        if types != have:
            self._table.grow(types)

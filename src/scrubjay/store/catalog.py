"""The catalog: one row per item, in a Lance table, and the snapshots taken of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import NotReady, WrongUse
from scrubjay.core.known import About, Known
from scrubjay.core.snapshot import Snapshot
from scrubjay.core.types import Item, Split
from scrubjay.store.attributes import settled_types, types_in
from scrubjay.store.browse import Facets, Place, facets, places
from scrubjay.store.catalog_schema import (
    catalog_schema,
    checked,
    filter_columns,
    item_rows,
    items_of,
)
from scrubjay.store.purge import scour
from scrubjay.store.snapshots import Listing, SnapshotFolder
from scrubjay.store.table import StoredTable, batched, sql_in
from scrubjay.store.where import compile_where

BATCH = 2_000
KNOWN = ("id", "sha256", "group", "split", "phash")
"""Columns that decide about a new file."""
HISTORY = timedelta(days=90)
"""Versions of the table are its history; older ones go when small files are gathered."""
ASKED = 4_000
"""Items that stay in memory for whoever asks again."""
GATHER_ABOVE = 64
"""Small files a catalog may have before they are gathered into one."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What an upsert did, in items.

    Attributes:
        ids: of what was added or updated.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    ids: tuple[str, ...] = ()


class Catalog:
    """`catalog.lance` and the folder `snapshots` beside it; created by the first upsert."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._table = StoredTable(path, point="catalog")
        self._snapshots = SnapshotFolder(path.with_name("snapshots"))
        self._facets: tuple[int, Facets] | None = None
        self._asked: tuple[int, dict[str, Item | None]] = (0, {})

    def upsert(self, items: Iterable[Item], *, gone: Collection[str] = ()) -> Changes:
        """Add items and update those whose id is there; what did not change is not written.

        An item that is there keeps the month it was added in. The same bytes under another name
        keep their group and split and gain the name, its captions, tags and attributes: one item
        with two uris. The same name again replaces what it said before.

        Every item is checked before the first is written. Batches are committed one by one, each
        on the disk before the next; killed between them, the same call again writes the rest.

        Args:
            items: an id given twice is one item.
            gone: addresses that lead nowhere any more; items that are updated lose them.

        Raises:
            WrongUse: an item that cannot be stored, an attribute whose type clashes with its
                column, or one id for different bytes. Nothing was written.
            Conflict: another process kept the catalog to itself for a minute.
        """
        new = _distinct(items)
        if not new:
            return Changes()
        with self._table.writing():
            if not self._table.exists():
                self._table.create(catalog_schema())
            types = settled_types(
                types_in(self._table.schema()), ((one.id, one.attributes) for one in new)
            )
            changes = Changes()
            for batch in batched(new, BATCH):
                changes = self._upsert_batch(batch, types, changes, frozenset(gone))
            if changes.ids and self._table.small_files() > GATHER_ABOVE:
                self._table.compact(keep=HISTORY)
            self._table.sync()
        return changes

    def _upsert_batch(
        self, new: Sequence[Item], types: Mapping[str, str], before: Changes, gone: frozenset[str]
    ) -> Changes:
        there = {item.id: item for item in self._by_ids([item.id for item in new])}
        joined = [joined_item(there.get(item.id), item, gone=gone) for item in new]
        changed = [item for item in joined if item != there.get(item.id)]
        if changed:
            self._table.grow(types)
            self._table.merge(item_rows(changed, self._table.schema()), on="id")
        added = sum(item.id not in there for item in changed)
        return Changes(
            before.added + added,
            before.updated + len(changed) - added,
            before.unchanged + len(new) - len(changed),
            before.ids + tuple(item.id for item in changed),
        )

    def get(self, id: str) -> Item | None:
        """One item, or None. Those asked for lately are known while nothing changes."""
        version = self._table.version()
        if self._asked[0] != version or len(self._asked[1]) >= ASKED:
            self._asked = (version, {})
        at, asked = self._asked
        if id not in asked:
            found = next(iter(self._by_ids([id])), None)
            if at != version or self._table.version() != version:
                return found
            asked[id] = found
        return asked[id]

    def items(
        self, *, ids: Collection[str] | None = None, where: str | None = None
    ) -> Iterator[Item]:
        """Items in order of id.

        Args:
            ids: only these; unknown ones are passed over.
            where: only what a `--where` expression keeps.

        Raises:
            BadFilter: the expression does not parse or names no column.
        """
        wanted = None if ids is None else sorted(set(ids))
        return self._read(wanted, self._compiled(where))

    def _compiled(self, where: str | None) -> str | None:
        if where is None:
            return None
        schema = self._table.schema() if self._table.exists() else catalog_schema()
        return compile_where(where, filter_columns(schema))

    def _read(self, ids: Sequence[str] | None, kept: str | None) -> Iterator[Item]:
        if ids is None:
            rows = self._table.rows(where=kept)
            if rows.num_rows:
                yield from items_of(rows.sort_by("id"))
            return
        for batch in batched(ids, BATCH):
            named = sql_in("id", batch)
            rows = self._table.rows(where=f"{named} AND {kept}" if kept else named)
            if rows.num_rows:
                yield from items_of(rows.sort_by("id"))

    def _by_ids(self, ids: Sequence[str]) -> list[Item]:
        return list(self._read(sorted(ids), None))

    def count(self) -> int:
        """Items."""
        return self._table.count()

    def page(
        self, limit: int, *, after: Place | None = None, where: str | None = None
    ) -> tuple[list[Item], Place | None]:
        """Some items, those of the newest month first, within a month in order of id.

        Args:
            after: where the page before ended.
            where: only what a `--where` expression keeps.

        Returns:
            The items, and where the page ends when there are more.

        Raises:
            BadFilter: the expression does not parse or names no column.
        """
        kept = self._compiled(where)
        if not self._table.exists():
            return [], None
        found = places(self._table, limit + 1, after=after, where=kept)
        shown = found[:limit]
        items = {item.id: item for item in self._by_ids([one.id for one in shown])}
        end = shown[-1] if len(found) > limit else None
        return [items[one.id] for one in shown if one.id in items], end

    def facets(self) -> Facets:
        """How many items there are of each month, kind, language and tag."""
        version = self._table.version()
        if self._facets is None or self._facets[0] != version:
            self._facets = version, facets(self._table)
        return self._facets[1]

    def attribute_types(self) -> Mapping[str, str]:
        """Attribute -> int64, float64, bool, date32, timestamp, string or list<string>."""
        return types_in(self._table.schema()) if self._table.exists() else {}

    def phashes(self) -> NDArray[np.uint64]:
        """(n,) all different perceptual hashes of the pictures that have one, ascending."""
        rows = self._table.rows(["phash"])
        if not rows.num_rows:
            return np.empty(0, np.uint64)
        hashes: NDArray[np.uint64] = np.unique(rows["phash"].drop_null().to_numpy())
        return hashes

    def known(self, about: About | None = None) -> Known:
        """What a scan compares with.

        Args:
            about: only what decides about these; all of it costs 3 s a million items.
        """
        if not self._table.exists():
            return Known()
        rows = self._table.rows(KNOWN, where=None if about is None else self._deciding(about))
        if not rows.num_rows:
            return Known()
        rows = rows.sort_by([("id", "descending")])
        ids, groups = rows["id"].to_pylist(), rows["group"].to_pylist()
        hashed = [
            (phash, group)
            for phash, group in zip(rows["phash"].to_pylist(), groups, strict=True)
            if phash is not None
        ][::-1]
        return Known(
            # Descending, so that of several ids with the same bytes the smallest is written last.
            ids_by_sha256=dict(zip(rows["sha256"].to_pylist(), ids, strict=True)),
            ids=frozenset(ids),
            phashes=np.array([phash for phash, _ in hashed], np.uint64),
            phash_groups=tuple(group for _, group in hashed),
            splits_by_group={
                group: Split(split)
                for group, split in zip(groups, rows["split"].to_pylist(), strict=True)
            },
        )

    def _deciding(self, about: About) -> str:
        """The rows of these ids and bytes, and all of the content groups they would join."""
        groups = set(about.groups)
        if about.phashes:
            alike = f"phash IN ({', '.join(map(str, sorted(about.phashes)))})"
            groups.update(self._table.rows(["group"], where=alike)["group"].to_pylist())
        named = (("id", about.ids), ("sha256", about.sha256s), ("`group`", groups))
        told = [sql_in(column, sorted(texts)) for column, texts in named if texts]
        return " OR ".join(told) or "false"

    def sha256s_below(self, start: str) -> dict[str, str]:
        """Address -> the bytes there, of every address that begins so."""
        rows = self._table.rows(["uris", "sha256"])
        if not rows.num_rows:
            return {}
        return {
            uri: sha256
            for uris, sha256 in zip(
                rows["uris"].to_pylist(), rows["sha256"].to_pylist(), strict=True
            )
            for uri in uris
            if uri.startswith(start)
        }

    def delete(self, ids: Iterable[str]) -> int:
        """Forget items; return how many were there. The files themselves are not touched."""
        wanted = sorted(set(ids))
        if not wanted or not self._table.exists():
            return 0
        gone = 0
        with self._table.writing():
            for batch in batched(wanted, BATCH):
                named = sql_in("id", batch)
                if self._table.count(named):
                    gone += self._table.delete(named)
            self._table.sync()
        return gone

    def purge(self, ids: Iterable[str]) -> int:
        """Remove items from the newest version and every older one, and from the disk.

        The table keeps no history then. Killed anywhere, the same call again finishes.

        Returns:
            How many of them were here.
        """
        if not self._table.exists():
            return 0
        gone = 0
        with self._table.writing():
            for batch in batched(sorted(set(ids)), BATCH):
                named = sql_in("id", batch)
                if self._table.count(named):
                    gone += self._table.delete(named)
            scour(self._table, column="id")
            self._table.sync()
        return gone

    def snapshot(self, *, without: Collection[str] = ()) -> Snapshot:
        """Write down what the catalog lists now; the same content gives the same name.

        Args:
            without: ids that are left out: items nobody may learn from.

        Raises:
            NotReady: the catalog is empty.
        """
        rows = self._table.rows(["id", "sha256", "month"])
        if not rows.num_rows:
            raise NotReady(f"nothing to take a snapshot of in {self.path}: add media first")
        listed = zip(*(rows[name].to_pylist() for name in ("id", "sha256")), strict=True)
        left = sorted((item_id, sha256) for item_id, sha256 in listed if item_id not in without)
        listing = Listing(
            month=max(rows["month"].to_pylist()),
            ids=tuple(item_id for item_id, _ in left),
            sha256s=tuple(sha256 for _, sha256 in left),
        )
        return self._snapshots.take(listing)

    def snapshots(self) -> tuple[str, ...]:
        """Names of the snapshots, the oldest first."""
        return self._snapshots.names()

    def read_snapshot(self, name: str) -> Snapshot:
        """A snapshot by its name.

        Raises:
            UnknownName: no snapshot of that name.
            Damaged: its file does not hold what was written.
        """
        return self._snapshots.read(name)

    def snapshot_items(self, name: str) -> list[Item]:
        """The snapshot's items that are still in the catalog with the same bytes, in order of id.

        Raises:
            UnknownName: no snapshot of that name.
            Damaged: its file does not hold what was written.
        """
        snapshot = self._snapshots.read(name)
        sha256s = dict(zip(snapshot.ids, snapshot.sha256s, strict=True))
        # All of them: a snapshot is most of the catalog, and naming each would be slower.
        return [item for item in self.items() if sha256s.get(item.id) == item.sha256]


def _distinct(items: Iterable[Item]) -> list[Item]:
    """Checked items, one an id."""
    by_id: dict[str, Item] = {}
    for given in items:
        item = checked(given)
        before = by_id.get(item.id)
        if before is not None and before.sha256 != item.sha256:
            raise WrongUse(
                f"{before.uri} and {item.uri} are different files with one id, {item.id!r}; "
                f"give each its own"
            )
        by_id[item.id] = joined_item(before, item)
    return list(by_id.values())


def joined_item(before: Item | None, new: Item, *, gone: Collection[str] = ()) -> Item:
    """What the catalog should say of an item it knows already, or does not.

    Args:
        before: what it says now.
        gone: addresses that lead nowhere any more.
    """
    if before is None:
        return new
    before = replace(before, uris=tuple(uri for uri in before.uris if uri not in gone))
    if before.sha256 != new.sha256:
        return replace(new, month=before.month)
    if set(before.uris) <= set(new.uris):
        return replace(new, month=before.month, uris=_union(before.uris, new.uris))
    return replace(
        new,
        month=before.month,
        group=before.group,
        split=before.split,
        uris=_union(before.uris, new.uris),
        captions=_union(before.captions, new.captions),
        tags=_union(before.tags, new.tags),
        language=new.language or before.language,
        attributes={**before.attributes, **new.attributes},
    )


def _union(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(first + second))

"""The rows nearest to a vector: compared one by one while few, proposed by an index when many.

A server keeps the many in memory beside their index, which answers until they are there, whenever
they have changed, and what is filtered.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.config import IndexSettings
from scrubjay.core.errors import NotReady
from scrubjay.core.types import Kind
from scrubjay.store.attributes import columns_in
from scrubjay.store.catalog_schema import filter_columns
from scrubjay.store.exact import ExactRows
from scrubjay.store.in_memory import InMemory
from scrubjay.store.partitions import partitioned
from scrubjay.store.rows import VECTOR, Found, found, row_columns, shown_columns
from scrubjay.store.table import StoredTable, sql_in
from scrubjay.store.where import Column, compile_where

if TYPE_CHECKING:
    import pyarrow as pa

REFINE = 5
"""Candidates whose cosine is computed exactly, for each one asked for."""
LEAST_PROBES = 20
FILTERS_KEPT = 32


@dataclass(frozen=True, slots=True)
class View:
    """One version of the table, as a search needs it.

    Attributes:
        filters: what a `--where` may name.
        attributes: attribute -> column.
        exact: all rows, where there are few enough.
        partitions: of the approximate index, 0 when there is none.
        allowed: Lance filter -> ids of the rows it keeps, for the filters used last.
    """

    version: int
    schema: pa.Schema
    filters: Mapping[str, Column]
    attributes: Mapping[str, str]
    exact: ExactRows | None
    partitions: int
    allowed: dict[str, NDArray[np.uint64]] = field(default_factory=dict)


class Nearest:
    """Searches one generation's table, whoever writes it meanwhile."""

    def __init__(self, table: StoredTable, dim: int, settings: IndexSettings) -> None:
        self._table = table
        self._dim = dim
        self._settings = settings
        self._looking = threading.Lock()
        self._seen: View | None = None
        self._memory: InMemory | None = None

    def hold(self, *, most_bytes: int) -> None:
        """Keep rows that an index would be asked for in memory, too; they are read behind."""
        memory = InMemory(self._table, self._dim, most_bytes=most_bytes)
        view = self._view()
        if view.exact is None:
            memory.at(view.version)
        self._memory = memory

    @property
    def in_memory(self) -> bool:
        """Whether an unfiltered search needs no index now."""
        view = self._view()
        return view.exact is not None or (
            self._memory is not None and self._memory.at(view.version) is not None
        )

    def search(
        self,
        query: NDArray[np.float32],
        k: int,
        *,
        kinds: frozenset[Kind] | None = None,
        where: str | None = None,
    ) -> list[Found]:
        """The k items nearest to a (dim,) unit vector, best first, each by its best row."""
        while True:
            view = self._view()
            kept = _filter(view, kinds, where)
            if view.exact is None:
                rows = self._memory.at(view.version) if self._memory and kept is None else None
                if rows is not None:
                    return _shown(view, rows.shown, *rows.best(query, k))
                return self._by_index(view, query, k, kept)
            allowed = None
            if kept is not None and (allowed := view.allowed.get(kept)) is None:
                allowed = self._allowed(kept)
                if self._table.version() != view.version:
                    continue  # Row ids of another version may mean other rows.
                if len(view.allowed) >= FILTERS_KEPT:
                    view.allowed.clear()
                view.allowed[kept] = allowed
            exact = view.exact
            return _shown(view, exact.shown, *exact.best(query, k, allowed=allowed))

    def _allowed(self, kept: str) -> NDArray[np.uint64]:
        # One narrow column: without any, Lance reads them all.
        rows = self._table.rows(["id"], where=kept, row_ids=True)
        ids: NDArray[np.uint64] = rows["_rowid"].to_numpy()
        return ids

    def _view(self) -> View:
        with self._looking:
            version = self._table.version()
            if version == 0:
                raise NotReady(
                    f"{self._table.path} was removed; run `scrubjay champion set VERSION`"
                )
            while self._seen is None or self._seen.version != version:
                self._seen = None  # First, so that two versions are never in memory together.
                self._seen = self._look(version)
                version = self._table.version()
            return self._seen

    def _look(self, version: int) -> View:
        schema = self._table.schema()
        exact = None
        if self._table.count() < self._settings.exact_below:
            columns = [*shown_columns(schema), VECTOR]
            exact = ExactRows.of(self._table.rows(columns, row_ids=True), self._dim)
        return View(
            version=version,
            schema=schema,
            filters=filter_columns(schema, row_columns(schema)),
            attributes=columns_in(schema),
            exact=exact,
            partitions=partitioned(self._table).partitions if exact is None else 0,
        )

    def _by_index(
        self, view: View, query: NDArray[np.float32], k: int, kept: str | None
    ) -> list[Found]:
        fetch = k
        while True:
            rows = self._candidates(view, query, fetch, kept)
            best: dict[str, Found] = {}
            for row in rows:
                if row["id"] not in best:
                    best[row["id"]] = found(row, view.attributes, 1.0 - row["_distance"])
            if len(best) >= k or len(rows) < fetch:
                return list(best.values())[:k]
            fetch *= 2

    def _candidates(
        self, view: View, query: NDArray[np.float32], n: int, kept: str | None
    ) -> list[dict[str, Any]]:
        """The n nearest rows, nearest first."""

        def ask(table: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - a lancedb table
            search = (
                table.search(query, vector_column_name=VECTOR)
                .distance_type("cosine")
                .select([*shown_columns(view.schema), "_distance"])
                .limit(n)
            )
            if view.partitions:
                probes = self._settings.nprobes or max(LEAST_PROBES, view.partitions // 4)
                # No upper bound: a narrow filter goes on through the partitions until n are found.
                search = search.minimum_nprobes(probes).maximum_nprobes(0).refine_factor(REFINE)
            if kept is not None:
                search = search.where(kept, prefilter=True)
            rows: list[dict[str, Any]] = search.to_arrow().to_pylist()
            return rows

        return sorted(self._table.read(ask), key=lambda row: float(row["_distance"]))


def _shown(
    view: View, shown: pa.Table, places: NDArray[np.int64], scores: NDArray[np.float32]
) -> list[Found]:
    return [
        found(row, view.attributes, float(score))
        for row, score in zip(shown.take(places).to_pylist(), scores, strict=True)
    ]


def _filter(view: View, kinds: frozenset[Kind] | None, where: str | None) -> str | None:
    """Kinds and a `--where` as one Lance filter."""
    parts = []
    if kinds is not None:
        parts.append(sql_in("`kind`", sorted(kinds)) if kinds else "false")
    if where is not None:
        parts.append(compile_where(where, view.filters))
    return " AND ".join(parts) or None

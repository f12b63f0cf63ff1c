"""The rows nearest to a vector: compared one by one while few, proposed by an index when many.

A server keeps the many in memory beside their index, which answers until they are there, whenever
they have changed, and what is filtered.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.config import IndexSettings
from scrubjay.core.errors import NotReady
from scrubjay.core.types import Clue, Kind, Modality
from scrubjay.store.attributes import columns_in
from scrubjay.store.background import sampled
from scrubjay.store.catalog_schema import filter_columns
from scrubjay.store.exact import Best, ExactRows
from scrubjay.store.groups import Moment
from scrubjay.store.in_memory import InMemory
from scrubjay.store.partitions import partitioned
from scrubjay.store.rows import VECTOR, Found, found, row_columns, shown_columns
from scrubjay.store.shelves import Shelves, Shown
from scrubjay.store.table import StoredTable, sql_in, sql_text
from scrubjay.store.where import Column, compile_where

if TYPE_CHECKING:
    import pyarrow as pa

REFINE = 5
"""Candidates whose cosine is computed exactly, for each one asked for."""
LEAST_PROBES = 20
FILTERS_KEPT = 32
ONLY_VIDEOS = frozenset({Kind.VIDEO})


@dataclass(frozen=True, slots=True)
class View:
    """One version of the table, as a search needs it.

    Attributes:
        filters: what a `--where` may name.
        attributes: attribute -> column.
        clues: by what rows of videos are found; none where there are no videos.
        exact: all rows, where there are few enough.
        partitions: of the approximate index, 0 when there is none.
        allowed: Lance filter -> ids of the rows it keeps, for the filters used last.
        background: as `Nearest.background` answers, once somebody asked.
    """

    version: int
    schema: pa.Schema
    filters: Mapping[str, Column]
    attributes: Mapping[str, str]
    clues: frozenset[Clue]
    exact: ExactRows | None
    partitions: int
    allowed: dict[str, NDArray[np.uint64]] = field(default_factory=dict)
    background: dict[Modality, NDArray[np.float32]] = field(default_factory=dict)


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
        """The k items or moments nearest to a (dim,) unit vector, best first, by their best row."""
        view, kept, allowed = self._kept(kinds, where)
        if view.exact is not None:
            exact = view.exact
            return _shown(view, exact.shown, *exact.best(query, k, allowed=allowed))
        if kept is None and (shelves := self._shelves(view)) is not None:
            return _found(view, shelves.best(query, k))
        return self._by_index(view, query, k, kept)

    def by_clue(
        self,
        query: NDArray[np.float32],
        k: int,
        *,
        kinds: frozenset[Kind] | None = None,
        where: str | None = None,
    ) -> dict[Clue | None, list[Found]]:
        """The k moments nearest by each clue alone; under None the k nearest other items."""
        wanted: frozenset[Clue | None] = frozenset({None, *Clue})
        if kinds is not None:
            wanted -= {None} if kinds == ONLY_VIDEOS else frozenset()
            wanted -= frozenset(Clue) if Kind.VIDEO not in kinds else frozenset()
        # What the clues say already is no filter: rows in memory are searched without one only.
        view, kept, allowed = self._kept(None if kinds == ONLY_VIDEOS else kinds, where)
        if view.exact is not None:
            exact = view.exact
            best = exact.best_by_clue(query, k, allowed=allowed)
            return _shown_by_clue(
                view, exact, {clue: one for clue, one in best.items() if clue in wanted}
            )
        if kept is None and (shelves := self._shelves(view)) is not None:
            rows = shelves.best_by_clue(query, k, wanted)
            return {clue: _found(view, some) for clue, some in rows.items()}
        made_of = {clue: _made_of(clue) if view.clues else None for clue in (None, *view.clues)}
        return {
            clue: self._by_index(view, query, k, _and(one, kept))
            for clue, one in made_of.items()
            if clue in wanted
        }

    def of_moments(
        self, query: NDArray[np.float32], moments: Collection[Moment]
    ) -> dict[Moment, list[Found]]:
        """The best row of each clue of some moments, the best first; each as near as it is."""
        view = self._view()
        if view.exact is not None:
            exact = view.exact
            rows = _shown(view, exact.shown, *exact.of_moments(query, moments))
        elif (shelves := self._shelves(view)) is not None:
            rows = _found(view, shelves.of_moments(query, moments))
        else:
            rows = self._read_moments(view, query, moments)
        best: dict[Moment, dict[Clue | None, Found]] = {moment: {} for moment in moments}
        for row in sorted(rows, key=lambda one: -one.score):
            if row.moment is not None:
                best[row.id, row.moment[0]].setdefault(row.clue, row)
        return {moment: list(some.values()) for moment, some in best.items()}

    def clues(self) -> frozenset[Clue]:
        """By what rows of videos are found; none where there are no videos."""
        return self._view().clues

    def background(self) -> Mapping[Modality, NDArray[np.float32]]:
        """Modality -> (n, dim) some rows of videos, the same for every query."""
        view = self._view()
        if view.clues and not view.background:
            view.background.update(sampled(self._table, self._dim))
        return view.background

    def _shelves(self, view: View) -> Shelves | None:
        return None if self._memory is None else self._memory.at(view.version)

    def _kept(
        self, kinds: frozenset[Kind] | None, where: str | None
    ) -> tuple[View, str | None, NDArray[np.uint64] | None]:
        """A view, its filter, and, of rows compared one by one, which the filter keeps."""
        while True:
            view = self._view()
            kept = _filter(view, kinds, where)
            if view.exact is None or kept is None:
                return view, kept, None
            allowed = view.allowed.get(kept)
            if allowed is None:
                allowed = self._allowed(kept)
                if self._table.version() != view.version:
                    continue  # Row ids of another version may mean other rows.
                if len(view.allowed) >= FILTERS_KEPT:
                    view.allowed.clear()
                view.allowed[kept] = allowed
            return view, kept, allowed

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
            clues=frozenset(self._clues(schema, exact)),
            schema=schema,
            filters=filter_columns(schema, row_columns(schema)),
            attributes=columns_in(schema),
            exact=exact,
            partitions=partitioned(self._table).partitions if exact is None else 0,
        )

    def _clues(self, schema: pa.Schema, exact: ExactRows | None) -> Iterator[Clue]:
        if "clue" not in schema.names:
            return
        if exact is not None:
            yield from (one for one in exact.groups.clues if one is not None)
        elif self._table.count("clue IS NOT NULL"):
            yield from (one for one in Clue if self._table.count(_made_of(one)))

    def _by_index(
        self, view: View, query: NDArray[np.float32], k: int, kept: str | None
    ) -> list[Found]:
        fetch = k
        while True:
            rows = self._candidates(view, query, fetch, kept)
            best: dict[tuple[str, float | None], Found] = {}
            for row in rows:
                one = (row["id"], row.get("moment_s"))
                if one not in best:
                    best[one] = found(row, view.attributes, 1.0 - row["_distance"])
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

    def _read_moments(
        self, view: View, query: NDArray[np.float32], moments: Collection[Moment]
    ) -> list[Found]:
        if not moments or not view.clues:
            return []
        begins = ", ".join(sorted({repr(float(begin)) for _, begin in moments}))
        ids = sql_in("id", sorted({item_id for item_id, _ in moments}))
        rows = self._table.rows(
            [*shown_columns(view.schema), VECTOR], where=f"{ids} AND `moment_s` IN ({begins})"
        )
        vectors = rows[VECTOR].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        scores = np.vecdot(vectors.reshape(-1, self._dim).astype(np.float32), query)
        told = zip(rows.drop_columns([VECTOR]).to_pylist(), scores.tolist(), strict=True)
        wanted = set(moments)
        return _found(view, [one for one in told if (one[0]["id"], one[0]["moment_s"]) in wanted])


def _found(view: View, rows: Iterable[Shown]) -> list[Found]:
    return [found(row, view.attributes, score) for row, score in rows]


def _made_of(clue: Clue | None) -> str:
    """The rows of a clue, or of none, as a Lance filter."""
    return "`clue` IS NULL" if clue is None else f"`clue` = {sql_text(clue.value)}"


def _and(*filters: str | None) -> str | None:
    return " AND ".join(f"({one})" for one in filters if one is not None) or None


def _shown(
    view: View, shown: pa.Table, places: NDArray[np.int64], scores: NDArray[np.float32]
) -> list[Found]:
    return [
        found(row, view.attributes, float(score))
        for row, score in zip(shown.take(places).to_pylist(), scores, strict=True)
    ]


def _shown_by_clue(
    view: View, exact: ExactRows, best: Mapping[Clue | None, Best]
) -> dict[Clue | None, list[Found]]:
    """All of them taken from the table at once: a table takes as long for one row as for many."""
    if not best:
        return {}
    places, scores = (np.concatenate(some) for some in zip(*best.values(), strict=True))
    rows = iter(_shown(view, exact.shown, places, scores))
    return {clue: list(islice(rows, len(one[0]))) for clue, one in best.items()}


def _filter(view: View, kinds: frozenset[Kind] | None, where: str | None) -> str | None:
    """Kinds and a `--where` as one Lance filter."""
    parts = []
    if kinds is not None:
        parts.append(sql_in("`kind`", sorted(kinds)) if kinds else "false")
    if where is not None:
        parts.append(compile_where(where, view.filters))
    return " AND ".join(parts) or None

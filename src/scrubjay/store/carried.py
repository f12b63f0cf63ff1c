"""Rows of one generation as another takes them: their vectors mapped, all else as it was."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Modality
from scrubjay.store.attributes import columns_in, types_in
from scrubjay.store.rows import CLUE_FIELDS, KEY, VECTOR

if TYPE_CHECKING:
    import pyarrow as pa


class SpaceMap(Protocol):
    """A map between two versions' spaces, as a bridge is one."""

    @property
    def source(self) -> str:
        """The version whose space rows come from."""
        ...

    @property
    def target(self) -> str:
        """The version into whose space they are mapped."""
        ...

    def map(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, old dim) to (n, new dim) float32, rows of unit length."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """Some rows of a generation, with every column.

    Attributes:
        version: the version in whose space the vectors are.
        rows: in the generation's schema.
    """

    version: str
    rows: pa.Table

    def __len__(self) -> int:
        """Rows."""
        return int(self.rows.num_rows)


def fitting_maps(
    maps: Mapping[Modality, SpaceMap], page: Page, *, into: str
) -> Mapping[Modality, SpaceMap]:
    """The maps, when each leads from the page's space into the one asked for.

    Raises:
        WrongUse: one does not.
    """
    for modality, one in maps.items():
        if (one.source, one.target) != (page.version, into):
            raise WrongUse(
                f"the {modality.value} bridge leads from {one.source} to {one.target}; rows of "
                f"{page.version} cannot enter {into} by it. Learn one between these two versions"
            )
    return maps


@dataclass(slots=True)
class HeldRows:
    """What a generation holds already, as of one version of its table.

    Attributes:
        at: the table's version.
        makers: item id -> version that made its rows.
        keys: of its rows.
    """

    at: int
    makers: dict[str, str]
    keys: set[str]

    @classmethod
    def of(cls, rows: pa.Table, at: int) -> HeldRows:
        """Take them from rows with `key`, `id` and `version`."""
        held = cls(at, {}, set())
        held.take(rows, at)
        return held

    def take(self, rows: pa.Table, at: int) -> None:
        """Count these rows in: they are there by a later version of the table."""
        keys, ids, makers = (rows[name].to_pylist() for name in (KEY, "id", "version"))
        self.keys.update(keys)
        self.makers.update(zip(ids, makers, strict=True))
        self.at = at


def unheld(
    page: Page,
    held: HeldRows,
    modalities: Collection[Modality],
    *,
    version: str,
    without: Collection[str] = (),
) -> pa.Table:
    """Rows of a page, of these modalities, that a generation of `version` still lacks.

    Left out are those there already, those of items it embedded itself or that are in `without`,
    and those that say `version` made them: mapped back into its space they would pass for its own.
    """
    import pyarrow as pa

    named = {one.value for one in modalities}
    columns = (page.rows[name].to_pylist() for name in (KEY, "id", "version", "modality"))
    wanted = [
        modality in named
        and key not in held.keys
        and maker != version
        and held.makers.get(item_id) != version
        and item_id not in without
        for key, item_id, maker, modality in zip(*columns, strict=True)
    ]
    return page.rows if all(wanted) else page.rows.filter(pa.array(wanted, pa.bool_()))


def tells_clues(rows: pa.Table) -> bool:
    """Whether any of these rows is of a video."""
    return any(
        name in rows.column_names and rows[name].null_count < rows.num_rows for name in CLUE_FIELDS
    )


def mapped_table(rows: pa.Table, maps: Mapping[Modality, SpaceMap], schema: pa.Schema) -> pa.Table:
    """Rows of one schema in another, each vector mapped as its modality's map says.

    Args:
        rows: with every column of their generation, of modalities that have a map.
        schema: has a column for every attribute the rows have.

    Raises:
        WrongUse: a map gives vectors of another length than the schema's.
    """
    import pyarrow as pa

    vectors = _mapped(rows, maps, schema.field(VECTOR).type.list_size)
    flat = pa.array(vectors.ravel())
    filled = {VECTOR: pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])}
    columns = _columns(rows, schema) | filled
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)


def _mapped(rows: pa.Table, maps: Mapping[Modality, SpaceMap], dim: int) -> NDArray[np.float32]:
    old_dim = rows.schema.field(VECTOR).type.list_size
    flat = rows[VECTOR].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    old = flat.reshape(rows.num_rows, old_dim).astype(np.float32, copy=False)
    modalities = rows["modality"].to_numpy(zero_copy_only=False)
    new = np.empty((rows.num_rows, dim), np.float32)
    for modality, one in maps.items():
        places = np.flatnonzero(modalities == modality.value)
        if not len(places):
            continue
        mapped = one.map(old if len(places) == len(old) else old[places])
        if mapped.shape != (len(places), dim):
            raise WrongUse(
                f"the {modality.value} bridge from {one.source} to {one.target} gives vectors of "
                f"shape {mapped.shape}, the generation holds {dim} numbers a row; learn it anew"
            )
        if len(places) == len(old):
            return mapped
        new[places] = mapped
    return new


def _columns(rows: pa.Table, schema: pa.Schema) -> dict[str, Any]:
    """Every column but the vector, by its name in the new schema."""
    import pyarrow as pa

    there = {column: name for name, column in columns_in(schema).items()}
    here, types = columns_in(rows.schema), types_in(schema)
    columns = {}
    for name in schema.names:
        source = here.get(there[name]) if name in there else name
        if name in CLUE_FIELDS and name not in rows.schema.names:
            source = None  # of a generation that was begun before there were videos
        kind = schema.field(name).type
        if name == VECTOR:
            continue
        if source is None:
            columns[name] = pa.nulls(rows.num_rows, kind)
        elif name in there and types[there[name]] == "float64":
            columns[name] = rows[source].cast(kind)  # an integer column may have become wider
        else:
            columns[name] = rows[source]
    return columns

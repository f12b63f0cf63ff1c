"""A row of a generation, and what a search finds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import AttributeValue, Clue, Item, Kind, Modality
from scrubjay.store.attributes import columns_in, new_fields, types_in
from scrubjay.store.catalog_schema import (
    attribute_values,
    attributes_of,
    field_values,
    item_fields,
)

if TYPE_CHECKING:
    import pyarrow as pa

KEY = "key"
VECTOR = "vector"
ROW_FIELDS: Mapping[str, str] = {
    "modality": "string",
    "version": "string",
    "start_s": "float64",
    "end_s": "float64",
    "clue": "string",
    "clue_text": "string",
    "moment_s": "float64",
    "moment_end_s": "float64",
}
"""What a filter may name besides the item's fields."""
_SPACE = b"scrubjay.version"
SHOWN = ("id", "kind", "uri", "caption", *ROW_FIELDS)


@dataclass(frozen=True, slots=True)
class Row:
    """What a vector stands for: an item, or a span of one, in one modality.

    Attributes:
        version: the registered version that made the vector.
        start_s: where the span begins, or None for the whole item.
        end_s: where it ends.
        clue: of a video: what of it the vector is made of.
        text: of a video: the words that are said or shown there.
        moment: of a video: the seconds from and to which the moment lasts that the row belongs to.
            Rows of one moment are found as one.
    """

    item: Item
    modality: Modality
    version: str
    start_s: float | None = None
    end_s: float | None = None
    clue: Clue | None = None
    text: str | None = None
    moment: tuple[float, float] | None = None

    @property
    def key(self) -> str:
        """Unique in a generation: no two rows of an item begin at once and are made of the same."""
        start = "-" if self.start_s is None else repr(float(self.start_s))
        made_of = self.modality.value if self.clue is None else self.clue.value
        return f"{made_of} {start} {self.item.id}"


@dataclass(frozen=True, slots=True)
class Found:
    """The best row of an item, or of a moment of a video; `score` is the cosine with the query."""

    id: str
    kind: Kind
    uri: str
    caption: str | None
    modality: Modality
    version: str
    score: float
    start_s: float | None = None
    end_s: float | None = None
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    clue: Clue | None = None
    text: str | None = None
    moment: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A row of one item, without its vector: what was made of what part of it, by which version."""

    modality: Modality
    version: str
    start_s: float | None = None
    end_s: float | None = None
    clue: Clue | None = None
    text: str | None = None
    moment: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class StoredMoment:
    """A moment of a video, with every row that belongs to it in order of time."""

    start_s: float
    end_s: float
    spans: tuple[Span, ...]


def row_schema(dim: int, attribute_types: Mapping[str, str], *, version: str) -> pa.Schema:
    """Columns of a generation, and the version in whose space it is."""
    import pyarrow as pa

    from scrubjay.store.attributes import arrow_types

    arrow = arrow_types()
    return pa.schema(
        [
            pa.field(KEY, pa.string()),
            *item_fields(),
            *(pa.field(name, arrow[kind]) for name, kind in ROW_FIELDS.items()),
            *new_fields(attribute_types),
            pa.field(VECTOR, pa.list_(pa.float32(), dim)),
        ],
        metadata={_SPACE: version.encode()},
    )


CLUE_FIELDS: Final = ("clue", "clue_text", "moment_s", "moment_end_s")
"""Those of ROW_FIELDS that only rows of videos fill; a table gets them with the first of these."""


def space_of(schema: pa.Schema, default: str) -> str:
    """The version in whose space a generation is; the default where it does not say so."""
    told: bytes | None = (schema.metadata or {}).get(_SPACE)
    return default if told is None else told.decode()


def described(item: Item, schema: pa.Schema) -> dict[str, Any]:
    """What a row says of its item: every item field and attribute column, absent ones None."""
    columns = columns_in(schema)
    return {
        **field_values(item),
        **dict.fromkeys(columns.values()),
        **attribute_values(item.attributes, columns, types_in(schema)),
    }


def row_table(rows: Sequence[Row], vectors: NDArray[np.float32], schema: pa.Schema) -> pa.Table:
    """Rows with their (n, dim) vectors as Lance takes them."""
    import pyarrow as pa

    records = [
        {
            **described(row.item, schema),
            KEY: row.key,
            "modality": row.modality.value,
            "version": row.version,
            "start_s": row.start_s,
            "end_s": row.end_s,
            "clue": None if row.clue is None else row.clue.value,
            "clue_text": row.text,
            "moment_s": None if row.moment is None else row.moment[0],
            "moment_end_s": None if row.moment is None else row.moment[1],
        }
        for row in rows
    ]
    place = schema.get_field_index(VECTOR)
    table = pa.Table.from_pylist(records, schema=schema.remove(place))
    flat = pa.array(np.ascontiguousarray(vectors, np.float32).ravel())
    column = pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])
    return table.add_column(place, schema.field(place), column)


def shown_columns(schema: pa.Schema) -> list[str]:
    """The columns `found` reads, of those that there are."""
    return [*(name for name in SHOWN if name in schema.names), *columns_in(schema).values()]


def clue_fields(schema: pa.Schema) -> list[pa.Field]:
    """Columns for what rows of videos say, as far as a table has none yet."""
    import pyarrow as pa

    from scrubjay.store.attributes import arrow_types

    arrow = arrow_types()
    missing = [name for name in CLUE_FIELDS if name not in schema.names]
    return [pa.field(name, arrow[ROW_FIELDS[name]]) for name in missing]


def row_columns(schema: pa.Schema) -> dict[str, str]:
    """Those of ROW_FIELDS that a table has: one that was begun earlier lacks the later ones."""
    return {name: kind for name, kind in ROW_FIELDS.items() if name in schema.names}


def span(row: Mapping[str, Any]) -> Span:
    """What a row says of itself, read back."""
    return Span(
        modality=Modality(row["modality"]),
        version=row["version"],
        start_s=row["start_s"],
        end_s=row["end_s"],
        clue=_clue(row),
        text=row.get("clue_text"),
        moment=_moment(row),
    )


def moments_in(spans: Sequence[Span]) -> tuple[StoredMoment, ...]:
    """The moments some spans of one item belong to, in order of time; spans without one are none's.

    Args:
        spans: in order of time.
    """
    grouped: dict[tuple[float, float], list[Span]] = {}
    for one in spans:
        if one.moment is not None:
            grouped.setdefault(one.moment, []).append(one)
    return tuple(StoredMoment(*when, tuple(grouped[when])) for when in sorted(grouped))


def _clue(row: Mapping[str, Any]) -> Clue | None:
    return None if row.get("clue") is None else Clue(row["clue"])


def _moment(row: Mapping[str, Any]) -> tuple[float, float] | None:
    return None if row.get("moment_s") is None else (row["moment_s"], row["moment_end_s"])


def found(row: Mapping[str, Any], columns: Mapping[str, str], score: float) -> Found:
    """A row, read back.

    Args:
        columns: attribute -> column.
    """
    return Found(
        id=row["id"],
        kind=Kind(row["kind"]),
        uri=row["uri"],
        caption=row["caption"],
        modality=Modality(row["modality"]),
        version=row["version"],
        score=max(-1.0, min(1.0, score)),
        start_s=row["start_s"],
        end_s=row["end_s"],
        attributes=attributes_of(row, columns),
        clue=_clue(row),
        text=row.get("clue_text"),
        moment=_moment(row),
    )

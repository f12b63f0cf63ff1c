"""An item as a row, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import AttributeValue, Item, Kind, Split
from scrubjay.store.attributes import (
    arrow_types,
    columns_in,
    fitting,
    normalised,
    read_back,
    storable_text,
    types_in,
)
from scrubjay.store.where import Column, known_columns

if TYPE_CHECKING:
    import pyarrow as pa

FIELDS: Mapping[str, str] = {
    "id": "string",
    "kind": "string",
    "uri": "string",
    "uris": "list<string>",
    "sha256": "string",
    "group": "string",
    "split": "string",
    "month": "string",
    "size": "int64",
    "caption": "string",
    "captions": "list<string>",
    "language": "string",
    "tags": "list<string>",
    "width": "int64",
    "height": "int64",
    "duration_s": "float64",
}
"""What an item brings to every table it is in, and what a filter may name: field -> type."""
ALIASES = (("tag", "tags"),)


def item_fields() -> list[pa.Field]:
    """FIELDS as Lance keeps them."""
    import pyarrow as pa

    arrow = arrow_types()
    return [pa.field(name, arrow[kind]) for name, kind in FIELDS.items()]


def catalog_schema() -> pa.Schema:
    """The catalog before its first attribute."""
    import pyarrow as pa

    return pa.schema([*item_fields(), pa.field("phash", pa.uint64())])


def filter_columns(schema: pa.Schema, extra: Mapping[str, str] = {}) -> dict[str, Column]:
    """What a `--where` on a table may name.

    Args:
        extra: further fields of that table -> type.
    """
    fields = {name: Column(name, kind) for name, kind in {**FIELDS, **extra}.items()}
    columns, types = columns_in(schema), types_in(schema)
    attributes = {name: Column(columns[name], types[name]) for name in columns}
    return known_columns(fields, attributes, ALIASES)


def checked(item: Item) -> Item:
    """The item as it will be read back.

    Raises:
        WrongUse: something in it cannot be stored; the message names the item.
    """
    reason = _unstorable(item)
    if reason:
        raise WrongUse(f"item {item.id!r} ({item.uris[:1]}) cannot be catalogued: {reason}")
    return Item(
        id=item.id,
        kind=Kind(item.kind),
        uris=tuple(item.uris),
        sha256=item.sha256,
        group=item.group,
        split=Split(item.split),
        month=item.month,
        size=item.size,
        captions=tuple(item.captions),
        language=item.language,
        tags=tuple(item.tags),
        attributes=normalised(item),
        phash=item.phash,
        width=item.width,
        height=item.height,
        duration_s=item.duration_s,
    )


def _unstorable(item: Item) -> str | None:
    """Why the item's own fields cannot be stored, or None."""
    if not (item.uris and item.id and item.sha256 and item.group):
        return "it lacks an id, a uri, a sha256 or a group"
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", item.month, re.ASCII) is None:
        return f"its month is {item.month!r}; write YYYY-MM"
    for number, least, most in (
        (item.size, 0, 2**63 - 1),
        (item.width or 0, 0, 2**31),
        (item.height or 0, 0, 2**31),
        (item.phash or 0, 0, 2**64 - 1),
    ):
        if not least <= number <= most:
            return f"{number} is out of range"
    try:
        for text in (item.id, item.sha256, item.group, item.language or ""):
            storable_text(text)
        for text in (*item.uris, *item.captions, *item.tags):
            storable_text(text)
    except (ValueError, UnicodeError) as error:
        return str(error)
    return None


def field_values(item: Item) -> dict[str, Any]:
    """FIELDS of one item, as Arrow takes them."""
    return {
        "id": item.id,
        "kind": item.kind.value,
        "uri": item.uri,
        "uris": list(item.uris),
        "sha256": item.sha256,
        "group": item.group,
        "split": item.split.value,
        "month": item.month,
        "size": item.size,
        "caption": item.captions[0] if item.captions else None,
        "captions": list(item.captions),
        "language": item.language,
        "tags": list(item.tags),
        "width": item.width,
        "height": item.height,
        "duration_s": item.duration_s,
    }


def attribute_values(
    attributes: Mapping[str, AttributeValue], columns: Mapping[str, str], types: Mapping[str, str]
) -> dict[str, Any]:
    """Attributes by column, as Arrow takes them; absent ones are left out."""
    return {columns[name]: fitting(value, types[name]) for name, value in attributes.items()}


def item_rows(items: Sequence[Item], schema: pa.Schema) -> pa.Table:
    """Checked items as rows of a table that has a column for every attribute."""
    import pyarrow as pa

    columns, types = columns_in(schema), types_in(schema)
    rows = [
        {
            **field_values(item),
            "phash": item.phash,
            **attribute_values(item.attributes, columns, types),
        }
        for item in items
    ]
    return pa.Table.from_pylist(rows, schema=schema)


def items_of(rows: pa.Table) -> Iterable[Item]:
    """Rows as items, in their order; only the catalog has their perceptual hashes."""
    columns = columns_in(rows.schema)
    for batch in rows.to_batches(max_chunksize=1024):
        for row in batch.to_pylist():
            yield _item(row, columns)


def attributes_of(row: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, AttributeValue]:
    """The attributes a row has a value for."""
    values = {name: read_back(row[column]) for name, column in columns.items()}
    return {name: value for name, value in values.items() if value is not None}


def _item(row: Mapping[str, Any], columns: Mapping[str, str]) -> Item:
    return Item(
        id=row["id"],
        kind=Kind(row["kind"]),
        uris=tuple(row["uris"]),
        sha256=row["sha256"],
        group=row["group"],
        split=Split(row["split"]),
        month=row["month"],
        size=row["size"],
        captions=tuple(row["captions"]),
        language=row["language"],
        tags=tuple(row["tags"]),
        attributes=attributes_of(row, columns),
        phash=row.get("phash"),
        width=row["width"],
        height=row["height"],
        duration_s=row["duration_s"],
    )

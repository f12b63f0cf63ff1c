"""Typed attributes as columns: one column a name, added as they appear.

A column is called `attr_` and the attribute's name, percent-encoded, so that it can never meet a
column of the item itself, whatever the attribute is called. Lance cannot turn an integer column
into a float one, so a widened attribute moves to a column called `wide_...`: it is created with
the converted values in one commit, counts from then on, and the narrow one is dropped after.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import AttributeValue, Item

if TYPE_CHECKING:
    import pyarrow as pa

NARROW = "attr_"
WIDE = "wide_"
MAX_ATTRIBUTES = 1000
"""Columns a table may grow; a manifest with more is a table turned on its side."""
_INT64 = range(-(2**63), 2**63)
EXACT_INT = 2**53
"""Integers up to here are floats without loss."""


def arrow_types() -> dict[str, pa.DataType]:
    """Attribute type -> how it is stored."""
    import pyarrow as pa

    return {
        "int64": pa.int64(),
        "float64": pa.float64(),
        "bool": pa.bool_(),
        "date32": pa.date32(),
        "timestamp": pa.timestamp("us"),
        "string": pa.string(),
        "list<string>": pa.list_(pa.string()),
    }


def type_of(value: AttributeValue) -> str:
    """The type an attribute's value asks for."""
    # bool before int and datetime before date: the first is a kind of the second.
    for python, name in (
        (bool, "bool"),
        (int, "int64"),
        (float, "float64"),
        (datetime, "timestamp"),
        (date, "date32"),
        (str, "string"),
        (tuple, "list<string>"),
    ):
        if isinstance(value, python):
            return name
    raise WrongUse(f"an attribute cannot be a {type(value).__name__}: {value!r}")


def normalised(item: Item) -> dict[str, AttributeValue]:
    """The attributes as they will be read back.

    A moment with an offset becomes UTC without one; not-a-number becomes absent; a subclass
    becomes the plain type.

    Raises:
        WrongUse: a value that no column can hold; the message names item and attribute.
    """
    kept: dict[str, AttributeValue] = {}
    for name, value in item.attributes.items():
        try:
            if not isinstance(value, float) or not math.isnan(value):
                kept[name] = _storable(name, value)
        except (ValueError, OverflowError, UnicodeError) as error:
            raise WrongUse(
                f"attribute {name!r} of item {item.id!r} cannot be stored: {error}"
            ) from error
    return kept


def _storable(name: str, value: AttributeValue) -> AttributeValue:
    if not name:
        raise ValueError("it has no name")
    storable_text(name)
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, tuple):
        return tuple(storable_text(one) for one in value)
    if isinstance(value, int) and value not in _INT64:
        raise ValueError(f"{value} does not fit in 64 bits; write it as text")
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    type_of(value)
    return value


def storable_text(text: str) -> str:
    """The text itself.

    Raises:
        ValueError: no string at all, half a surrogate pair, or a NUL inside.
    """
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is not text")  # noqa: TRY004 - one kind of refusal here
    text.encode("utf-8")
    if "\x00" in text:
        raise ValueError("it has a NUL character")
    return text


def column_name(name: str, *, wide: bool = False) -> str:
    """The column an attribute is stored in; it holds no dot and no quote of any kind."""
    # `quote` leaves `.` alone, and Lance reads a dot as a field within a field.
    return (WIDE if wide else NARROW) + quote(name, safe=" ").replace(".", "%2E")


def columns_in(schema: pa.Schema) -> dict[str, str]:
    """Attribute name -> column, of a table. A widened column hides the narrow one it came from."""
    found: dict[str, str] = {}
    for column in schema.names:
        if column.startswith(WIDE):
            found[unquote(column.removeprefix(WIDE))] = column
        elif column.startswith(NARROW):
            found.setdefault(unquote(column.removeprefix(NARROW)), column)
    return found


def types_in(schema: pa.Schema) -> dict[str, str]:
    """Attribute name -> type, of a table."""
    names = {arrow: name for name, arrow in arrow_types().items()}
    columns = columns_in(schema)
    return {name: names[schema.field(column).type] for name, column in columns.items()}


def settled_types(
    have: Mapping[str, str], rows: Iterable[tuple[str, Mapping[str, AttributeValue]]]
) -> dict[str, str]:
    """The types that hold what is there and what comes.

    Args:
        have: attribute -> type today.
        rows: (item id, its attributes); the id is for the message.

    Raises:
        WrongUse: a value that its column cannot hold; nothing was changed.
    """
    types = dict(have)
    longest: dict[str, int] = {}
    for item_id, attributes in rows:
        for name, value in attributes.items():
            new = type_of(value)
            old = types.setdefault(name, new)
            if new == "int64" and isinstance(value, int):
                longest[name] = max(longest.get(name, 0), abs(value))
            if old != new:
                types[name] = _wider(name, old, new, item_id, value)
    for name, largest in longest.items():
        if types[name] == "float64" and largest > EXACT_INT:
            raise WrongUse(
                f"attribute column {name!r} holds fractions and {largest}, which is too large to "
                f"be kept exactly beside them; make the column text"
            )
    if len(types) > MAX_ATTRIBUTES:
        raise WrongUse(
            f"{len(types)} attribute columns; at most {MAX_ATTRIBUTES} are kept. Leave columns out "
            f"of the manifest, or turn it so that every item is a row"
        )
    return types


def joined_types(have: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """The types that hold the columns of two tables.

    Raises:
        WrongUse: a column has two types that do not go together; nothing was changed.
    """
    types = dict(have)
    for name, new in more.items():
        old = types.setdefault(name, new)
        if {old, new} == {"int64", "float64"}:
            types[name] = "float64"
        elif old != new:
            raise WrongUse(
                f"attribute column {name!r} holds {old} here and {new} there; embed the items anew"
            )
    return types


def _wider(name: str, old: str, new: str, item_id: str, value: AttributeValue) -> str:
    if {old, new} == {"int64", "float64"}:
        return "float64"
    raise WrongUse(
        f"attribute column {name!r} holds {old}, but item {item_id!r} has {value!r} ({new}); "
        f"correct the value, or give the column another name"
    )


def new_fields(types: Mapping[str, str]) -> list[pa.Field]:
    """Columns for attributes that have none yet."""
    import pyarrow as pa

    arrow = arrow_types()
    return [pa.field(column_name(name), arrow[kind]) for name, kind in types.items()]


def fitting(value: AttributeValue | None, kind: str) -> Any:  # noqa: ANN401 - what Arrow takes
    """A value as its column's type takes it."""
    if kind == "float64" and isinstance(value, int):
        return float(value)
    return list(value) if isinstance(value, tuple) else value


def read_back(value: Any) -> AttributeValue | None:  # noqa: ANN401 - what Arrow gives
    """A column's value as an attribute; None means absent."""
    if isinstance(value, list):
        return tuple(value)
    kept: AttributeValue | None = value
    return kept

"""Manifest cells to typed values: safe column names, and one type for a whole column."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Final, TypeAlias

from scrubjay.core.types import AttributeValue

Cell: TypeAlias = object
"""What a manifest gives for one column of one row: text from CSV, any JSON value from JSONL."""

RESERVED: Final = frozenset(
    {
        *("id", "kind", "uri", "uris", "sha256", "group", "split", "month", "size", "captions"),
        *("caption", "language", "tags", "tag", "attributes", "phash", "width", "height"),
        *("duration_s", "modality", "version", "vector", "start_s", "end_s", "segment", "score"),
        *("_distance", "_score", "_rowid", "_rowaddr", "_relevance_score"),
    }
)
"""Names an item or an index row has already; a column of that name gets a trailing underscore."""

LIST_COLUMNS: Final = frozenset({"tags", "keywords", "labels"})
"""Columns always read as lists."""

_INT = re.compile(r"[+-]?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(
    r"[+-]?(?:0|[1-9][0-9]{0,399})(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?|[+-]?\.[0-9]+"
)
_DIGITS = re.compile(r"[+-]?[0-9]{1,400}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATETIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}\S*")
_BOOLS: Final = {"true": True, "false": False}
_INT64: Final = range(-(2**63), 2**63)
_EXACT: Final = 2**53
"""Integers up to here are floats without loss; a column with a larger one and fractions is text."""


def clean(text: str) -> str:
    """Make text safe to store: no NUL, no half of a surrogate pair, no space around it."""
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return joined.replace("\x00", "").strip()


def column_names(headers: Sequence[str]) -> dict[str, str]:
    """Give every header a distinct name of the form `[a-z_][a-z0-9_]*`.

    Accents are dropped, other marks become `_`; a name an item has already gets a trailing
    underscore, a repeated one a number.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for position, header in enumerate(headers, start=1):
        base = sanitised(header) or f"column_{position}"
        while base in RESERVED:
            base += "_"
        name, n = base, 2
        while name in taken:
            name, n = f"{base}_{n}", n + 1
        taken.add(name)
        names[header] = name
    return names


def sanitised(header: str) -> str:
    """Reduce a header to `[a-z_][a-z0-9_]*`, or to "" when nothing of it is left."""
    plain = unicodedata.normalize("NFKD", header.casefold()).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9_]+", "_", plain.strip())
    if not name.strip("_"):
        return ""
    return f"_{name}" if name[0].isdigit() else name


def typed_column(
    name: str, cells: Sequence[Cell], *, quoted: bool = False
) -> list[AttributeValue | None]:
    """Type one column as a whole.

    The first of these that every filled cell allows: bool, int, float, date, datetime, list, text.
    Numbers with leading zeros stay text (they are codes). A datetime with an offset becomes UTC
    without one.

    Args:
        name: the column's name; one in LIST_COLUMNS is always a list.
        cells: one a row, None or blank where the row has nothing.
        quoted: strings are meant as strings, as in JSON, and never read as numbers.

    Returns:
        One value a row, all of one type; None where the cell is empty.
    """
    filled = [_tidied(cell) for cell in cells]
    if name in LIST_COLUMNS:
        return [tags(cell) or None for cell in filled]
    written = (_bool, _int, _float) if quoted else (_written_bool, _written_int, _written_float)
    for read in (*written, _date, _datetime, _list):
        values = _all(read, filled)
        if values is not None:
            return values
    return [None if cell is None else as_text(cell) for cell in filled]


def tags(cell: Cell) -> tuple[str, ...]:
    """Read a list: a JSON array, else text split on `;` or `|`. Repeats and blanks are dropped."""
    parts: Sequence[Cell] | None = _array(cell)
    if parts is None:
        text = "" if cell is None else as_text(cell)
        parts = re.split(r"[;|]", text)
    return tuple(dict.fromkeys(part for part in map(as_text, parts) if part))


def as_text(cell: Cell) -> str:
    """A cell as text: JSON values as JSON writes them."""
    if isinstance(cell, str):
        return clean(cell)
    if cell is None:
        return ""
    return clean(json.dumps(cell, ensure_ascii=False))


def _tidied(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return clean(cell) or None
    if isinstance(cell, list | dict) and not cell:
        return None
    return cell


def _all(
    read: Callable[[Cell], AttributeValue | None], cells: Sequence[Cell]
) -> list[AttributeValue | None] | None:
    """Every filled cell read this way, or None when one cannot be (or none is filled)."""
    values: list[AttributeValue | None] = []
    for cell in cells:
        value = None if cell is None else read(cell)
        if value is None and cell is not None:
            return None
        values.append(value)
    return values if any(value is not None for value in values) else None


def _bool(cell: Cell) -> bool | None:
    return cell if isinstance(cell, bool) else None


def _written_bool(cell: Cell) -> bool | None:
    return _BOOLS.get(cell.lower()) if isinstance(cell, str) else _bool(cell)


def _int(cell: Cell) -> int | None:
    return cell if isinstance(cell, int) and type(cell) is int and cell in _INT64 else None


def _written_int(cell: Cell) -> int | None:
    if isinstance(cell, str):
        return int(cell) if _INT.fullmatch(cell) else None
    return _int(cell)


def _float(cell: Cell) -> float | None:
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return None
    exact = abs(cell) <= _EXACT if isinstance(cell, int) else math.isfinite(cell)
    return float(cell) if exact else None


def _written_float(cell: Cell) -> float | None:
    if not isinstance(cell, str):
        return _float(cell)
    if not _FLOAT.fullmatch(cell):
        return None
    return _float(int(cell) if _DIGITS.fullmatch(cell) else float(cell))


def _date(cell: Cell) -> date | None:
    if not isinstance(cell, str) or not _DATE.fullmatch(cell):
        return None
    try:
        return date.fromisoformat(cell)
    except ValueError:
        return None


def _datetime(cell: Cell) -> datetime | None:
    if not isinstance(cell, str) or not (_DATE.fullmatch(cell) or _DATETIME.fullmatch(cell)):
        return None
    try:
        moment = datetime.fromisoformat(cell)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None


def _array(cell: Cell) -> list[Cell] | None:
    if isinstance(cell, list):
        return cell
    if isinstance(cell, str) and cell.startswith("[") and cell.endswith("]"):
        try:
            value = json.loads(cell)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, list) else None
    return None


def _list(cell: Cell) -> tuple[str, ...] | None:
    return None if _array(cell) is None else tags(cell)

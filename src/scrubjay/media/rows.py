"""Manifest rows with their columns told apart: files, words, and typed attributes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scrubjay.core.types import AttributeValue
from scrubjay.media.attributes import Cell, as_text, column_names, typed_column
from scrubjay.media.manifest import Manifest, Role, Row

_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class TypedRow:
    """One row.

    Attributes:
        files: (role, reference as written), in column order.
        said: cells of the roles that hold one value.
    """

    line: int
    files: tuple[tuple[Role, str], ...]
    captions: tuple[str, ...]
    said: Mapping[Role, Cell]
    attributes: Mapping[str, AttributeValue]


def typed_rows(manifests: Sequence[Manifest]) -> list[list[TypedRow]]:
    """Rows with typed attributes; a column has one type over all manifests of the collection."""
    roles = [manifest.roles() for manifest in manifests]
    if not _all_months(manifests, roles):
        roles = [{h: r for h, r in one.items() if r is not Role.MONTH} for one in roles]
    rest = dict.fromkeys(
        header
        for manifest, known in zip(manifests, roles, strict=True)
        for header in manifest.headers
        if header not in known
    )
    quoted = any(manifest.quoted for manifest in manifests)
    rows = [row for manifest in manifests for row in manifest.rows]
    names = column_names(tuple(rest))
    columns = {
        name: typed_column(name, [row.cells.get(header) for row in rows], quoted=quoted)
        for header, name in names.items()
    }
    values = iter(
        {name: value for name, column in columns.items() if (value := column[place]) is not None}
        for place in range(len(rows))
    )
    return [
        [_typed_row(row, known, next(values)) for row in manifest.rows]
        for manifest, known in zip(manifests, roles, strict=True)
    ]


def _all_months(manifests: Sequence[Manifest], roles: Sequence[Mapping[str, Role]]) -> bool:
    """A month column says when items were added only if all of it reads YYYY-MM."""
    cells = (
        as_text(row.cells.get(header))
        for manifest, known in zip(manifests, roles, strict=True)
        for header, role in known.items()
        if role is Role.MONTH
        for row in manifest.rows
    )
    return all(not cell or _MONTH.fullmatch(cell) for cell in cells)


def _typed_row(
    row: Row, roles: Mapping[str, Role], attributes: Mapping[str, AttributeValue]
) -> TypedRow:
    files = []
    captions: dict[str, None] = {}
    said: dict[Role, Cell] = {}
    for header, role in roles.items():
        cell = row.cells.get(header)
        if role in {Role.IMAGE, Role.AUDIO, Role.FILE}:
            files += [(role, path) for path in (_path(cell),) if path]
        elif role is Role.CAPTION:
            texts = cell if isinstance(cell, list) else [cell]
            captions.update(dict.fromkeys(text for text in map(as_text, texts) if text))
        elif as_text(cell):
            said[role] = cell
    return TypedRow(row.line, tuple(files), tuple(captions), said, attributes)


def _path(cell: Cell) -> str:
    return cell.strip() if isinstance(cell, str) else as_text(cell)

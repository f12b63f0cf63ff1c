"""What is asked about a picture, with fields for the cells of its row; never code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Formatter

from scrubjay.core.errors import BadConfig, UnknownName
from scrubjay.media.attributes import sanitised


@dataclass(frozen=True, slots=True)
class Instruction:
    """A text in pieces.

    Attributes:
        pieces: (text, column whose cell follows it, or None).
    """

    pieces: tuple[tuple[str, str | None], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns it needs, each once."""
        return tuple(dict.fromkeys(name for _, name in self.pieces if name is not None))

    def filled(self, cells: Mapping[str, str]) -> str:
        """The text with cells filled in; what is filled in is not looked at again."""
        return "".join(text + ("" if name is None else cells[name]) for text, name in self.pieces)


def read_instruction(text: str, columns: Iterable[str]) -> Instruction:
    """Read `Describe the product {name}.`; double braces stand for braces.

    Args:
        text: with columns in braces, by their names or nearly (`{product_name}` for
            `Product Name`). Nothing else may stand in the braces.
        columns: of the table.

    Raises:
        BadConfig: it is empty, its braces do not match, or they hold more than a name.
        UnknownName: a column the table does not have.
    """
    known = {sanitised(name): name for name in reversed([*columns])} | {one: one for one in columns}
    pieces: list[tuple[str, str | None]] = []
    try:
        parsed = list(Formatter().parse(text))
    except ValueError as error:
        raise BadConfig(
            f"datamodule.instruction {text!r} cannot be read: {error}; write {{{{ and }}}} for "
            f"braces"
        ) from error
    for before, name, form, conversion in parsed:
        if name is None:
            pieces.append((before, None))
            continue
        if form or conversion or not name.strip():
            raise BadConfig(
                f"datamodule.instruction {text!r}: only a column's name may stand in braces, as "
                f"in {{name}}"
            )
        column = known.get(name.strip()) or known.get(sanitised(name))
        if column is None:
            raise UnknownName("column in datamodule.instruction", name, known.values())
        pieces.append((before, column))
    if not "".join(text for text, _ in pieces).strip() and not any(name for _, name in pieces):
        raise BadConfig("datamodule.instruction is empty; say what is asked about a picture")
    return Instruction(tuple(pieces))

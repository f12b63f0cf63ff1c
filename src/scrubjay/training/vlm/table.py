"""A table of pictures with what is asked about them and the right answers: CSV, JSONL, Parquet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scrubjay.core.errors import BadConfig, BadMedia, NotReady, UnknownName, WrongUse
from scrubjay.core.types import Split
from scrubjay.media.attributes import sanitised
from scrubjay.media.manifest import (
    CSV_SUFFIXES,
    JSONL_SUFFIXES,
    SYNONYMS,
    Role,
    decode_text,
    malformed,
)
from scrubjay.training.vlm.template import Instruction, read_instruction

PARQUET_SUFFIXES: Final = frozenset({".parquet", ".pq"})
IMAGES: Final = (*SYNONYMS[Role.IMAGE], *SYNONYMS[Role.FILE])
ANSWERS: Final = ("answer", *SYNONYMS[Role.CAPTION], "completion", "output", "response")
ASKED: Final = ("instruction", "question", "prompt")
NAMES: Final = ("name", "product_name", "product", "title")
CATEGORIES: Final = ("category", "categories", "product_category")
PARTS: Final[Mapping[str, Split]] = {
    **dict.fromkeys(("train", "training"), Split.TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "dev", "eval"), Split.VAL),
    **dict.fromkeys(("test", "testing"), Split.TEST),
}
PLAIN: Final = "Describe this picture."


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column says what; None: the first of a usual name."""

    image: str | None = None
    answer: str | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row that can be learned from, as far as the table tells.

    Attributes:
        line: of the table, from 1; the header of a CSV is 1.
        picture: as the table names it; of pictures inside the table, the name they are given.
        instruction: filled in.
        split: what the table gives, or None.
    """

    line: int
    picture: str
    instruction: str
    answer: str
    split: Split | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table, read.

    Attributes:
        path: its file.
        rows: that can be learned from, as far as the table tells.
        problems: (line, what is wrong) of the others.
        instruction: as it was understood.
        inside: name -> bytes of pictures that the table itself holds.
    """

    path: Path
    rows: tuple[Row, ...]
    problems: tuple[tuple[int, str], ...]
    instruction: str
    inside: Mapping[str, bytes]

    def bytes_of(self, picture: str) -> bytes:
        """A picture's file.

        Raises:
            BadMedia: there is none, or it lies outside the table's folder.
        """
        if picture in self.inside:
            return self.inside[picture]
        folder = self.path.parent.resolve()
        try:
            found = (folder / picture.replace("\\", "/")).resolve()
            if not found.is_relative_to(folder):
                raise BadMedia("it lies outside the table's folder", picture)
            return found.read_bytes()
        except (OSError, ValueError) as error:
            raise BadMedia("there is no such file beside the table", picture) from error


def read_table(path: Path, *, columns: Columns, instruction: str | None) -> Table:
    """Read a table; pictures are not looked at.

    Args:
        path: a .csv, .tsv, .jsonl, .ndjson or .parquet file.
        columns: by name.
        instruction: with columns in braces; None: the column `instruction`, `question` or `prompt`,
            else what is known of the product, else PLAIN.

    Raises:
        NotReady: there is no such file.
        WrongUse: it cannot be read, or is no such table.
        UnknownName: a column it does not have.
        BadConfig: an instruction that cannot be read.
    """
    if not path.is_file():
        raise NotReady(
            f"there is no table {path}: give datamodule.table a CSV, JSONL or Parquet file beside "
            f"its pictures"
        )
    headers, lines, inside = _read(path)
    image = _column(columns.image, IMAGES, headers, "image", path)
    answer = _column(columns.answer, ANSWERS, headers, "answer", path)
    split = _column(columns.split, SYNONYMS[Role.SPLIT], headers, "split", path, optional=True)
    text = instruction if instruction is not None else _usual(headers)
    asked = read_instruction(text, headers)
    rows: list[Row] = []
    problems: list[tuple[int, str]] = []
    for line, cells in lines:
        try:
            rows.append(_row(line, cells, asked, image, answer, split))
        except ValueError as error:
            problems.append((line, str(error)))
    return Table(path, tuple(rows), tuple(problems), text, inside)


def _row(
    line: int,
    cells: Mapping[str, str],
    asked: Instruction,
    image: str,
    answer: str,
    split: str | None,
) -> Row:
    for name in (image, answer, *asked.columns):
        if not cells.get(name, "").strip():
            raise ValueError(f"its {name!r} is empty")
    part = cells.get(split, "").strip() if split else ""
    if part and part.lower() not in PARTS:
        raise ValueError(f"its {split!r} is {part[:40]!r}, not train, val or test")
    return Row(
        line,
        cells[image].strip(),
        asked.filled({name: cells[name].strip() for name in asked.columns}).strip(),
        cells[answer].strip(),
        PARTS[part.lower()] if part else None,
    )


def _column(
    given: str | None,
    usual: Sequence[str],
    headers: Sequence[str],
    what: str,
    path: Path,
    *,
    optional: bool = False,
) -> Any:  # noqa: ANN401 - str, or None where it is optional
    """The header of a column."""
    by_name = {sanitised(header): header for header in reversed(headers)}
    if given is not None:
        if given in headers or sanitised(given) in by_name:
            return given if given in headers else by_name[sanitised(given)]
        raise UnknownName(f"column of {path} in datamodule.columns.{what}", given, headers)
    found = next((by_name[name] for name in usual if name in by_name), None)
    if found is None and not optional:
        raise BadConfig(
            f"no column of {path} ({', '.join(headers)}) is known to hold the {what}; name it by "
            f"datamodule.columns.{what}=COLUMN"
        )
    return found


def _usual(headers: Sequence[str]) -> str:
    by_name = {sanitised(header): header for header in reversed(headers)}

    def first(names: Sequence[str]) -> str | None:
        return next((by_name[name] for name in names if name in by_name), None)

    if asked := first(ASKED):
        return f"{{{asked}}}"
    name, category = first(NAMES), first(CATEGORIES)
    if name is None:
        return PLAIN
    return f"Describe the product {{{name}}}" + (f", category {{{category}}}." if category else ".")


Lines = list[tuple[int, dict[str, str]]]


def _read(path: Path) -> tuple[list[str], Lines, dict[str, bytes]]:
    suffix = path.suffix.lower()
    try:
        if suffix in PARQUET_SUFFIXES:
            return _parquet(path)
        if suffix in JSONL_SUFFIXES:
            headers, lines = _jsonl(path.name, decode_text(path.name, path.read_bytes()))
        elif suffix in CSV_SUFFIXES:
            headers, lines = _csv(path.name, decode_text(path.name, path.read_bytes()))
        else:
            raise WrongUse(
                f"{path} is no table that is read here: give a .csv, .tsv, .jsonl or .parquet file"
            )
    except OSError as error:
        raise WrongUse(f"{path} cannot be read: {error}") from error
    return headers, lines, {}


def _csv(name: str, text: str) -> tuple[list[str], Lines]:
    head = text.split("\n", 1)[0]
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=max(",;\t|", key=head.count), strict=True
    )
    lines: Lines = []
    begins = 1
    try:
        headers = [one.strip() for one in next(reader, [])]
        if len(set(headers)) != len(headers):
            raise malformed(name, 1, "two columns have one name")
        begins = reader.line_num + 1
        for fields in reader:
            if any(one.strip() for one in fields):
                if len(fields) > len(headers):
                    raise malformed(name, begins, f"{len(fields)} fields for {len(headers)} names")
                lines.append((begins, dict(zip(headers, fields, strict=False))))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise malformed(name, begins, f"not CSV: {error}") from error
    return headers, lines


def _jsonl(name: str, text: str) -> tuple[list[str], Lines]:
    lines: Lines = []
    headers: dict[str, None] = {}
    for number, written in enumerate(io.StringIO(text), start=1):
        if not written.strip():
            continue
        try:
            cells = json.loads(written)
        except (ValueError, RecursionError) as error:
            raise malformed(name, number, f"not JSON: {error}") from error
        if not isinstance(cells, dict):
            raise malformed(name, number, "expected one JSON object a line")
        headers.update(dict.fromkeys(cells))
        lines.append((number, {key: _told(value) for key, value in cells.items()}))
    return list(headers), lines


def _parquet(path: Path) -> tuple[list[str], Lines, dict[str, bytes]]:
    """With pictures inside, too: a column of {bytes, path}, as the Hub's data sets have them."""
    import pyarrow as arrow
    from pyarrow import parquet

    lines: Lines = []
    inside: dict[str, bytes] = {}
    try:
        with parquet.ParquetFile(path) as file:
            headers = list(file.schema_arrow.names)
            for cells in _arrow_rows(file):
                number = len(lines) + 1
                for name, value in cells.items():
                    data = value.get("bytes") if isinstance(value, dict) else value
                    if isinstance(data, bytes):
                        cells[name] = f"row-{number}/{name}"
                        inside[cells[name]] = data
                lines.append((number, {name: _told(value) for name, value in cells.items()}))
    except (arrow.ArrowInvalid, arrow.ArrowException, OSError) as error:
        raise WrongUse(f"{path} is no Parquet file that can be read: {error}") from error
    return headers, lines, inside


def _arrow_rows(file: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - pyarrow
    for batch in file.iter_batches(batch_size=256):
        yield from batch.to_pylist()


def _told(value: object) -> str:
    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124 - not a number
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and isinstance(value.get("path"), str):
        return str(value["path"])
    return json.dumps(value, ensure_ascii=False, default=str)

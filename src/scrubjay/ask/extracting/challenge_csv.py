"""Questions and predictions as the Amazon ML Challenge 2024 exchanges them: CSV files.

In: `index,image_link,group_id,entity_name`, and `entity_value` where the answers are known. Out:
`index,prediction`. Pictures are files; a link is never fetched.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from scrubjay.ask.extracting.entities import Entity, entity_named
from scrubjay.core.errors import UnknownName, WrongUse

NEEDED: Final = ("index", "image_link", "entity_name")
TRUTH: Final = "entity_value"
MOST: Final = 2_000_000
_LINK: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")


@dataclass(frozen=True, slots=True)
class Row:
    """A question of a CSV file.

    Attributes:
        picture: path of its file.
        truth: `500.0 gram`, or nothing; None: the file does not say.
    """

    index: str
    picture: Path
    entity: Entity
    truth: str | None = None


def read_questions(file: Path, folder: Path | None = None) -> list[Row]:
    """Read them.

    Args:
        file: the CSV, UTF-8 with or without a byte order mark.
        folder: where its pictures are; None: paths are from the CSV's own folder. With a folder a
            link stands for the file of its last part, as the challenge's own download names it.

    Raises:
        WrongUse: it cannot be read, or a line is not of that form; the message names the line.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUse(f"the questions {file} cannot be read: {error}") from error
    rows: list[Row] = []
    lines: dict[str, int] = {}
    for number, told in _records(file, text):
        where = f"{file}, line {number}"
        row = _row(told, where, file.parent if folder is None else folder, linked=bool(folder))
        if row.index in lines:
            raise WrongUse(f"{where}: the index {row.index!r} is that of line {lines[row.index]}")
        lines[row.index] = number
        rows.append(row)
        if len(rows) > MOST:
            raise WrongUse(f"{file} has more than {MOST:,} questions; split it")
    if not rows:
        raise WrongUse(f"{file} has no questions below its first line")
    return rows


def predictions(answers: Sequence[tuple[str, str]]) -> bytes:
    """(index, prediction) pairs as the challenge's CSV."""
    told = io.StringIO()
    writer = csv.writer(told, lineterminator="\n")
    writer.writerow(("index", "prediction"))
    writer.writerows(answers)
    return told.getvalue().encode("utf-8")


def _records(file: Path, text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """(line number, values by column) of each record."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [one.strip() for one in next(reader, [])]
        missing = [name for name in NEEDED if name not in header]
        if missing:
            raise WrongUse(
                f"{file}, line 1 must name the columns index, image_link, group_id and "
                f"entity_name; {', '.join(missing)} is not among them"
            )
        if len(set(header)) < len(header):
            raise WrongUse(f"{file}, line 1 names a column twice")
        start = reader.line_num + 1
        for values in reader:
            if values:
                if len(values) != len(header):
                    raise WrongUse(
                        f"{file}, line {start} has {len(values)} values for {len(header)} columns"
                    )
                yield start, dict(zip(header, values, strict=True))
            start = reader.line_num + 1
    except csv.Error as error:
        raise WrongUse(f"{file}, line {reader.line_num} is no CSV: {error}") from error


def _row(told: Mapping[str, str], where: str, folder: Path, *, linked: bool) -> Row:
    index, link = told["index"].strip(), told["image_link"].strip()
    if not index or not link:
        raise WrongUse(f"{where} must have an index and an image_link")
    if "\0" in link:
        raise WrongUse(f"{where}: the image_link holds a zero byte")
    try:
        entity = entity_named(told["entity_name"])
    except UnknownName as error:
        raise WrongUse(f"{where}: {error}") from None
    return Row(index, folder / _path(link, where, linked=linked), entity, told.get(TRUTH))


def _path(link: str, where: str, *, linked: bool) -> str:
    if not _LINK.match(link):
        return link
    name = unquote(urlsplit(link).path).rpartition("/")[2]
    if not linked or not name:
        raise WrongUse(
            f"{where}: {link[:200]} is a link, and links are not fetched; download the pictures "
            f"and name their folder with --folder"
        )
    return name

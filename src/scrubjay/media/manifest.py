"""A manifest's text to rows: descriptions.json, CSV or JSONL, in whatever encoding it came."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final

from scrubjay.core.errors import WrongUse
from scrubjay.media.attributes import Cell, sanitised

DESCRIPTIONS: Final = "descriptions.json"
CSV_SUFFIXES: Final = frozenset({".csv", ".tsv"})
JSONL_SUFFIXES: Final = frozenset({".jsonl", ".ndjson"})

_DELIMITERS: Final = ",;\t|"
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NUMBERED_CAPTION: Final = re.compile(r"(?:caption|description)_?[0-9]{1,2}")


class Role(StrEnum):
    """What a manifest's column says of an item; every other column is an attribute."""

    IMAGE = "image"
    AUDIO = "audio"
    FILE = "file"
    CAPTION = "caption"
    ID = "id"
    GROUP = "group"
    SPLIT = "split"
    LANGUAGE = "language"
    TAGS = "tags"
    MONTH = "month"


SYNONYMS: Final[Mapping[Role, tuple[str, ...]]] = {
    Role.IMAGE: (
        *("image", "image_file", "image_path", "image_filename", "image_file_name", "image_name"),
        *("image_filepath", "img", "img_file", "img_path", "img_name", "picture", "picture_file"),
        *("picture_path", "photo", "photo_file", "photo_path"),
    ),
    Role.AUDIO: (
        *("audio", "audio_file", "audio_path", "audio_filename", "audio_file_name", "audio_name"),
        *("audio_filepath", "recording", "recording_file", "recording_path", "sound", "sound_file"),
        *("speech", "speech_file", "speech_path", "wav", "wav_file", "wav_path"),
    ),
    Role.FILE: (
        *("file", "file_name", "filename", "file_path", "filepath", "path"),
        *("media", "media_file", "media_path"),
    ),
    Role.CAPTION: (
        *("caption", "captions", "description", "descriptions", "text", "sentence"),
        *("transcript", "transcription"),
    ),
    Role.ID: ("id", "item_id"),
    Role.GROUP: ("group", "group_id"),
    Role.SPLIT: ("split", "subset", "partition"),
    Role.LANGUAGE: ("language", "lang"),
    Role.TAGS: ("tags",),
    Role.MONTH: ("month",),
}
"""Column names that mean each role, the surest first; the first one present takes it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a manifest, by the manifest's own column names."""

    line: int
    cells: Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Manifest:
    """One manifest, read.

    Attributes:
        name: its path in the collection.
        quoted: its strings are meant as strings (JSON), not as numbers without a type (CSV).
    """

    name: str
    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    quoted: bool

    @property
    def folder(self) -> str:
        """The folder it speaks for; "" is the root."""
        parent = str(PurePosixPath(self.name).parent)
        return "" if parent == "." else parent

    def roles(self) -> dict[str, Role]:
        """Which of its columns say what of an item."""
        return roles_of(self.headers)


def is_manifest_name(name: str) -> bool:
    """Whether a file of this name may be a manifest; its columns decide."""
    path = PurePosixPath(name.lower())
    return path.name == DESCRIPTIONS or path.suffix in CSV_SUFFIXES | JSONL_SUFFIXES


def read_manifest(name: str, data: bytes) -> Manifest | None:
    """Read a manifest.

    Returns:
        None when the file is no manifest: a table without a column that names files, or blank.

    Raises:
        WrongUse: the file is a manifest but malformed; the message names the line.
    """
    path = PurePosixPath(name.lower())
    if path.name == DESCRIPTIONS:
        return _read_descriptions(name, decode_text(name, data))
    if not data.strip():
        return None
    if path.suffix in JSONL_SUFFIXES:
        return _read_jsonl(name, decode_text(name, data))
    return _read_csv(name, decode_text(name, data))


def decode_text(name: str, data: bytes) -> str:
    """Decode a manifest: by its byte order mark, else UTF-8, else Windows-1252.

    Raises:
        WrongUse: it is none of these, and so not text; the message names the line.
    """
    mark, encoding = next((one for one in _MARKS if data.startswith(one[0])), (b"", ""))
    data = data.removeprefix(mark)
    for candidate in (encoding,) if encoding else ("utf-8", "cp1252"):
        try:
            text = data.decode(candidate)
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
        else:
            if "\x00" not in text:
                return text
            line = text[: text.index("\x00")].count("\n") + 1
    raise malformed(name, line, "bytes that are not text; save it as UTF-8")


def malformed(name: str, line: int, what: str) -> WrongUse:
    """The error for a manifest that cannot be read: which, where, what, and what to do."""
    return WrongUse(f"{name}, line {line}: {what}; mend the file and add the folder again")


def roles_of(headers: Sequence[str]) -> dict[str, Role]:
    """Which columns say what of an item: header -> role, at most one column a role.

    `caption_1`, `caption_2`, ... are captions too. A column that names files in general (`path`)
    is an attribute beside one that names pictures or recordings.
    """
    by_name: dict[str, str] = {}
    for header in headers:
        by_name.setdefault(sanitised(header), header)
    found = {
        role: next((by_name[name] for name in names if name in by_name), None)
        for role, names in SYNONYMS.items()
    }
    if found[Role.IMAGE] or found[Role.AUDIO]:
        found[Role.FILE] = None
    roles = {header: role for role, header in found.items() if header is not None}
    for name, header in by_name.items():
        if _NUMBERED_CAPTION.fullmatch(name):
            roles.setdefault(header, Role.CAPTION)
    return roles


def _names_files(headers: Sequence[str]) -> bool:
    return not {Role.IMAGE, Role.AUDIO, Role.FILE}.isdisjoint(roles_of(headers).values())


def _read_descriptions(name: str, text: str) -> Manifest:
    """`{file: text}`; a list of texts or an object of columns may stand for the text."""
    pairs = _json(name, text, first_line=1, pairs=True)
    if not isinstance(pairs, _Pairs):
        raise malformed(name, 1, 'expected one object, {"picture.jpg": "what it shows", ...}')
    rows = []
    headers: dict[str, None] = {"file": None}
    for file, value in pairs.entries:
        cells = dict(value.entries) if isinstance(value, _Pairs) else {"caption": value}
        rows.append(Row(0, {**{k: _plain(v) for k, v in cells.items()}, "file": file}))
        headers.update(dict.fromkeys(cells))
    return Manifest(name, tuple(headers), tuple(rows), quoted=True)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """A JSON object with its repeated keys."""

    entries: tuple[tuple[str, Cell], ...]


def _plain(value: Cell) -> Cell:
    if isinstance(value, _Pairs):
        return {key: _plain(one) for key, one in value.entries}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value


def _json(name: str, text: str, *, first_line: int, pairs: bool = False) -> Cell:
    try:
        if pairs:
            return json.loads(text, object_pairs_hook=lambda found: _Pairs(tuple(found)))
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise malformed(name, line, f"not JSON: {error.msg} at column {error.colno}") from error
    except RecursionError as error:
        raise malformed(name, first_line, "JSON nested too deeply") from error
    except ValueError as error:
        raise malformed(name, first_line, f"not JSON: {error}") from error


def _read_jsonl(name: str, text: str) -> Manifest | None:
    rows: list[Row] = []
    headers: dict[str, None] = {}
    for line, written in enumerate(io.StringIO(text), start=1):
        if not written.strip():
            continue
        cells = _json(name, written, first_line=line)
        if not isinstance(cells, dict):
            raise malformed(name, line, "expected one JSON object a line")
        if not rows and not _names_files(tuple(cells)):
            return None
        headers.update(dict.fromkeys(cells))
        rows.append(Row(line, cells))
    return Manifest(name, tuple(headers), tuple(rows), quoted=True) if rows else None


def _read_csv(name: str, text: str) -> Manifest | None:
    lines = _csv_lines(name, text)
    _, headers = next(lines, (1, []))
    headers = [header.strip() for header in headers]
    if not _names_files(headers):
        return None
    repeated = next((h for h in headers if h and headers.count(h) > 1), None)
    if repeated is not None:
        raise malformed(name, 1, f"two columns are called {repeated!r}")
    rows = []
    for line, fields in lines:
        if len(fields) > len(headers) and any(fields[len(headers) :]):
            raise malformed(
                name,
                line,
                f"{len(fields)} fields where the header has {len(headers)}; "
                f"put a text with the separator in it between double quotes",
            )
        rows.append(Row(line, dict(zip(headers, fields, strict=False))))
    return Manifest(name, tuple(headers), tuple(rows), quoted=False)


def _csv_lines(name: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """Filled lines with the number of the line each begins on."""
    head = re.match(r"[^\r\n]*", text)
    delimiter = max(_DELIMITERS, key=head[0].count) if head else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                yield begins, fields
            begins = reader.line_num + 1
    except csv.Error as error:
        raise malformed(name, begins, f"not CSV: {error}") from error

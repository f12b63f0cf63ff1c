"""One field out of the beginning of a form, by the parsers that read forms anyway."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote_plus

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import (
    MultipartParser,
    QuerystringParser,
    parse_options_header,
)

_MAX_NAME: Final = 256
_MAX_VALUE: Final = 1024


class FieldReader:
    """Reads a form until it knows the field's value or that it will not find it.

    In a form that uploads files only the first field is looked at: what comes later may stand
    behind gigabytes.

    Attributes:
        value: the field's value, once it is known.
        done: nothing more needs to be fed.
    """

    def __init__(self, field: str, content_type: str) -> None:
        """Look for a field in a form of this content type; anything else has no fields."""
        self.value: str | None = None
        self._field = field
        self._seen = bytearray()
        self._header = bytearray()
        self._name: str | None = None
        kind, options = parse_options_header(content_type)
        self._parser: MultipartParser | QuerystringParser | None = None
        if kind == b"application/x-www-form-urlencoded":
            self._parser = QuerystringParser(
                {
                    "on_field_start": self._begin,
                    "on_field_name": self._add_header,
                    "on_field_data": self._add,
                    "on_field_end": self._end_pair,
                }
            )
        elif kind == b"multipart/form-data" and options.get(b"boundary"):
            self._parser = MultipartParser(
                options[b"boundary"],
                {
                    "on_header_begin": self._begin,
                    "on_header_value": self._add_header,
                    "on_header_end": self._end_header,
                    "on_part_data": self._add,
                    "on_part_end": self._end_part,
                },
            )
        self.done = self._parser is None

    def feed(self, data: bytes, *, last: bool) -> None:
        """Read on. A malformed form has no fields."""
        if self._parser is None or self.done:
            return
        try:
            self._parser.write(data)
            if last and not self.done:
                self._parser.finalize()
        except FormParserError:
            self.done = True
        self.done = self.done or last

    def _begin(self) -> None:
        self._header.clear()
        self._seen.clear()

    def _add(self, data: bytes, start: int, end: int) -> None:
        if not self.done and len(self._seen) <= _MAX_VALUE:
            self._seen += data[start:end]

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        if len(self._header) <= _MAX_NAME:
            self._header += data[start:end]

    def _end_pair(self) -> None:
        if not self.done and unquote_plus(self._header.decode("latin-1")) == self._field:
            self._found(unquote_plus(self._seen.decode("latin-1")))

    def _end_header(self) -> None:
        if self._name is None:
            _, options = parse_options_header(bytes(self._header))
            if b"name" in options:
                self._name = options[b"name"].decode("latin-1")

    def _end_part(self) -> None:
        if not self.done and self._name == self._field:
            self._found(self._seen.decode("latin-1"))
        self.done = True

    def _found(self, value: str) -> None:
        self.value = value if len(value) <= _MAX_VALUE else None
        self.done = True

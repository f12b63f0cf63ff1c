"""The pieces of a `--where`: cut from the text, read as values of a type, written for Lance."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from scrubjay.core.errors import BadFilter

_KEYWORDS = frozenset(("AND", "OR", "NOT", "IN", "BETWEEN", "LIKE", "IS", "NULL", "TRUE", "FALSE"))
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")*"|`[^`]*`)
    | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<word>[^\W\d][\w]*(?:\.[^\W\d][\w]*)*)
    | (?P<mark><=|>=|<>|!=|==|[=<>(),])
    )""",
    re.VERBOSE,
)

Value: TypeAlias = str | int | float | bool | date | datetime


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression and where it begins."""

    kind: str
    text: str
    at: int


def tokens(expression: str) -> list[Token]:
    """Cut an expression into pieces.

    Raises:
        BadFilter: a character that belongs to nothing, or a quote that is not closed.
    """
    found: list[Token] = []
    at, end = 0, len(expression.rstrip())
    while at < end:
        match = _TOKEN.match(expression, at)
        if match is None or match.lastgroup is None:
            at += len(expression[at:]) - len(expression[at:].lstrip())
            what = "this quote is not closed" if expression[at] in "'\"`" else "not understood"
            raise BadFilter(f"{what}, at character {at + 1} of the filter: {expression[at:][:40]}")
        kind, text = match.lastgroup, match.group(match.lastgroup)
        if kind == "word" and text.upper() in _KEYWORDS:
            kind, text = "keyword", text.upper()
        found.append(Token(kind, text, match.start(match.lastgroup)))
        at = match.end()
    return found


def _text(token: Token) -> str | None:
    if token.kind != "text" or "\x00" in token.text:
        return None
    text = token.text[1:-1].replace("''", "'")
    return text if text.isascii() or _encodable(text) else None


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _number(token: Token) -> int | float | None:
    if token.kind != "number":
        return None
    if re.fullmatch(r"[+-]?\d+", token.text):
        # So many digits are more than any column holds, and slow to read.
        return int(token.text) if len(token.text) < 400 else float(token.text)
    return float(token.text)


def _real(token: Token) -> float | None:
    number = _number(token)
    return None if number is None or abs(number) > 1.7e308 else float(number)


def _integral(token: Token) -> int | float | None:
    number = _number(token)
    if isinstance(number, int):
        return number if abs(number) < 2**63 else None
    return _real(token)


def _bool(token: Token) -> bool | None:
    return {"TRUE": True, "FALSE": False}.get(token.text) if token.kind == "keyword" else None


def _date(token: Token) -> date | None:
    text = _text(token)
    if text is None or re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _moment(token: Token) -> datetime | None:
    text = _text(token)
    if text is None or re.match(r"\d{4}-\d\d-\d\d", text, re.ASCII) is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is None else None


READERS: Mapping[str, Callable[[Token], Value | None]] = {
    "int64": _integral,
    "float64": _real,
    "bool": _bool,
    "date32": _date,
    "timestamp": _moment,
    "string": _text,
    "list<string>": _text,
}
EXPECTED: Mapping[str, str] = {
    "int64": "a number of at most 63 bits",
    "float64": "a number",
    "bool": "true or false",
    "date32": "a date such as '2026-11-30'",
    "timestamp": "a moment such as '2026-11-30 12:00:00' (UTC)",
    "string": "text in single quotes",
    "list<string>": "text in single quotes",
}


def written(value: Value) -> str:
    """A value as Lance's filters write it; what it holds cannot end it early."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"timestamp '{value.isoformat(sep=' ', timespec='microseconds')}'"
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)

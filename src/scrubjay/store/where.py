"""`--where`: a small SQL-like language, checked against the columns there are.

    where      = and { OR and }
    and        = not { AND not }
    not        = NOT not | ( where ) | test
    test       = column compare value | column [NOT] IN ( value , ... )
               | column [NOT] BETWEEN value AND value | column [NOT] LIKE 'pattern'
               | column IS [NOT] NULL | boolean column
    compare    = = | != | <> | < | <= | > | >=
    value      = 'text' | 12 | -1.5e3 | true | false | [DATE] '2026-11-30'
               | [TIMESTAMP] '2026-11-30 12:00:00'

A test on a list column (`tag = 'x'`, `tags IN ('x', 'y')`) asks whether the value is in the list.
A test on an attribute an item does not have is neither true nor false, as in SQL; only
`IS [NOT] NULL` sees the difference. `attributes.kind` means an attribute that is called like a
field of the item. Only what was understood is written out again, so that nothing a person types
reaches the store as it stands.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from scrubjay.core.errors import BadFilter
from scrubjay.store.where_tokens import EXPECTED, READERS, Token, Value, tokens, written

MAX_LENGTH = 20_000
MAX_DEPTH = 12
"""Parentheses and NOTs inside each other; the store's own parser stops soon after."""
OPERATORS = {
    "=": "=",
    "==": "=",
    "!=": "!=",
    "<>": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column a filter may name.

    Attributes:
        stored: its name in the store; holds no backtick.
        type: one of int64, float64, bool, date32, timestamp, string, list<string>.
    """

    stored: str
    type: str


def compile_where(expression: str, columns: Mapping[str, Column]) -> str:
    """Check an expression and write it as a Lance filter.

    Args:
        columns: the names an expression may use.

    Raises:
        BadFilter: it does not parse, names no column, or compares with a value of another type.
    """
    if len(expression) > MAX_LENGTH:
        raise BadFilter(
            f"the filter has {len(expression)} characters; at most {MAX_LENGTH} are read"
        )
    return _Reader(expression, columns).whole()


class _Reader:
    """Recursive descent over one expression; every method returns a piece of the Lance filter."""

    def __init__(self, expression: str, columns: Mapping[str, Column]) -> None:
        self.expression = expression
        self.columns = columns
        self.tokens = tokens(expression)
        self.place = 0
        self.depth = 0

    def whole(self) -> str:
        if not self.tokens:
            raise BadFilter("the filter is empty; write a test, such as tag = 'beach'")
        filter_ = self.either()
        if self.place < len(self.tokens):
            raise self.wrong("expected AND, OR or the end")
        return filter_

    def either(self) -> str:
        return self.chain("OR", self.both)

    def both(self) -> str:
        return self.chain("AND", self.negated)

    def chain(self, word: str, part: Callable[[], str]) -> str:
        parts = [part()]
        while self.take(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else "(" + f" {word} ".join(parts) + ")"

    def negated(self) -> str:
        if not (self.peek("NOT") or self.peek("(")):
            return self.test()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.wrong(f"more than {MAX_DEPTH} parentheses and NOTs inside each other")
        if self.take("NOT"):
            inner = f"(NOT {self.negated()})"
        else:
            self.expect("(")
            inner = self.either()
            self.expect(")")
        self.depth -= 1
        return inner

    def test(self) -> str:
        column = self.column()
        token = self.peek_any()
        if token is not None and token.kind == "mark" and token.text in OPERATORS:
            self.place += 1
            return self.compared(column, OPERATORS[token.text])
        if self.take("IS"):
            present = self.take("NOT")
            self.expect("NULL")
            return f"(NOT {_missing(column)})" if present else _missing(column)
        if self.take("NOT"):
            return f"(NOT {self.worded(column)})"
        if column.type == "bool" and (token is None or token.text in {"AND", "OR", ")"}):
            return f"(`{column.stored}` = true)"
        return self.worded(column)

    def worded(self, column: Column) -> str:
        if self.take("IN"):
            self.expect("(")
            values = [self.value(column)]
            while self.take(","):
                values.append(self.value(column))
            self.expect(")")
            return "(" + " OR ".join(_test(column, "=", value) for value in values) + ")"
        if self.take("BETWEEN"):
            low = self.ordered(column, ">=")
            self.expect("AND")
            high = self.ordered(column, "<=")
            return f"({low} AND {high})"
        if self.take("LIKE"):
            return self.alike(column)
        raise self.wrong("expected a comparison, IN, BETWEEN, LIKE or IS")

    def compared(self, column: Column, operator: str) -> str:
        if operator in {"=", "!="}:
            return _test(column, operator, self.value(column))
        return self.ordered(column, operator)

    def ordered(self, column: Column, operator: str) -> str:
        if column.type in {"bool", "list<string>"}:
            raise self.wrong(f"a {column.type} column has no order; use = or IN", back=1)
        return _test(column, operator, self.value(column))

    def alike(self, column: Column) -> str:
        if column.type != "string":
            raise self.wrong(f"LIKE is for text, and this column is {column.type}", back=1)
        pattern = self.value(column)
        if re.fullmatch(r"(?:[^\\]|\\[\\%_])*", str(pattern), re.DOTALL) is None:
            raise self.wrong(r"in a pattern, \ stands before %, _ or \ only", back=1)
        return f"(`{column.stored}` LIKE {written(pattern)})"

    def column(self) -> Column:
        token = self.next()
        if token is None or token.kind not in {"word", "quoted"}:
            raise self.wrong("expected a column's name", back=token is not None)
        name = token.text if token.kind == "word" else _unquoted(token.text)
        column = self.columns.get(name) or self._regardless_of_case(name)
        if column is not None:
            return column
        near = difflib.get_close_matches(name, self.columns, n=3, cutoff=0.5)
        if near:
            hint = f"did you mean {' or '.join(near)}?"
        else:
            hint = f"columns: {', '.join(sorted(self.columns))}"
        if token.text.startswith('"'):
            hint += " (text goes in single quotes)"
        raise BadFilter(f"no column {name!r} to filter by; {hint}")

    def _regardless_of_case(self, name: str) -> Column | None:
        same = [one for one in self.columns if one.casefold() == name.casefold()]
        return self.columns[same[0]] if len(same) == 1 else None

    def value(self, column: Column) -> Value:
        token = self.next()
        if token is None:
            raise self.wrong("expected a value")
        # No keywords: a manifest's column may well be called `date`.
        if token.kind == "word" and token.text.upper() in {"DATE", "TIMESTAMP"}:
            if column.type not in {"date32", "timestamp"}:
                raise self.wrong(f"this column is {column.type}, not a date", back=1)
            token = self.next()
            if token is None or token.kind != "text":
                raise self.wrong("expected a date in single quotes", back=token is not None)
        read = READERS[column.type](token)
        if read is None:
            quoting = "; text goes in single quotes" if token.kind in {"word", "quoted"} else ""
            raise self.wrong(f"expected {EXPECTED[column.type]}{quoting}", back=1)
        return read

    def peek_any(self) -> Token | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def peek(self, text: str) -> bool:
        token = self.peek_any()
        return token is not None and token.kind in {"keyword", "mark"} and token.text == text

    def take(self, text: str) -> bool:
        taken = self.peek(text)
        self.place += taken
        return taken

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise self.wrong(f"expected {text}")

    def next(self) -> Token | None:
        token = self.peek_any()
        self.place += token is not None
        return token

    def wrong(self, why: str, *, back: int = 0) -> BadFilter:
        place = self.place - back
        if place < len(self.tokens):
            at = self.tokens[place].at
            where = f"at character {at + 1}: {self.expression[at:][:40]}"
        else:
            where = "at the end"
        return BadFilter(f"the filter is not understood {where}; {why}")


def _unquoted(text: str) -> str:
    return text[1:-1].replace('""', '"') if text[0] == '"' else text[1:-1]


def _test(column: Column, operator: str, value: Value) -> str:
    if column.type == "list<string>":
        member = f"array_has(`{column.stored}`, {written(value)})"
        return member if operator == "=" else f"(NOT {member})"
    stored = f"`{column.stored}`"
    if column.type == "int64" and isinstance(value, float):
        stored = f"CAST({stored} AS double)"
    return f"({stored} {operator} {written(value)})"


def _missing(column: Column) -> str:
    stored = f"`{column.stored}`"
    if column.type == "list<string>":
        return f"({stored} IS NULL OR array_length({stored}) = 0)"
    return f"({stored} IS NULL)"


def known_columns(
    fields: Mapping[str, Column],
    attributes: Mapping[str, Column],
    aliases: Sequence[tuple[str, str]],
) -> dict[str, Column]:
    """Names for a filter: fields first, then attributes, which `attributes.NAME` always reaches.

    Args:
        aliases: (another name, the field it means).
    """
    columns = {f"attributes.{name}": column for name, column in attributes.items()}
    columns.update(attributes)
    columns.update(fields)
    columns.update({other: fields[name] for other, name in aliases})
    return columns

"""Numbers as labels print them and readers of text misread them.

`1,5` and `1.5`, `1,500` and `1 500`, `1/2`, `1 1/2`, `1½`, `5OO` for 500 and `l2` for 12.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 12
"""Characters of the longest number that measures something; longer ones are serial numbers."""

_ALIKE: Final = str.maketrans(
    {
        **dict.fromkeys("’‘′´`ʹ", "'"),  # noqa: RUF001
        **dict.fromkeys("“”″ˮ〃", '"'),
        **dict.fromkeys("×✕✖хХ", "x"),  # noqa: RUF001
        **dict.fromkeys("–—−‒～", "-"),  # noqa: RUF001
        **dict.fromkeys("，٫", ","),  # noqa: RUF001
        **dict.fromkeys("．·", "."),  # noqa: RUF001
        "⁄": "/",  # noqa: RUF001
        "／": "/",  # noqa: RUF001
        "（": "(",  # noqa: RUF001
        "）": ")",  # noqa: RUF001
        "：": ":",  # noqa: RUF001
        "µ": "μ",
        "\N{NO-BREAK SPACE}": " ",
        "\N{NARROW NO-BREAK SPACE}": " ",
        "\N{THIN SPACE}": " ",
        "\t": " ",
    }
)
_ZERO: Final = re.compile(
    r"(?<=\d)[oO](?=[\dOo.,]|\b|\s?(?!(?:zs?|nz|ns)\b)[a-zA-Z]{1,3}\b)"  # but for ounces
    r"|(?<![A-Za-z])[oO](?=[.,]\d)"
)
_ONE: Final = re.compile(r"(?<![A-Za-z0-9])[lI|](?=\d)|(?<=\d)[I|](?=[\d.,]|\s?[a-zA-Z]{1,3}\b)")

_VULGAR: Final = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3, "⅛": 0.125, "⅜": 0.375,
                  "⅝": 0.625, "⅞": 0.875}  # fmt: skip
_DENOMINATORS: Final = frozenset({2, 3, 4, 5, 6, 8, 10, 16, 32, 64})
_NUMBER: Final = re.compile(
    r"""(?<![\d.,])(?<!\d/)(?<![A-Z]-)(?<![A-Z]\d-)(?:
    (?P<whole>\d{1,4})[ -]{1,2}(?P<over>\d{1,2})/(?P<under>\d{1,2})(?![\d/])
    |(?P<over2>\d{1,2})/(?P<under2>\d{1,2})(?![\d/])
    |(?P<before>\d{1,4})?[ ]?(?P<vulgar>[½¼¾⅓⅔⅛⅜⅝⅞])
    |(?P<grouped>[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?|[1-9]\d{0,2}(?:\.\d{3}){2,}(?:,\d+)?)(?![\d,])
    |(?P<spaced>[1-9]\d{0,2}(?:[ ]\d{3})+)(?![\d.,])
    |(?P<plain>\d+(?:[.,]\d+)?|[.,]\d+)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number, and where it stands in the text."""

    value: float
    start: int
    end: int


def repaired(text: str) -> str:
    """The text with look-alikes in numbers put right, each character for one: `5OO g`, `l2 V`."""
    plain = text.translate(_ALIKE)
    before = ""
    while before != plain:
        before = plain
        plain = _ONE.sub("1", _ZERO.sub("0", plain))
    return plain


def numbers(text: str) -> Iterator[Number]:
    """Every number of a repaired text, from the left; serial numbers are left out."""
    at = 0
    while (match := _NUMBER.search(text, at)) is not None:
        value, end = _valued(match)
        at = end
        if value is not None and end - match.start() <= LONGEST:
            yield Number(value, match.start(), end)


def _valued(match: re.Match[str]) -> tuple[float | None, int]:
    """The value, and where the number ends: a fraction that is none ends before its slash."""
    told = match.groupdict()
    if told["whole"] is not None:
        part = _fraction(told["over"], told["under"])
        if part is None:
            return float(told["whole"]), match.end("whole")
        return int(told["whole"]) + part, match.end()
    if told["over2"] is not None:
        part = _fraction(told["over2"], told["under2"])
        if part is None:
            return float(told["over2"]), match.end("over2")
        return part, match.end()
    if told["vulgar"] is not None:
        return int(told["before"] or 0) + _VULGAR[told["vulgar"]], match.end()
    if told["grouped"] is not None:
        return _grouped(told["grouped"]), match.end()
    if told["spaced"] is not None:
        return float(told["spaced"].replace(" ", "")), match.end()
    return float(told["plain"].replace(",", ".")), match.end()


def _grouped(text: str) -> float:
    if text.count(".") > 1:
        return float(text.replace(".", "").replace(",", "."))
    return float(text.replace(",", ""))


def _fraction(over: str, under: str) -> float | None:
    top, bottom = int(over), int(under)
    return top / bottom if bottom in _DENOMINATORS and 0 < top < bottom else None

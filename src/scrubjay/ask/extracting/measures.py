"""Measures in a line of text: a number with its unit, ranges, sizes of several axes, multiples."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from scrubjay.ask.extracting.numbers import Number, numbers, repaired
from scrubjay.ask.extracting.units import (
    BY_NAME,
    KNOWN,
    Dimension,
    Unit,
    converted,
    tidy,
    unit_spelled,
)

MOST_PIECES: Final = 1000


@dataclass(frozen=True, slots=True)
class Measure:
    """A number with a unit.

    Attributes:
        start: of the number in its line.
        end: of the unit.
        high: upper end of a range, whose lower end is `value`; None: it is no range.
        count: pieces of `value` / `count` each, of which `value` is the sum.
        axis: `w`, `h`, `d` or `l`, as it is written beside it; None: it is not.
        place: of the number in a size of `of` numbers, from 0.
        aside: it stands in brackets.
        mended: a character of the number was put right.
        spelled: the unit as it stands there.
    """

    value: float
    unit: Unit
    start: int
    end: int
    high: float | None = None
    count: int = 1
    axis: str | None = None
    place: int = 0
    of: int = 1
    aside: bool = False
    mended: bool = False
    spelled: str = ""


@dataclass(frozen=True, slots=True)
class _Token:
    number: Number
    unit: Unit | None
    axis: str | None
    end: int
    spelled: str = ""


_AXES: Final = {"w": "w", "h": "h", "d": "d", "l": "l", "t": "h", "width": "w", "wide": "w",
                "height": "h", "high": "h", "tall": "h", "depth": "d", "deep": "d", "length": "l",
                "long": "l", "b": "w"}  # fmt: skip
_AXIS_WORD: Final = "width|wide|height|high|tall|depth|deep|length|long|[wWhHdDlLtTbB]"


def _spelling(text: str) -> str:
    return r"\.?\s?".join(re.escape(word) for word in text.split())


_UNIT: Final = re.compile(
    r"[ -]?(?P<unit>"
    + "|".join(_spelling(one) for one in sorted({*KNOWN, "mw"}, key=len, reverse=True))
    + r")(?=e\b|[^a-zA-Zμ²]|$)|(?P<mark>\s?''|\s?\"|')",
    re.IGNORECASE,
)
_AXIS: Final = re.compile(
    rf"\s*[(\[]?\s*(?P<axis>{_AXIS_WORD})\s*[)\]]?(?=[xX]\s*[\dwWhHdDlL]|[^a-zA-Z]|$)"
)
_AXIS_BEFORE: Final = re.compile(
    rf"(?<![a-wyzA-WYZ])(?<![a-zA-Z][xX])(?P<axis>{_AXIS_WORD})\s*[:=.]?\s*$"
)
_TIMES: Final = re.compile(r"\s*(?:[xX*]|by)\s*")
_TIMES_AXIS: Final = re.compile(rf"\s*(?:[xX*]|by)\s*(?:(?P<axis>{_AXIS_WORD})\s*[:=]?\s*)?$")
_RANGE: Final = re.compile(r"\s?(?:-|~|to|bis)\s?")
_AND_INCHES: Final = re.compile(r"\s?(?:-|,|and)?\s?")
_ORDER: Final = re.compile(
    r"(?<![a-z])([lwhdb])\s*[x*/]\s*([lwhdb])(?:\s*[x*/]\s*([lwhdb]))?(?![a-z])", re.IGNORECASE
)
_BRACKETED: Final = re.compile(
    r"(?:[(\[]|/\s?|,\s|\bin\s)\s*([a-zA-Zμ][a-zA-Zμ. 3³]{0,11})[)\]]?\s*[:.]?\s*$"
)
_NO_INCHES: Final = re.compile(
    r"\s*-?\s*(?:1\b|one\b|a\b|the\b|stock|box|pack|total)", re.IGNORECASE
)


def measures(line: str, label: str = "") -> list[Measure]:
    """Every measure of a line, from the left.

    Args:
        line: as it was read.
        label: text that stands before or above it: its unit and order of axes count, too.
    """
    text = repaired(line)
    tokens = _tokens(text, repaired(label))
    found: list[Measure] = []
    at = 0
    while at < len(tokens):
        group = _size(text, tokens, at) or _range(text, tokens, at) or _mixed(text, tokens, at)
        if group is None:
            group = _single(tokens[at]), 1
        found += group[0]
        at += group[1]
    order = _ORDER.search(text) or _ORDER.search(repaired(label))
    axes = [one.lower() for one in order.groups() if one] if order else []
    return [_finished(one, text, line, axes) for one in found]


def _finished(one: Measure, text: str, line: str, axes: Sequence[str]) -> Measure:
    mended = any(
        is_now.isdigit() and was != is_now
        for was, is_now in zip(line[one.start : one.end], text[one.start : one.end], strict=True)
    )
    opened = text.rfind("(", 0, one.start) > text.rfind(")", 0, one.start)
    axis = one.axis
    if axis is None and one.of > 1 and one.of == len(axes):
        axis = _AXES[axes[one.place]]
    return replace(one, axis=axis, mended=mended, aside=opened)


def _tokens(text: str, label: str) -> list[_Token]:
    tokens: list[_Token] = []
    for number in numbers(text):
        if not tokens or number.start >= tokens[-1].end:  # else it is the 3 of `ft3`
            tokens.append(_token(text, number, inside=_inside(text, number, tokens)))
    if tokens and all(one.unit is None for one in tokens):
        before = text[: tokens[0].number.start]
        unit = _bracketed(before) or (_bracketed(label) if not before.strip() else None)
        if unit is not None:
            tokens = [replace(one, unit=unit) for one in tokens]
    return tokens


def _inside(text: str, number: Number, before: Sequence[_Token]) -> bool:
    """Whether a number follows another as in `3 x 4`."""
    return bool(before) and _TIMES_AXIS.fullmatch(text, before[-1].end, number.start) is not None


def _token(text: str, number: Number, *, inside: bool) -> _Token:
    start = number.start
    axis = None
    before = _AXIS_BEFORE.search(text, 0, start)
    if before:
        axis = _AXES[before["axis"].lower()]
    end = number.end
    unit, spelled = None, ""
    match = _UNIT.match(text, end)
    tagged = _AXIS.match(text, end)
    if tagged is not None and (inside or _times_soon(text, end)):
        # `30W x 20D`: an axis, unless a unit is spelled there that is longer.
        longer = match is not None and len((match["unit"] or "").strip()) > 1
        if not longer:
            axis, end = _AXES[tagged["axis"].lower()], tagged.end()
            match = _UNIT.match(text, end)
    if match is not None:
        unit, spelled = _unit(match, text)
        if unit is not None:
            end = match.end()
    tagged = _AXIS.match(text, end) if unit is not None and axis is None else None
    if tagged is not None and unit is not None and unit.dimension is Dimension.LENGTH:
        axis, end = _AXES[tagged["axis"].lower()], tagged.end()
    return _Token(number, unit, axis, end, spelled)


def _unit(match: re.Match[str], text: str) -> tuple[Unit | None, str]:
    if match["mark"] is not None:
        return BY_NAME["foot" if match["mark"].strip() == "'" else "inch"], match["mark"].strip()
    spelled = match["unit"]
    if spelled == "in" and _NO_INCHES.match(text, match.end()):
        return None, ""
    return unit_spelled(spelled), spelled


def _times_soon(text: str, at: int) -> bool:
    """Whether `x` follows the axis that stands here."""
    tagged = _AXIS.match(text, at)
    if tagged is None:
        return False
    unit = _UNIT.match(text, tagged.end())
    return _TIMES.match(text, unit.end() if unit else tagged.end()) is not None


def _bracketed(text: str) -> Unit | None:
    match = _BRACKETED.search(text)
    return unit_spelled(match[1].strip()) if match else None


def _size(text: str, tokens: Sequence[_Token], at: int) -> tuple[list[Measure], int] | None:
    """`3 x 4 x 5 in`, or `6 x 330 ml`."""
    group = [tokens[at]]
    while at + len(group) < len(tokens) and len(group) < 4:
        following = tokens[at + len(group)]
        between = _TIMES_AXIS.fullmatch(text, group[-1].end, following.number.start)
        if between is None:
            break
        group.append(following)
    if len(group) < 2:
        return None
    unit, spelled = None, ""
    units: list[tuple[Unit | None, str]] = []
    for one in reversed(group):
        if one.unit is not None:
            unit, spelled = one.unit, one.spelled
        units.append((unit, spelled))
    units.reverse()
    last, last_spelled = next(((u, s) for u, s in reversed(units) if u is not None), (None, ""))
    if last is None:
        return [], len(group)
    if last.dimension is not Dimension.LENGTH:
        return _pieces(group, last, last_spelled), len(group)
    axes = [one.axis for one in group]
    return [
        Measure(
            one.number.value,
            units[place][0] or last,
            one.number.start,
            one.end,
            axis=axes[place],
            place=place,
            of=len(group),
            spelled=units[place][1] or last_spelled,
        )
        for place, one in enumerate(group)
    ], len(group)


def _pieces(group: Sequence[_Token], unit: Unit, spelled: str) -> list[Measure]:
    each, count = group[-1], 1.0
    if each.unit is None:
        # `330 ml x 6`: the count comes last.
        each, rest = group[0], group[1:]
    else:
        rest = group[:-1]
    for one in rest:
        count *= one.number.value
    if count != int(count) or not 1 <= count <= MOST_PIECES or any(one.unit for one in rest):
        return _single(each)
    start = min(one.number.start for one in group)
    end = max(one.end for one in group)
    return [
        Measure(
            tidy(each.number.value * count), unit, start, end, count=int(count), spelled=spelled
        )
    ]


def _range(text: str, tokens: Sequence[_Token], at: int) -> tuple[list[Measure], int] | None:
    """`100-240 V`, `5 kg to 10 kg`."""
    if at + 1 >= len(tokens):
        return None
    low, high = tokens[at], tokens[at + 1]
    unit = high.unit
    same = unit is not None and low.unit in {None, unit}
    joined = _RANGE.fullmatch(text, low.end, high.number.start) is not None
    if unit is None or not same or not joined or low.number.value >= high.number.value:
        return None
    return [
        Measure(
            low.number.value,
            unit,
            low.number.start,
            high.end,
            high=high.number.value,
            axis=high.axis or low.axis,
            spelled=high.spelled,
        )
    ], 2


def _mixed(text: str, tokens: Sequence[_Token], at: int) -> tuple[list[Measure], int] | None:
    """`5'6"`, `5 ft 6 in` as inches; `2 lb 3 oz` as pounds."""
    if at + 1 >= len(tokens):
        return None
    large, small = tokens[at], tokens[at + 1]
    if large.unit is None or small.unit is None:
        return None
    kinds = {("foot", "inch"): "inch", ("pound", "ounce"): "ounce"}
    name = kinds.get((large.unit.name, small.unit.name))
    joined = _AND_INCHES.fullmatch(text, large.end, small.number.start) is not None
    least = 12 if name == "inch" else 16
    if name is None or not joined or small.number.value >= least:
        return None
    unit = BY_NAME[name]
    value = converted(large.number.value, large.unit, unit) + small.number.value
    return [
        Measure(
            tidy(value), unit, large.number.start, small.end, axis=small.axis, spelled=small.spelled
        )
    ], 2


def _single(token: _Token) -> list[Measure]:
    if token.unit is None:
        return []
    return [
        Measure(
            token.number.value,
            token.unit,
            token.number.start,
            token.end,
            axis=token.axis,
            spelled=token.spelled,
        )
    ]

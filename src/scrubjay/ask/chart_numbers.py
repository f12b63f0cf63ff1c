"""Numbers as charts write them, and an axis through some of them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

LEAST_TICKS: Final = 3
"""Two labels lie on some straight line always."""

OFF: Final = 0.35
"""How far a label may lie from its place, in heights of the label."""

_SCALES: Final = {"k": 1e3, "m": 1e6, "mio": 1e6, "bn": 1e9, "b": 1e9}
_MINUS: Final = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2014": "-", "\u2012": "-"})
_DIGITS: Final = str.maketrans({"O": "0", "o": "0"})
_NUMBER: Final = re.compile(
    r"(?P<sign>-?)\s*(?P<before>[$€£¥]?)\s*(?P<sign2>-?)"
    r"(?P<digits>\d+(?:[.,'\u2019\s]\d+)*|[.,]\d+)\s*(?P<after>%|[€$£¥]|[kKmM]|bn|Bn|B|Mio)?[.,]?"
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number that was read; `unit` is as it stands beside it, such as `%` or `$`."""

    value: float
    unit: str


def number(text: str, *, decimal: str = ".") -> Number | None:
    """The number that a label is; None for any other text.

    Args:
        decimal: `.` or `,`; the other one parts thousands.
    """
    # A tick beside its label is read as a dash.
    plain = " ".join(text.translate(_MINUS).split()).rstrip("-_ ")
    # Readers take a dollar for an S, and a nought for an O.
    plain = re.sub(r"^(-?)S(?=[\dOo.,]+$)", r"\1$", plain)
    if re.fullmatch(r"[\dOo.,\s%$€£¥'\u2019kKmM+-]+", plain) and re.search(r"[\d$]", plain):
        plain = plain.translate(_DIGITS)
    found = _NUMBER.fullmatch(plain.removeprefix("+"))
    if found is None:
        return None
    digits = _value(found["digits"], decimal)
    if digits is None:
        return None
    after = found["after"] or ""
    scale = _SCALES.get(after.lower(), 1.0)
    sign = -1.0 if found["sign"] or found["sign2"] else 1.0
    return Number(sign * digits * scale, found["before"] or ("" if scale > 1 else after))


def _value(digits: str, decimal: str) -> float | None:
    """Digits with separators as a number; None where the separators do not stand as they must."""
    whole, point, rest = digits.partition(decimal)
    if point and not rest.isdigit():
        return None
    parts = re.split(r"[.,'\u2019\s]", whole)
    if len(parts) > 1 and (
        not re.fullmatch(r"[1-9]\d{0,2}", parts[0]) or any(len(one) != 3 for one in parts[1:])
    ):
        return None
    return float(f"{''.join(parts) or '0'}.{rest or '0'}")


@dataclass(frozen=True, slots=True)
class Label:
    """A label that may be a tick's: where it stands along the axis, and beside it.

    Attributes:
        along: its middle along the axis, in pixels.
        near: its edge on either side, and its middle, across the axis.
        height: of its text in pixels.
    """

    text: str
    along: float
    near: tuple[float, float, float]
    height: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Axis:
    """A straight line through labels: `value = slope * pixel + offset`."""

    slope: float
    offset: float
    labels: tuple[Label, ...]
    values: tuple[float, ...]
    unit: str
    worst: float

    def value(self, pixel: float) -> float:
        """What stands at a pixel."""
        return self.slope * pixel + self.offset

    def pixel(self, value: float) -> float:
        """Where a value stands."""
        return (value - self.offset) / self.slope

    @property
    def span(self) -> float:
        """From the lowest to the highest label."""
        return max(self.values) - min(self.values)


def axis_through(labels: Sequence[Label], *, rising: bool) -> Axis | None:
    """The axis that most labels stand along, at even steps for even differences.

    Args:
        rising: whether values rise with pixels; they fall down a picture.
    """
    best: Axis | None = None
    for decimal in (".", ","):
        read = [(label, number(label.text, decimal=decimal)) for label in labels]
        known = [(label, told) for label, told in read if told is not None]
        for (one, first), (other, second) in itertools.combinations(known, 2):
            apart = other.along - one.along
            if abs(apart) < max(one.height, other.height) or first.value == second.value:
                continue
            slope = (second.value - first.value) / apart
            if (slope > 0) is not rising or not _beside(one, other):
                continue
            found = _fitted(known, one, slope, first.value - slope * one.along)
            if found is not None and (best is None or _better(found, best)):
                best = found
    return best


def _better(axis: Axis, other: Axis) -> bool:
    return _worth(axis) > _worth(other)


def _worth(axis: Axis) -> tuple[bool, int, float]:
    """Thousands rather than three decimals; then more labels; then the straighter line.

    All labels of an axis have as many decimals: others were cut off, or parted thousands.
    """
    parted = [re.search(r"[.,](\d+)\D*$", label.text) for label in axis.labels]
    decimals = {len(one[1]) for one in parted if one}
    even = len(decimals) < 2 and (decimals != {3} or max(map(abs, axis.values)) < 1)
    return (even or not _fraction(axis), len(axis.labels), -axis.worst)


def _fraction(axis: Axis) -> bool:
    """Whether the labels' last separator was taken for a decimal one."""
    return any(
        len(re.sub(r"\D", "", label.text)) > len(f"{abs(value):.0f}")
        for label, value in zip(axis.labels, axis.values, strict=True)
    )


def _fitted(
    known: Sequence[tuple[Label, Number]], one: Label, slope: float, offset: float
) -> Axis | None:
    on = [
        (label, told)
        for label, told in known
        if abs((told.value - offset) / slope - label.along) <= max(2.0, OFF * label.height)
        and _beside(one, label)
    ]
    if len({told.value for _, told in on}) < LEAST_TICKS or len(on) != len(
        {round(label.along) for label, _ in on}
    ):
        return None
    places = np.array([label.along for label, _ in on])
    values = np.array([told.value for _, told in on])
    slope, offset = (float(one) for one in np.polyfit(places, values, 1))
    order = np.argsort(values)
    units = {told.unit for _, told in on if told.value or told.unit}
    return Axis(
        slope=slope,
        offset=offset,
        labels=tuple(on[at][0] for at in order),
        values=tuple(float(values[at]) for at in order),
        unit=units.pop() if len(units) == 1 else "",
        worst=float(np.abs(slope * places + offset - values).max() / np.ptp(values)),
    )


def _beside(one: Label, other: Label) -> bool:
    """Whether two labels are set flush, at either side or in the middle."""
    most = 0.6 * max(one.height, other.height)
    return any(abs(a - b) <= most for a, b in zip(one.near, other.near, strict=True))

"""Figures, times and kinds as people read them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from scrubjay.core.types import Kind

KINDS: Final[Mapping[Kind, tuple[str, str]]] = {
    Kind.IMAGE: ("Picture", "Pictures"),
    Kind.SPEECH: ("Recording", "Recordings"),
    Kind.VIDEO: ("Video", "Videos"),
    Kind.TEXT: ("Text", "Texts"),
}
MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
UNITS: Final = ("bytes", "kB", "MB", "GB", "TB")


def kind_name(kind: str) -> str:
    """`Picture` for `image`."""
    return KINDS[Kind(kind)][0]


def kinds_name(kind: str) -> str:
    """`Pictures` for `image`."""
    return KINDS[Kind(kind)][1]


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def month_name(month: str) -> str:
    """`November 2026` for `2026-11`; what is no month stays as it is."""
    match = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", month, re.ASCII)
    return f"{MONTHS[int(match[2]) - 1]} {match[1]}" if match else month


def short_month(month: str) -> str:
    """`Nov 26` for `2026-11`."""
    name, _, year = month_name(month).partition(" ")
    return f"{name[:3]} {year[2:]}" if year else month


def number(value: int | None) -> str:
    """With thousands apart."""
    return "-" if value is None else f"{value:,}"


def percent(value: float | None) -> str:
    """A share in percent."""
    return "-" if value is None else f"{100 * value:.1f}%"


def size(count: int) -> str:
    """Bytes in the largest unit that leaves at least one of it."""
    value, unit = float(count), 0
    while value >= 1000 and unit < len(UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{count} bytes" if unit == 0 else f"{value:.3g} {UNITS[unit]}"


def clock(seconds: float) -> str:
    """`1:02:03`, `2:03` or `0:03`."""
    whole = max(0, round(seconds))
    hours, minutes, left = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def span(seconds: float) -> str:
    """How long something took: `under 1 s`, `12 s`, `3 min`, `2 h 5 min`."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def day(when: datetime) -> str:
    """`21 November 2026`."""
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def moment(when: datetime) -> str:
    """`21 November 2026, 11:25 UTC`; the zone only where one is known."""
    zone = f" {when.tzname()}" if when.tzinfo else ""
    return f"{day(when)}, {when:%H:%M}{zone}"


def plainly(value: Any) -> str:  # noqa: ANN401 - an attribute's value
    """An attribute as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return f"{value.day} {MONTHS[value.month - 1]} {value.year}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def sentence(text: str) -> str:
    """A message with a capital and an end; a name at its beginning keeps its letters."""
    begins = text[:1].upper() + text[1:] if re.match(r"[a-z]+ ", text) else text
    return begins if begins.endswith((".", "!", "?")) else f"{begins}."

"""Months as lines in a drawing: where everything stands, for a template to write down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scrubjay.web.pages.words import month_name, percent, short_month

WIDTH, HEIGHT = 760, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 744, 12, 260
LABELS = 12
"""Months named below the drawing at most."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One figure; `served`: its version became champion."""

    x: float
    y: float
    served: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One figure over the months.

    Attributes:
        name: how the style sheet calls it.
        label: what it is, in words.
        pieces: SVG paths; a month without the figure parts them.
    """

    name: str
    label: str
    pieces: tuple[str, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A label and where it stands."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Everything a drawing needs.

    Attributes:
        told: what it shows, in a sentence for those who do not see it.
        found_among: how many first answers were looked at.
    """

    lines: tuple[Line, ...]
    ticks: tuple[Tick, ...]
    months: tuple[Tick, ...]
    told: str
    found_among: int
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    bottom: int = BOTTOM


Row = Mapping[str, Any]
"""One month as `services.month_history` gives it."""

_LINES: tuple[tuple[str, str, Callable[[Row], float | None]], ...] = (
    ("before", "this month, what answered before", lambda row: _share(row, "held_out", "champion")),
    ("after", "this month, the new model", lambda row: _share(row, "held_out", "challenger")),
    ("earlier", "earlier months, the new model", lambda row: _share(row, "earlier", "challenger")),
)


def plot_of(rows: Sequence[Row], *, found_among: int) -> Plot | None:
    """Draw the months that have a figure; None when none has.

    Args:
        rows: the oldest first.
        found_among: how many first answers were looked at.
    """
    measured = [row for row in rows if any(get(row) is not None for _, _, get in _LINES)]
    if not measured:
        return None
    places = _spread(len(measured))
    lines = tuple(
        _line(name, label, [get(row) for row in measured], places, measured)
        for name, label, get in _LINES
        if any(get(row) is not None for row in measured)
    )
    every = -(-len(measured) // LABELS)
    months = tuple(
        Tick(x, short_month(row["month"]))
        for at, (x, row) in enumerate(zip(places, measured, strict=True))
        if at % every == 0
    )
    ticks = tuple(Tick(_height(part / 4), f"{25 * part}%") for part in range(5))
    return Plot(lines, ticks, months, _told(measured), found_among)


def _line(
    name: str,
    label: str,
    values: Sequence[float | None],
    places: Sequence[float],
    rows: Sequence[Row],
) -> Line:
    pieces: list[list[str]] = [[]]
    marks = []
    for value, x, row in zip(values, places, rows, strict=True):
        if value is None:
            pieces.append([])
            continue
        y = _height(value)
        pieces[-1].append(f"{x:g} {y:g}")
        marks.append(Mark(x, y, row["status"] == "promoted"))
    paths = tuple("M" + " L".join(piece) for piece in pieces if len(piece) > 1)
    return Line(name, label, paths, tuple(marks))


def _spread(count: int) -> list[float]:
    """Columns in the middle of equal parts of the width."""
    step = (RIGHT - LEFT) / count
    return [round(LEFT + step * (at + 0.5), 1) for at in range(count)]


def _height(share: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * min(1.0, max(0.0, share)), 1)


def _share(row: Row, part: str, who: str) -> float | None:
    figures = row.get(part)
    return None if not figures else figures.get(who)


def _told(rows: Sequence[Row]) -> str:
    last = rows[-1]
    before, after = (_share(last, "held_out", who) for who in ("champion", "challenger"))
    change = f"from {percent(before)} to {percent(after)}" if before is not None else percent(after)
    count = "One month" if len(rows) == 1 else f"{len(rows)} months"
    return (
        f"{count} up to {month_name(last['month'])}. In the last one the share of right answers "
        f"went {change}, and the new model was {last['status']}. The table has every figure."
    )

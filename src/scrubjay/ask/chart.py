"""A chart as a table: what its axes say, its series, and their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of a chart.

    Attributes:
        name: as the legend says; empty: there is none.
        values: one for each category, in their order; None: it could not be told.
    """

    name: str
    values: tuple[float | None, ...]

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {"name": self.name, "values": list(self.values)}


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart says.

    Attributes:
        kind: `bar`, `horizontal bar`, or what the model calls it.
        title: empty: none was found; so are the labels.
        x_label: of the horizontal axis.
        y_label: of the vertical axis.
        categories: what is compared, in reading order.
        ticks: the labels of the value axis, lowest first; empty: not known.
        unit: of the values as the axis writes it, such as `%`; empty: none.
        confidence: chance in [0, 1] that it is told right; None: not said.
        how: `model`, or `geometry` when text and bars were measured.
        notes: what somebody should know of it.
    """

    kind: str
    title: str
    x_label: str
    y_label: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    ticks: tuple[str, ...] = ()
    unit: str = ""
    confidence: float | None = None
    how: str = "geometry"
    notes: tuple[str, ...] = ()

    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The table: a row of names, then one for each category; an unknown value is empty."""
        label = self.y_label if self.kind == "horizontal bar" else self.x_label
        measured = self.x_label if self.kind == "horizontal bar" else self.y_label
        head = (label, *(one.name or measured or "value" for one in self.series))
        body = (
            (name, *(_written(one.values[at], self.unit) for one in self.series))
            for at, name in enumerate(self.categories)
        )
        return (head, *body)

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "kind": self.kind,
            "title": self.title,
            "x_label": self.x_label,
            "y_label": self.y_label,
            "categories": list(self.categories),
            "series": [one.to_json() for one in self.series],
            "ticks": list(self.ticks),
            "unit": self.unit,
            "confidence": None if self.confidence is None else round(self.confidence, 4),
            "how": self.how,
            "notes": list(self.notes),
            "rows": [list(row) for row in self.rows()],
        }


def _written(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{value:.6g}{unit}" if abs(value) < 1e6 else f"{value:.0f}{unit}"

"""The chart on a page: told by a model that can be instructed, else measured."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from scrubjay.ask.chart import Chart
from scrubjay.ask.chart_geometry import measured
from scrubjay.ask.chart_model import Nonsense, ask_for_chart
from scrubjay.core.protocols import TextReader, VisionLanguage
from scrubjay.core.reading import Reading
from scrubjay.core.types import Picture

SEEN: Final = 0.5
"""Share of the names a model tells that must be read in the picture, or it is said."""


@dataclass(frozen=True, slots=True)
class Told:
    """A chart, or none, with what somebody should know of it, and what told it."""

    chart: Chart | None
    by: str
    notes: tuple[str, ...] = ()


def chart_of(
    picture: Picture, reading: Reading, vlm: VisionLanguage | None, ocr: TextReader
) -> Told:
    """The chart that a picture shows.

    Args:
        reading: what is written in it.
        vlm: asked first where it follows instructions; what it tells is held against `reading`.
        ocr: reads labels again that were run together.

    Raises:
        MissingExtra: what measures a chart is not installed.
    """
    notes: list[str] = []
    if vlm is not None and vlm.spec.instructed:
        by = f"{vlm.spec.family} {vlm.spec.name}"
        try:
            chart = ask_for_chart(picture, vlm)
        except Nonsense as error:
            notes.append(f"the table {vlm.spec.name} told cannot be used: {error}; it was measured")
        else:
            if chart is None:
                return Told(None, by, (f"no chart is seen in it by {vlm.spec.name}",))
            return Told(_held_against(chart, reading), by)
    found = measured(picture, reading, ocr)
    if found.chart is None:
        notes.append(f"no bar chart that can be measured: {found.why}")
    return Told(found.chart, "geometry", tuple(notes))


def _held_against(chart: Chart, reading: Reading) -> Chart:
    """The chart, with a note where few of its names are written in the picture."""
    written = _plain(reading.text)
    names = [*chart.categories, *(one.name for one in chart.series)]
    known = [_plain(name) for name in names if _plain(name)]
    if not known or not written or sum(name in written for name in known) >= SEEN * len(known):
        return chart
    note = "few of its names were read in the picture; hold it against the chart"
    return replace(chart, notes=(*chart.notes, note))


def _plain(text: str) -> str:
    return re.sub(r"\W+", "", text.lower())

"""Reading pages: the text of each in reading order, and their charts as tables."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from scrubjay.ask.answer import Shown, Step
from scrubjay.ask.chart import Chart
from scrubjay.ask.charting import chart_of
from scrubjay.ask.pages import Page, read_page
from scrubjay.core.protocols import TextReader, VisionLanguage
from scrubjay.core.reading import Reading


@dataclass(frozen=True, slots=True)
class PageRead:
    """What is written on one page.

    Attributes:
        name: of the picture or file.
        number: of the page in it, from 1.
    """

    name: str
    number: int
    reading: Reading

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {"name": self.name, "page": self.number, **self.reading.to_json()}


@dataclass(frozen=True, slots=True)
class ChartRead:
    """A chart, and where it was found."""

    name: str
    number: int
    chart: Chart

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {"name": self.name, "page": self.number, **self.chart.to_json()}


@dataclass(frozen=True, slots=True)
class ReadOut:
    """What was read from some pages.

    Attributes:
        notes: what somebody should know, such as that a page shows no chart.
    """

    pages: tuple[PageRead, ...]
    charts: tuple[ChartRead, ...] = ()
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All text, a line a line, an empty line between pages."""
        return "\n\n".join(page.reading.text for page in self.pages if page.reading.text)

    def with_more(self, other: ReadOut) -> ReadOut:
        """Both, one after the other."""
        return ReadOut(
            pages=self.pages + other.pages,
            charts=self.charts + other.charts,
            steps=self.steps + other.steps,
            notes=self.notes + other.notes,
        )

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "text": self.text,
            "pages": [page.to_json() for page in self.pages],
            "charts": [chart.to_json() for chart in self.charts],
            "steps": [step.to_json() for step in self.steps],
            "notes": list(self.notes),
        }


def read_pages(
    pages: Iterable[Shown],
    *,
    ocr: TextReader,
    vlm: VisionLanguage | None = None,
    chart: bool = False,
    on_step: Callable[[Step], None] | None = None,
) -> ReadOut:
    """Read every page; with `chart`, also tell the chart each shows.

    Args:
        pages: pictures; a Page may bring its text with it.
        ocr: what reads the others.
        vlm: asked for a chart's table where it follows instructions; else the chart is measured.
        chart: whether charts are looked for.
        on_step: hears of each step as it ends.

    Raises:
        BadMedia: a page that is no picture.
    """
    read: list[PageRead] = []
    charts: list[ChartRead] = []
    notes: list[str] = []
    steps: list[Step] = []

    def stepped(name: str, began: float, by: str) -> None:
        steps.append(Step(name, time.perf_counter() - began, by))
        if on_step is not None:
            on_step(steps[-1])

    for shown in pages:
        number = shown.number if isinstance(shown, Page) else 1
        place = _place(shown)
        began = time.perf_counter()
        reading, note = read_page(shown, ocr)
        stepped("read", began, reading.reader)
        read.append(PageRead(shown.name, number, reading))
        notes += [f"{place}: {note}"] if note else []
        if chart:
            began = time.perf_counter()
            told = chart_of(shown.picture, reading, vlm, ocr)
            stepped("look", began, told.by)
            charts += [ChartRead(shown.name, number, told.chart)] if told.chart else []
            notes += [f"{place}: {one}" for one in told.notes]
    return ReadOut(tuple(read), tuple(charts), tuple(steps), tuple(notes))


def _place(shown: Shown) -> str:
    """A page's name for a note."""
    if isinstance(shown, Page) and shown.of > 1:
        return f"{shown.name}, page {shown.number}"
    return shown.name

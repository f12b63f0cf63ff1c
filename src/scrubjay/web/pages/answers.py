"""An answer as a page shows it: its words, how sure it is, and what it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scrubjay.ask.answer import Answer, Clue, Source, Step
from scrubjay.ask.writing import CITATION
from scrubjay.core.errors import (
    BadMedia,
    MissingExtra,
    ModelNotFound,
    NotReady,
    ScrubjayError,
    UnknownName,
)
from scrubjay.core.types import Kind
from scrubjay.web.batcher import Busy
from scrubjay.web.pages import words
from scrubjay.web.pages.finding import ProblemView
from scrubjay.web.pages.placing import UNSAID, sureness
from scrubjay.web.pages.questions import Look, What
from scrubjay.web.pages.sources import SourceView, source_view

if TYPE_CHECKING:
    from scrubjay.ask.chart import Chart
    from scrubjay.ask.reading import ReadOut

HEADINGS: Final[Mapping[What, str]] = {
    What.ASK: "Answer",
    What.DESCRIBE: "What the picture shows",
    What.READ: "What is written there",
    What.CHART: "What the chart says",
}
STEPS: Final[Mapping[str, str]] = {
    "listen": "Listening",
    "find": "Searching",
    "look": "Looking",
    "read": "Reading",
    "answer": "Answering",
    "speak": "Speaking",
}
PARTS: Final[Mapping[str, str]] = {
    "caption": "In one sentence",
    "objects": "People and things",
    "text": "Text in it",
    "uncertain": "What is uncertain",
}
"""Parts of a description that stand beside it; its summary is the answer itself."""

NO_TEXT: Final = "No text was found."
SPOKEN_NOW: Final = "Answered. It is spoken now."


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an answer's text; `cites` is the source it leads to."""

    text: str
    cites: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A chart as rows; the first names the columns."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    sure: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnswerView:
    """What stands below the form.

    Attributes:
        question: typed, or as it was heard; empty where a button asked.
        heard: whether it was spoken.
        told: False: it cannot be told, which is an answer like any other.
        pieces: the text, cut where it cites.
        sure: in words; empty: nothing is said.
        parts: further texts by name.
        steps: name, seconds and who took it.
        took: all of them, in words.
        speech: what is spoken of it.
        voice: where it can be heard; None: there is nothing to speak.
        speaks: whether it is heard without another press.
        said: the answer as a screen reader says it.
    """

    heading: str
    text: str
    told: bool
    language: str
    speech: str
    said: str
    question: str = ""
    heard: bool = False
    pieces: tuple[Piece, ...] = ()
    sure: str = ""
    sources: tuple[SourceView, ...] = ()
    tables: tuple[Table, ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    steps: tuple[tuple[str, str, str], ...] = ()
    took: str = ""
    voice: str | None = None
    speaks: bool = False

    @property
    def announced(self) -> str:
        """What a screen reader is told once it is there; it does not talk over the answer."""
        return SPOKEN_NOW if self.voice and self.speaks else self.said


def answer_view(
    answer: Answer, what: What, looks: Sequence[Look], *, heard: bool = False
) -> AnswerView:
    """An answer.

    Args:
        looks: the pictures that were handed over with the question, in their order: sources that
            are no items are numbered so.
        heard: whether the question was spoken.
    """
    numbers = {one.number for one in answer.sources}
    sure = sureness(answer.confidence) if answer.told else ""
    return AnswerView(
        heading=HEADINGS[what],
        text=answer.text,
        told=answer.told,
        language=answer.language,
        speech=CITATION.sub("", answer.text),
        said=_said(CITATION.sub("", answer.text), sure),
        question=answer.question if what is What.ASK else "",
        heard=heard,
        pieces=tuple(_pieces(answer.text, numbers)),
        sure=sure,
        sources=tuple(source_view(one, answer.clues, looks) for one in answer.sources),
        parts=tuple(_parts(answer)),
        notes=tuple(map(words.sentence, answer.notes)),
        steps=_steps(answer.steps),
        took=_took(answer.steps),
    )


def read_view(read: ReadOut, what: What, looks: Sequence[Look], *, language: str) -> AnswerView:
    """What was read, a source a page.

    Args:
        language: two-letter code of who reads it out.
    """
    text = read.text
    tables = tuple(_table(one.chart) for one in read.charts)
    chart = what is What.CHART
    speech = "\n".join(map(_row_by_row, tables)) if chart and tables else text
    sources = []
    for number, page in enumerate(read.pages, 1):
        clues = [
            Clue(number, "text", line.text, line.confidence, line.box)
            for line in page.reading.lines
        ]
        sources.append(source_view(Source(number, page.name, Kind.IMAGE), clues, looks))
    told = bool(tables if chart else text)
    missing = "No chart was found." if chart else NO_TEXT
    return AnswerView(
        heading=HEADINGS[what],
        text=text or missing,
        told=told,
        language=language,
        speech=speech if told else missing,
        said=speech if told else missing,
        pieces=(Piece(missing),) if not told else () if chart else (Piece(text),),
        sources=tuple(sources),
        tables=tables,
        notes=tuple(map(words.sentence, read.notes)),
        steps=_steps(read.steps),
        took=_took(read.steps),
    )


_TITLES: tuple[tuple[type[ScrubjayError], str, bool], ...] = (
    (Busy, "Too many questions at once", True),
    (NotReady, "Not ready yet", True),
    (BadMedia, "This file cannot be used", False),
    (UnknownName, "It is not here", False),
    (MissingExtra, "A part is not installed", False),
    (ModelNotFound, "A model is missing", False),
)


def problem_view(error: ScrubjayError, message: str) -> ProblemView:
    """Why there is no answer.

    Args:
        message: what may be said of it.
    """
    title, retry = next(
        ((named, again) for kind, named, again in _TITLES if isinstance(error, kind)),
        ("This cannot be answered", False),
    )
    named = isinstance(error, BadMedia) and error.path
    whole = message if message.endswith((".", "!", "?")) else f"{message}."
    return ProblemView(title, whole if named else words.sentence(message), retry)


def _pieces(text: str, numbers: set[int]) -> list[Piece]:
    """The text with its citations by themselves, each of one source."""
    pieces, at = [], 0
    for mark in CITATION.finditer(text):
        cited = [int(one) for one in mark[2].split(",")]
        if not set(cited) <= numbers:
            continue
        pieces.append(Piece(text[at : mark.start()] + mark[1]))
        pieces += [Piece(f"[{one}]", cites=one) for one in cited]
        at = mark.end()
    return [one for one in [*pieces, Piece(text[at:])] if one.text]


def _parts(answer: Answer) -> list[tuple[str, str]]:
    return [
        (PARTS[name], text)
        for name in PARTS
        if (text := answer.parts.get(name, "").strip()) and text != answer.text
    ]


def _steps(steps: Sequence[Step]) -> tuple[tuple[str, str, str], ...]:
    return tuple((STEPS.get(one.name, one.name), f"{one.seconds:.2f} s", one.by) for one in steps)


def _took(steps: Sequence[Step]) -> str:
    return f"{sum(one.seconds for one in steps):.1f} s" if steps else ""


def _said(text: str, sure: str) -> str:
    return f"{words.sentence(text)} {words.sentence(sure)}" if sure and sure != UNSAID else text


def _table(chart: Chart) -> Table:
    return Table(
        title=chart.title or f"A {chart.kind} chart",
        rows=chart.rows(),
        sure="" if chart.confidence is None else sureness(chart.confidence),
        notes=tuple(map(words.sentence, chart.notes)),
    )


def _row_by_row(table: Table) -> str:
    """A table as somebody reads it out: every value with its column's name."""
    head, *body = table.rows
    lines = [
        f"{row[0]}: "
        + ", ".join(
            f"{name} {value or 'not known'}" if len(head) > 2 else value or "not known"
            for name, value in zip(head[1:], row[1:], strict=True)
        )
        for row in body
    ]
    return ". ".join([table.title, *lines]) + "."

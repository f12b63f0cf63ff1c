"""One HTML file: figures, who is beaten by whom, and every answer beside the others.

Self-contained: pictures are small data-URI JPEGs, plots are inline SVG, nothing is loaded from
elsewhere and no script runs. Every text of a model or an owner is escaped.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from scrubjay.ask.comparing.pareto import Dot, front, svg
from scrubjay.ask.comparing.questions import Posed
from scrubjay.ask.comparing.results import Result, versus
from scrubjay.ask.comparing.said import Said
from scrubjay.ask.labelled import shown_file
from scrubjay.core.errors import ScrubjayError
from scrubjay.evaluate.report import thumbnail_jpeg

MOST_SHOWN: Final = 200
"""Questions whose answers are shown side by side."""
MOST_CHARACTERS: Final = 600
PICTURE_BYTES: Final = 12 * 1024 * 1024
"""What all pictures of a page may weigh together."""

_MEASURED: Final = {
    "exact": "right to the letter",
    "normalised": "right, normalised",
    "consensus": "VQA consensus",
    "contained": "says it",
}


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot and the names of the points on its front."""

    title: str
    svg: str
    front: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """One point's answer to one question."""

    name: str
    text: str
    right: bool
    said: Said


@dataclass(frozen=True, slots=True)
class Shown:
    """A question with what everybody said."""

    posed: Posed
    pictures: tuple[tuple[str, str | None], ...]
    answers: tuple[Beside, ...]


def compare_html(
    rows: Sequence[Result],
    *,
    name: str,
    measure: str,
    currency: str,
    how: str,
    machine: Mapping[str, Any],
    notes: Sequence[str],
    when: datetime,
) -> str:
    """Render the page.

    Args:
        rows: every point, with figures or with why it has none.
        name: of the questions' file.
        measure: of accuracy, that rows are ordered and tested by.
        currency: of the price table.
        how: time was taken.
        machine: it was measured on.
        notes: what somebody should know.
        when: shown as given.
    """
    measured = [row for row in rows if row.failure is None]
    ordered = sorted(measured, key=lambda row: -row.accuracy[measure].value)
    questions = measured[0].questions if measured else ()
    differing, alike = _parted(ordered, questions, measure)
    shown = [*differing, *alike][:MOST_SHOWN]
    pictures = _Pictures()
    beside = [_shown(at, questions, ordered, measure, pictures) for at in shown]
    page: str = page_template("compare.html.j2").render(
        name=name,
        when=when,
        how=how,
        machine=machine,
        notes=notes,
        currency=currency,
        measure=measure,
        measured=_MEASURED,
        rows=ordered,
        failed=[row for row in rows if row.failure is not None],
        plots=plots(ordered, measure=measure, currency=currency),
        versus=list(versus(ordered, measure)),
        questions=questions,
        differing=beside[: len(differing)],
        alike=beside[len(differing) :],
        left_out=len(questions) - len(shown),
        bytes=in_bytes,
        seconds=in_seconds,
    )
    return page


def plots(rows: Sequence[Result], *, measure: str, currency: str) -> list[Plot]:
    """Accuracy against time, memory and cost, as far as they are known of two points or more."""
    made = []
    for ident, title, across, figure in _axes(currency):
        dots = [
            Dot(number, row.name, value, row.accuracy[measure].value)
            for number, row in enumerate(rows, start=1)
            if (value := figure(row)) is not None and value > 0
        ]
        if len(dots) > 1:
            drawn = svg(dots, title=title, across=across, up=_MEASURED[measure], ident=ident)
            made.append(Plot(title, drawn, tuple(dot.name for dot in front(dots))))
    return made


def in_bytes(count: int | None) -> str:
    """A number of bytes for a person."""
    if count is None:
        return "-"
    return f"{count / 1e9:.2f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def in_seconds(seconds: float | None) -> str:
    """A time for a person."""
    if seconds is None:
        return "-"
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.3g} ms"


def _axes(currency: str) -> tuple[tuple[str, str, str, Callable[[Result], float | None]], ...]:
    return (
        (
            "time",
            "Accuracy against time",
            "median seconds an answer",
            lambda row: row.percentile(50),
        ),
        (
            "memory",
            "Accuracy against memory",
            "peak memory in MB",
            lambda row: _megabytes(row.outcome.largest("peak_bytes")),
        ),
        (
            "cost",
            "Accuracy against cost",
            f"{currency} for 1,000 answers",
            lambda row: row.cost,
        ),
    )


def _megabytes(count: int | None) -> float | None:
    return None if count is None else count / 1e6


def _parted(
    rows: Sequence[Result], questions: Sequence[Posed], measure: str
) -> tuple[list[int], list[int]]:
    """Questions that some get right and others wrong, and the rest."""
    right = [row.right(measure) for row in rows]
    differing = [at for at in range(len(questions)) if len({one[at] for one in right}) > 1]
    alike = [at for at in range(len(questions)) if at not in set(differing)]
    return differing, alike


def _shown(
    at: int,
    questions: Sequence[Posed],
    rows: Sequence[Result],
    measure: str,
    pictures: _Pictures,
) -> Shown:
    posed = questions[at]
    answers = tuple(
        Beside(row.name, _short(row.said[at].text), row.right(measure)[at], row.said[at])
        for row in rows
    )
    inlined = tuple((path.name, pictures.of(path)) for path in posed.pictures)
    return Shown(posed, inlined, answers)


def _short(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"


class _Pictures:
    """Small pictures as data URIs, each made once, within a budget."""

    def __init__(self) -> None:
        self._made: dict[Path, str | None] = {}
        self._left = PICTURE_BYTES

    def of(self, path: Path) -> str | None:
        """Of a file; None: it is gone, or the page is full."""
        if path not in self._made:
            self._made[path] = self._small(path)
        uri = self._made[path]
        if uri is None or len(uri) > self._left:
            return None
        self._left -= len(uri)
        return uri

    def _small(self, path: Path) -> str | None:
        try:
            data = thumbnail_jpeg(shown_file(path).picture)
        except ScrubjayError:
            return None
        return f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}"


def page_template(name: str) -> Any:  # noqa: ANN401 - a jinja2.Template
    """A template of pages: what it is filled with is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("scrubjay.ask.comparing", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    ).get_template(name)

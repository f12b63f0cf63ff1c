"""The comparison of encoders as one HTML file, without scripts, with nothing from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from scrubjay.ask.comparing.encoders import MAIN, EncoderResult
from scrubjay.ask.comparing.pareto import Dot, front, svg
from scrubjay.ask.comparing.report_page import Plot, in_bytes, in_seconds, page_template


def encoders_html(
    rows: Sequence[EncoderResult],
    gains: Sequence[Mapping[str, Any]],
    *,
    n_items: int,
    when: datetime,
) -> str:
    """Render the page.

    Args:
        gains: every two encoders on the same queries.
        n_items: of the collection, that were searched.
        when: shown as given.
    """
    measured = [row for row in rows if row.failure is None]
    ordered = sorted(measured, key=lambda row: -(row.recall(1) or 0.0))
    page: str = page_template("encoders.html.j2").render(
        rows=ordered,
        failed=[row for row in rows if row.failure is not None],
        gains=gains,
        plots=_plots(ordered),
        n_items=n_items,
        when=when,
        main=MAIN,
        bytes=in_bytes,
        seconds=in_seconds,
    )
    return page


def _plots(rows: Sequence[EncoderResult]) -> list[Plot]:
    axes: tuple[tuple[str, str, str, Callable[[EncoderResult], float | None]], ...] = (
        (
            "time",
            "Recall against time",
            "median seconds a text",
            lambda row: row.percentile("text", 50),
        ),
        ("size", "Recall against size", "MB on disk", _megabytes),
    )
    made = []
    for ident, title, across, figure in axes:
        dots = [
            Dot(number, row.name, value, recall)
            for number, row in enumerate(rows, start=1)
            if (value := figure(row)) and (recall := row.recall(1)) is not None
        ]
        if len(dots) > 1:
            drawn = svg(dots, title=title, across=across, up="recall at 1", ident=ident)
            made.append(Plot(title, drawn, tuple(dot.name for dot in front(dots))))
    return made


def _megabytes(row: EncoderResult) -> float | None:
    size = row.about.get("size_bytes")
    return None if size is None else size / 1e6

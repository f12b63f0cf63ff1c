"""`scrubjay read`: the text of a picture or a PDF in reading order, and its charts as tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scrubjay.cli.answers import printable_lines, tell_step
from scrubjay.cli.frame import HomeOption, JsonOption, Overrides, console, emit, note
from scrubjay.cli.search import printable, query_file
from scrubjay.cli.speaking import LanguageOption, OutOption, SpeakOption, say, tell_where
from scrubjay.core.errors import WrongUse

if TYPE_CHECKING:
    from scrubjay.ask.reading import ChartRead, ReadOut

MOST_PAGES = 1000
"""Pages that `--pages` may name at once."""

NO_TEXT = "no text was found"


def read(
    file: Annotated[Path, typer.Argument(help="A picture or a PDF.", show_default=False)],
    overrides: Overrides = None,
    chart: Annotated[
        bool, typer.Option("--chart", help="Tell the chart it shows, as a table.")
    ] = False,
    pages: Annotated[
        str | None, typer.Option(help="Of a PDF: 2, 1-3, or 1,4-6; default all.", metavar="PAGES")
    ] = None,
    speak: SpeakOption = False,
    out: OutOption = None,
    lang: LanguageOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Read out what is written in a picture or a PDF, columns and tables in their order.

    Example: scrubjay read letter.pdf --pages 1-3

    Example: scrubjay read sales.png --chart --json
    """
    numbers = page_numbers(pages) if pages is not None else ()
    if out is not None and not speak:
        raise WrongUse("--out is where --speak writes; give both")
    from scrubjay.ask.pages import open_pages
    from scrubjay.ask.reading import ReadOut
    from scrubjay.cli.compose import ask_settings
    from scrubjay.services import open_asking, open_home

    opened = open_home(home)
    asking = open_asking(opened, ask_settings(opened.path, overrides or ()))
    read_out = ReadOut(())
    # A page at a time, so that a long file is never held as pictures and is told as it is read.
    for page in open_pages(query_file(file), str(file), numbers=numbers):
        more = asking.read([page], chart=chart, on_step=tell_step)
        if not json:
            show(more, heading=f"page {page.number}" if page.of > 1 else "", chart=chart)
        read_out = read_out.with_more(more)
    text = spoken(read_out, chart=chart)
    path = say(asking, text, language=lang, out=out, name="reading") if speak else None
    if json:
        emit({**read_out.to_json(), "spoken": None if path is None else str(path)})
    tell_where(path)


def page_numbers(given: str) -> tuple[int, ...]:
    """`1,4-6` taken apart, in the order given, each page once.

    Raises:
        WrongUse: it is not of that form, or names too many.
    """
    numbers: dict[int, None] = {}
    for part in given.split(","):
        first, dash, last = (one.strip() for one in part.partition("-"))
        ends = (first, last) if dash else (first, first)
        if not all(one.isascii() and one.isdigit() and len(one) < 7 for one in ends):
            raise WrongUse(f"--pages {given!r} is not understood; write 2, 1-3, or 1,4-6")
        start, end = int(ends[0]), int(ends[1])
        if not 1 <= start <= end:
            raise WrongUse(f"--pages {part.strip()!r} is no range of pages; they begin at 1")
        if len(numbers) + end - start >= MOST_PAGES:
            raise WrongUse(f"--pages {given!r} names more than {MOST_PAGES:,} pages at once")
        numbers |= dict.fromkeys(range(start, end + 1))
    return tuple(numbers)


def show(read_out: ReadOut, *, heading: str, chart: bool) -> None:
    """What was read from one page, on standard output; what is to be known of it beside that."""
    out = console()
    if heading:
        out.print(heading, style="bold", markup=False)
    if chart:
        for one in read_out.charts:
            show_chart(one)
    else:
        out.print(printable_lines(read_out.text) or NO_TEXT, markup=False, soft_wrap=True)
    for remark in read_out.notes:
        note(printable(remark))


def show_chart(read_out: ChartRead) -> None:
    """A chart as a table, its axes' labels above and what is uncertain below."""
    from rich.table import Table

    chart = read_out.chart
    out = console()
    for name, text in (
        ("", chart.title),
        ("horizontal axis: ", chart.x_label),
        ("vertical axis: ", chart.y_label),
    ):
        if text:
            out.print(f"{name}{printable(text)}", markup=False)
    head, *body = chart.rows()
    table = Table()
    for at, one in enumerate(head):
        table.add_column(_cell(one), justify="left" if at == 0 else "right")
    for row in body:
        table.add_row(*(_cell(one) for one in row))
    out.print(table)
    for one in chart.notes:
        note(printable(one))


def spoken(read_out: ReadOut, *, chart: bool) -> str:
    """What is said aloud: the text, or a chart row by row."""
    if not chart:
        return read_out.text or NO_TEXT
    said = []
    for one in read_out.charts:
        head, *body = one.chart.rows()
        said += [one.chart.title] if one.chart.title else []
        for row in body:
            cells = zip(head[1:], row[1:], strict=True)
            values = ", ".join(f"{name} {value or 'unknown'}" for name, value in cells)
            said.append(f"{row[0]}: {values}.")
    return "\n".join(said) or "no chart was found"


def _cell(text: str) -> str:
    from rich.markup import escape

    return escape(printable(text))

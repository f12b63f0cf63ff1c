"""`scrubjay evaluate`: how often the right thing is found, in every direction the data allows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scrubjay.cli.frame import HomeOption, JsonOption, console, emit, note, progress_bar
from scrubjay.core.errors import WrongUse

if TYPE_CHECKING:
    from rich.table import Table

    from scrubjay.evaluate.bootstrap import Estimate
    from scrubjay.evaluate.retrieval import Direction
    from scrubjay.search.calibrate import Fitted
    from scrubjay.search.measure import Evaluation


WIDTH = 100
"""Columns the table may fill where nobody says how many there are."""


class Part(StrEnum):
    """Which part of the collection to measure on."""

    TEST = "test"
    VAL = "val"
    TRAIN = "train"
    ALL = "all"


def evaluate(
    version: Annotated[
        str | None, typer.Argument(help="A registered version; default: the champion.")
    ] = None,
    split: Annotated[
        Part, typer.Option(help="Part of the collection; test was never trained on.")
    ] = Part.TEST,
    report: Annotated[
        Path | None,
        typer.Option(help="Where the HTML report goes; default: runs/ of the home."),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Measure how often the right thing is found: recall, MRR and median rank, with intervals.

    Example: scrubjay evaluate --split val --report report.html
    """
    from scrubjay.core.types import Split
    from scrubjay.services import evaluate as measure
    from scrubjay.services import evaluate_cutoff, open_home
    from scrubjay.store.durable import write_durably

    opened = open_home(home)
    part = None if split is Part.ALL else Split(split.value)
    with progress_bar() as progress:
        evaluation = measure(opened, version, split=part, progress=progress)
        cutoff = evaluate_cutoff(opened, version, progress=progress)
        progress("writing the report", 0, None)
        page = report_page(evaluation, opened.reader())
    path = report or opened.runs / f"evaluate-{evaluation.version}-{split.value}.html"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(path, page.encode("utf-8"))
    except OSError as error:
        raise WrongUse(f"the report cannot be written to {path}: {error.strerror}") from error
    if json:
        told = None if cutoff is None else cutoff.to_json()
        emit({**evaluation.to_json(), "cutoff": told, "report": str(path)})
        return
    show(evaluation, split)
    show_cutoff(cutoff)
    console().print(f"report: {path}", soft_wrap=True)


def report_page(evaluation: Evaluation, read: Callable[[str], bytes]) -> str:
    """The evaluation as one HTML file, with its pictures and recordings.

    Args:
        read: the bytes behind an item's address.
    """
    from scrubjay.evaluate.page_media import recordings, thumbnails
    from scrubjay.evaluate.report import report_html

    return report_html(
        version=evaluation.version,
        split=evaluation.split,
        n_items=evaluation.n_items,
        directions=evaluation.directions,
        views=evaluation.views,
        thumbnail=thumbnails(read),
        recording=recordings(read),
        when=datetime.now(UTC),
    )


def show(evaluation: Evaluation, split: Part) -> None:
    """The figures for a person, and what they do not say."""
    for problem in evaluation.problems:
        note(f"left out {problem.path}: {problem.reason}")
    if not evaluation.directions:
        note(unmeasured(evaluation, split))
        return
    out = console()
    out.print(f"{evaluation.version}: {evaluation.n_items} items, split {split.value}")
    if not out.is_terminal:
        out.width = max(out.width, WIDTH)
    out.print(figures(evaluation.directions))
    for warning in warnings(evaluation, split):
        note(warning)


def show_cutoff(cutoff: Fitted | None) -> None:
    """How often `search --cutoff` keeps what can be answered, and is empty where nothing is."""
    if cutoff is None:
        note("the cutoff is not measured: the collection is not embedded with this version")
        return
    out = console()
    out.print("cutoff, on questions it was not fitted on:", soft_wrap=True)
    for one in cutoff.to_json():
        if "why" in one:
            out.print(f"  {one['name']}: nothing is cut ({one['why']})", soft_wrap=True)
        else:
            out.print(
                f"  {one['name']} among {one['rows']:,}: {100 * one['kept']:.1f}% of what can be "
                f"answered is kept, {100 * one['empty']:.1f}% of what is absent comes back empty "
                f"(by {one['way']})",
                soft_wrap=True,
            )


def unmeasured(evaluation: Evaluation, split: Part) -> str:
    """Why there are no figures, and what to do."""
    if not evaluation.n_items:
        return f"no item is in split {split.value}; try --split all, or add more data"
    return (
        f"nothing to measure in split {split.value}: no content group of its "
        f"{evaluation.n_items} items has two of the modalities this encoder knows"
    )


def figures(directions: tuple[Direction, ...]) -> Table:
    """One row a direction; each figure with its 95% interval."""
    from rich.table import Table

    many = any(direction.answers >= 2 for direction in directions)
    first = directions[0]
    table = Table(box=None, pad_edge=False)
    table.add_column("direction\nn in gallery", no_wrap=True)
    for name in (
        *(f"R@{k}" for k in first.recall),
        *(f"P@{k}" for k in first.precision if many),
        "MRR",
        "median rank",
    ):
        table.add_column(name, justify="right", overflow="fold")
    for direction in directions:
        table.add_row(
            f"{direction.name}\n{direction.n_queries} in {direction.n_gallery}",
            *(cell(one) for one in direction.recall.values()),
            *(cell(one) for one in direction.precision.values() if many),
            cell(direction.mrr),
            cell(direction.median_rank, digits=1),
        )
    return table


def cell(estimate: Estimate, digits: int = 3) -> str:
    """A figure above its interval."""
    value, low, high = (
        f"{one:.{digits}f}" for one in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value}\n{low}-{high}"


def warnings(evaluation: Evaluation, split: Part) -> list[str]:
    """What a reader of the figures should know."""
    from scrubjay.evaluate.report import FEW_QUERIES

    said = []
    few = {one.n_groups for one in evaluation.directions if one.n_groups < FEW_QUERIES}
    if few:
        said.append(
            f"read with care: the queries are about {min(few)} different things in some "
            f"directions; with fewer than {FEW_QUERIES}, the intervals say little"
        )
    if split in {Part.TRAIN, Part.ALL}:
        said.append(
            f"split {split.value} holds what the encoder was trained on: "
            f"these figures say nothing of new data"
        )
    left_out = sum(one.unanswerable for one in evaluation.directions)
    if left_out:
        said.append(f"{left_out} queries have no right answer in the gallery and are not counted")
    return said

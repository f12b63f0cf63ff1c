"""`scrubjay sweep`: one recipe with several settings, compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from scrubjay.cli.frame import HomeOption, JsonOption, Overrides, console, emit, note, progress_bar
from scrubjay.cli.interrupt import pressed
from scrubjay.cli.train import composed, epoch_lines
from scrubjay.core.times import clock

if TYPE_CHECKING:
    from scrubjay.retrain.sweep import Point, Sweep

BESIDE = ("val/recall", "val/loss")
"""Figures worth a column beside the one that decides; all are in the JSON."""


def sweep(
    overrides: Overrides = None,
    by: Annotated[
        str | None,
        typer.Option(
            help="The figure that decides; by default what the recipe keeps its best weights by, "
            "else val/recall, else val/loss."
        ),
    ] = None,
    smallest: Annotated[
        bool | None,
        typer.Option(
            "--smallest/--largest", help="Which is better; by default losses small, all else large."
        ),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the newest unfinished sweep.")
    ] = False,
) -> None:
    """Train every combination of the values given, from the same items, and show the best first.

    Versions are registered and none is served; choose one with `scrubjay champion set`.

    \b
    Example: scrubjay sweep experiment=tickets model.lr=1e-3,3e-3 seed=0,1
             scrubjay sweep experiment=tickets loss=infonce,siglip datamodule.folder=./tickets
             scrubjay sweep --resume
    """  # noqa: D301 - \b keeps Typer from joining the lines
    from scrubjay.cli.compose import open_to_index
    from scrubjay.cli.sweep_points import sweep_points
    from scrubjay.services import sweep as sweep_recipe

    # All are composed before the first is trained: a typo in the last costs nothing.
    points = [] if resume and not overrides else sweep_points(overrides or [])
    tried = [(differs, composed(list(chosen), resume=resume)) for differs, chosen in points]
    try:
        with progress_bar() as progress, epoch_lines():
            swept = sweep_recipe(
                open_to_index(home),
                tried,
                by=by,
                largest=None if smallest is None else not smallest,
                resume=resume,
                told=_told,
                progress=progress,
            )
    except BaseException as error:
        if pressed() or isinstance(error, KeyboardInterrupt):
            note("To go on with it: scrubjay sweep --resume")
        raise
    if swept is None:
        return
    if json:
        emit(swept.to_json())
    else:
        _show(swept)
    if all(point.failed for point in swept.points):
        raise typer.Exit(1)


def _told(place: int, count: int, point: Point) -> None:
    note(f"{place + 1} of {count}: {' '.join(point.settings)}")


def _show(swept: Sweep) -> None:
    from rich.table import Table

    out = console()
    ranked = swept.ranked()
    known = [name for name in BESIDE if name in ranked[0].metrics]
    names = list(dict.fromkeys([str(swept.by), *known] if swept.by else known))
    table = Table(title=f"by {swept.by}, the best first")
    for name in ("settings", *names, "time", "version"):
        table.add_column(name, overflow="fold", no_wrap=name == "version")
    for point in ranked:
        figures = [f"{point.metrics[name]:.4g}" if name in point.metrics else "-" for name in names]
        time = "-" if point.seconds is None else clock(point.seconds)
        version = point.version or ("failed" if point.failed else "-")
        table.add_row("\n".join(point.settings), *figures, time, version)
    out.print(table)
    for point in ranked:
        if point.failed:
            note(f"failed: {' '.join(point.settings)}: {point.failed}")
    best = ranked[0]
    out.print(f"kept in  {swept.folder}", soft_wrap=True)
    if best.version is not None:
        note("Next:")
        note(f"  scrubjay champion set {best.version}")

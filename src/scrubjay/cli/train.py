"""`scrubjay train`: teach an encoder from what the home holds."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scrubjay.cli.frame import HomeOption, JsonOption, Overrides, console, emit, note, progress_bar
from scrubjay.cli.interrupt import pressed
from scrubjay.core.errors import WrongUse

if TYPE_CHECKING:
    from scrubjay.retrain.single import Trained


def train(
    overrides: Overrides = None,
    home: HomeOption = None,
    json: JsonOption = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the newest unfinished run.")
    ] = False,
) -> None:
    """Train an encoder on the newest snapshot (or a folder), register it, print its version.

    The first version of your own becomes champion by itself; later ones wait for
    `scrubjay champion set`.

    \b
    Example: scrubjay train experiment=tickets trainer.max_epochs=8
             scrubjay train experiment=tickets datamodule.folder=./tickets
             scrubjay train experiment=tickets_clip encoder.source=./clip
             scrubjay train --resume
    """  # noqa: D301 - \b keeps Typer from joining the lines
    from scrubjay.cli.compose import open_to_index
    from scrubjay.services import train as train_version

    config = composed(overrides or [], resume=resume)
    try:
        with progress_bar() as progress, epoch_lines():
            trained = train_version(open_to_index(home), config, resume=resume, progress=progress)
    except BaseException as error:
        if pressed() or isinstance(error, KeyboardInterrupt):
            note("To go on with it: scrubjay train --resume")
        raise
    if not trained.leads:
        return
    if json:
        emit(_payload(trained))
    else:
        _show(trained)


def composed(overrides: list[str], *, resume: bool) -> dict[str, object]:
    """The configuration of a new run; nothing for one that goes on with its own.

    Raises:
        WrongUse: overrides beside --resume; otherwise as `compose`.
    """
    if not resume:
        from scrubjay.cli.compose import compose

        return compose(overrides)
    if overrides:
        raise WrongUse(
            "--resume goes on with the run's own configuration; leave the overrides out, or start "
            "a new run without --resume"
        )
    return {}


@contextmanager
def epoch_lines() -> Iterator[None]:
    """Warnings always; a line an epoch where there is no bar to look at."""
    log = logging.getLogger("scrubjay.training")
    shown = logging.StreamHandler(sys.stderr)
    before = log.level
    log.addHandler(shown)
    log.setLevel(logging.WARNING if sys.stderr.isatty() else logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(shown)
        log.setLevel(before)


def _payload(trained: Trained) -> dict[str, object]:
    return {
        "run": str(trained.run),
        "version": trained.version,
        "parent": trained.parent,
        "promoted": trained.promoted,
        "generation": trained.generation,
        "metrics": dict(trained.metrics),
    }


def _show(trained: Trained) -> None:
    from rich.table import Table

    out = console()
    table = Table("figure", "value", title="Metrics")
    for name, value in sorted(trained.metrics.items()):
        table.add_row(name, f"{value:.4g}")
    if trained.metrics:
        out.print(table)
    out.print(f"run      {trained.run}", soft_wrap=True)
    if trained.version is None:
        out.print("version  none: this run trained something else than an encoder")
        _show_next(trained.run)
        return
    out.print(f"version  {trained.version}")
    if trained.promoted:
        note("It is the first of your own, so it serves now. Next:")
        note('  scrubjay search "what you are looking for"')
    elif trained.version == trained.parent:
        note("It is what serves already: the same data and settings gave the same weights. Next:")
    else:
        note("Next:")
        note(f"  scrubjay champion set {trained.version}")
    note(f"  scrubjay diagnose {trained.version}")


def _show_next(run: Path) -> None:
    """What can be done with it, where the run says so."""
    from scrubjay.training.run_files import NEXT

    path = run / NEXT
    if path.is_file():
        note("Next:")
        for line in path.read_text(encoding="utf-8").splitlines():
            note(f"  {line}")

"""What every command shares: options, output for machines, progress for people."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scrubjay.core.protocols import Progress, Seconds
from scrubjay.core.times import clock

if TYPE_CHECKING:
    from rich.console import Console

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Where all is kept: default $SCRUBJAY_HOME, else ./scrubjay-home."),
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        help="Settings as key=value, groups as group=name.",
        metavar="OVERRIDES",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]

SHOW_AFTER_S = 1.0
LINE_EVERY_S = 5.0


def emit(payload: Mapping[str, Any]) -> None:
    """Print one JSON object for a machine on standard output."""
    sys.stdout.write(json.dumps(payload, ensure_ascii=False, indent=2, default=str) + "\n")


def note(text: str) -> None:
    """Tell a person something on standard error, out of a machine's way."""
    sys.stderr.write(text + "\n")


def console() -> Console:
    """A rich console on standard output."""
    from rich.console import Console

    return Console(highlight=False)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Progress on standard error: a bar on a terminal, a line every few seconds elsewhere.

    Nothing is shown for what ends within a second.
    """
    if sys.stderr.isatty():
        with _bars() as report:
            yield report
    else:
        yield _Lines()


class _Lines:
    """Progress as plain lines: the first after a second, then one every few seconds."""

    def __init__(self) -> None:
        self._what = ""
        self._next = 0.0

    def __call__(self, what: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if what != self._what:
            self._what, self._next = what, now + SHOW_AFTER_S
        if now < self._next:
            return
        self._next = now + LINE_EVERY_S
        note(f"{what}: {_counted(what, done, total)}")


def _counted(what: str, done: int, total: int | None) -> str:
    """How far it is: numbers, or times as a player shows them."""
    shown = clock if isinstance(what, Seconds) else str
    return shown(done) + ("" if total is None else f" of {shown(total)}")


@contextmanager
def _bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    bars = Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[counted]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    started: dict[str, float] = {}
    tasks: dict[str, Any] = {}

    def report(what: str, done: int, total: int | None) -> None:
        began = started.setdefault(what, time.monotonic())
        if what not in tasks:
            if time.monotonic() - began < SHOW_AFTER_S:
                return
            if not tasks:
                bars.start()
            tasks[what] = bars.add_task(what, total=total, counted="")
        counted = _counted(what, done, total)
        bars.update(tasks[what], completed=done, total=total, counted=counted)

    try:
        yield report
    finally:
        bars.stop()

"""`scrubjay generate`: pictures that nobody took, by a generator of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scrubjay.cli.frame import HomeOption, JsonOption, console, emit


def generate(
    label: Annotated[str, typer.Argument(help="What is to be seen: a digit.", metavar="LABEL")],
    count: Annotated[int, typer.Option(help="How many, 1 to 400.")] = 16,
    out: Annotated[
        Path | None, typer.Option(help="The sheet to write; by default generated-LABEL.png.")
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="A run's folder; by default the newest with a generator.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another gives other pictures.")] = 0,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write a sheet of generated pictures of one label.

    The generator is what `scrubjay train experiment=mnist_gan` taught.

    Example: scrubjay generate 5 --count 16
    """
    from scrubjay.services import generate_sheet, open_home

    made = generate_sheet(
        open_home(home),
        label,
        count,
        out=out or Path(f"generated-{_as_name(label)}.png"),
        run=run,
        seed=seed,
    )
    if json:
        emit(made.to_json())
        return
    console().print(f"{made.sheet}: {count} of {label!r}, by {made.generator}", soft_wrap=True)


def _as_name(label: str) -> str:
    return "".join(one if one.isalnum() else "-" for one in label)[:40]

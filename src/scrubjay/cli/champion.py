"""`scrubjay champion`: which version serves, and setting it by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from scrubjay.cli.frame import HomeOption, JsonOption, console, emit, progress_bar

champion = typer.Typer(invoke_without_command=True)


@champion.callback()
def show(context: typer.Context, home: HomeOption = None, json: JsonOption = False) -> None:
    """Show the version being served, or serve another with `set`.

    Example: scrubjay champion --json
    """
    if context.invoked_subcommand is not None:
        return
    from scrubjay.services import current_champion, open_home

    opened = open_home(home)
    now = current_champion(opened)
    rows = opened.generations.open(now.generation).count()
    if json:
        emit({"version": now.version, "generation": now.generation, "rows": rows})
        return
    out = console()
    out.print(f"champion   {now.version}")
    out.print(f"generation {now.generation} ({rows} rows)")
    for info in sorted(opened.registry.versions(), key=lambda one: one.created, reverse=True):
        mark = "*" if info.id == now.version else " "
        out.print(f" {mark} {info.id}  trained {info.created:%Y-%m-%d %H:%M}")


@champion.command()
def prepare(home: HomeOption = None, json: JsonOption = False) -> None:
    """Serve the encoder that comes with Scrubjay, where nothing serves yet.

    `scrubjay add` and `scrubjay serve` do it by themselves; in an image it is done beforehand.
    It needs torch, once.

    Example: scrubjay champion prepare --home /srv/scrubjay
    """
    from scrubjay.services import begin_with_shipped, open_home

    opened = open_home(home)
    with progress_bar() as progress:
        now = begin_with_shipped(opened, progress=progress)
    if json:
        emit({"version": now.version, "generation": now.generation})
    else:
        console().print(f"{now.version} serves now")


@champion.command("set")
def set_version(
    version: Annotated[str, typer.Argument(help="A version that `scrubjay champion` lists.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Embed the collection with a version and serve it.

    The old champion serves until the new generation is complete; one pointer write changes both.

    Example: scrubjay champion set 2026-11-3f2a91c
    """
    from scrubjay.cli.compose import open_to_index
    from scrubjay.services import set_champion

    opened = open_to_index(home)
    with progress_bar() as progress:
        now = set_champion(opened, version, progress=progress)
    rows = opened.generations.open(now.generation).count()
    if json:
        emit({"version": now.version, "generation": now.generation, "rows": rows})
    else:
        console().print(f"{now.version} serves now: {rows} rows in its space")

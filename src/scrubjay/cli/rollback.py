"""`scrubjay rollback`: an earlier version serves again, at once."""

from __future__ import annotations

from typing import Annotated

import typer

from scrubjay.cli.frame import HomeOption, JsonOption, console, emit, progress_bar


def rollback(
    version: Annotated[
        str | None,
        typer.Argument(help="A version whose generation was kept; default: what served before."),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Serve an earlier version again: the pointer moves first, what is missing is embedded after.

    Items that were forgotten or deleted meanwhile do not come back.

    Example: scrubjay rollback
    """
    from scrubjay.cli.compose import open_to_index
    from scrubjay.services import roll_back

    opened = open_to_index(home)
    with progress_bar() as progress:
        done = roll_back(opened, version, progress=progress)
    if json:
        emit(done.to_json())
        return
    out = console()
    out.print(f"{done.now.version} serves again, after {done.took_s:.1f} s")
    out.print(f"before     {done.before.version}")
    out.print(f"removed    {done.gone:,} items that left meanwhile")
    out.print(f"embedded   {done.embedded:,} items that came meanwhile")

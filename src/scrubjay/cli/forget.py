"""`scrubjay forget`: items leave everything that is kept."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from scrubjay.cli.frame import HomeOption, JsonOption, console, emit, note, progress_bar
from scrubjay.core.errors import WrongUse

if TYPE_CHECKING:
    from scrubjay.store.home import Home

SHOWN = 10
"""Ids a person is asked about by name."""


def forget(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Ids of items, as `scrubjay search --json` shows.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", help="Forget all that came from this folder or s3://bucket."),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option("--allow", help="Let a forgotten id be taken again when it is met."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Forget items: rows, vectors, stored bytes, and what reports and runs show of them.

    Nothing in your own folders or buckets is touched. The same content is not taken again until
    it is allowed. What was trained before may have learned from it: the model cards say so.

    Without an id or a source, requests that were interrupted are finished.

    Example: scrubjay forget 3f2a91c07d5be481 --yes
    """
    from scrubjay.services import open_home

    opened = open_home(home)
    if allow:
        if ids or source is not None:
            raise WrongUse("--allow stands alone; forget other items in a second command")
        _allow(opened, allow, json=json)
        return
    if ids and source is not None:
        raise WrongUse("give ids or --source, not both")
    _forget(opened, ids or [], source, yes=yes, json=json)


def _allow(home: Home, names: list[str], *, json: bool) -> None:
    allowed = home.forgotten.allow(names)
    if json:
        emit({"allowed": list(allowed)})
    else:
        console().print(f"{len(allowed)} allowed again: add the folder, or wait for the next run")


def _forget(home: Home, ids: list[str], source: str | None, *, yes: bool, json: bool) -> None:
    from scrubjay.services import forget_items, forget_source, items_of_source

    if source is not None:
        _confirm([one.id for one in items_of_source(home, source)], yes=yes)
    elif ids:
        _confirm(ids, yes=yes)
    with progress_bar() as progress:
        purged = (
            forget_items(home, ids, progress=progress)
            if source is None
            else forget_source(home, source, progress=progress)
        )
    if json:
        emit(purged.to_json())
        return
    out = console()
    if not purged.ids:
        out.print("nothing to forget")
        return
    out.print(f"forgotten: {len(purged.ids):,} items")
    out.print(f"  rows of generations  {purged.rows:,}")
    out.print(f"  stored files         {purged.media:,}")
    out.print(f"  files of runs        {len(purged.files):,}")
    out.print(f"  noted as set aside   {purged.set_aside:,}")


def _confirm(ids: list[str], *, yes: bool) -> None:
    """Ask a person; a script must say so itself."""
    if yes or not ids:
        return
    if not _asks_a_person():
        raise WrongUse("forgetting cannot be undone and nobody is here to ask; say --yes")
    named = ", ".join(ids[:SHOWN]) + (" and others" if len(ids) > SHOWN else "")
    note(f"This cannot be undone: {len(ids):,} items ({named})")
    if not typer.confirm("Forget them?", err=True):
        raise typer.Exit(1)


def _asks_a_person() -> bool:
    return sys.stdin.isatty()

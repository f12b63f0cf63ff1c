"""`scrubjay add`: a folder or bucket into the home."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scrubjay.cli.frame import HomeOption, JsonOption, console, emit, progress_bar

if TYPE_CHECKING:
    from scrubjay.search.collect import Added

SHOWN = 20
"""Quarantined files listed for a person; a machine gets them all."""


def add(
    folder: Annotated[
        str,
        typer.Argument(
            help="A folder with pictures, recordings or videos, or s3://bucket/prefix.",
            metavar="FOLDER",
        ),
    ],
    month: Annotated[
        str | None,
        typer.Option("--month", help="Month they are added in, YYYY-MM; default: this month."),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Add a folder or bucket of pictures, descriptions, recordings and videos.

    It may hold images/ with descriptions.json, a CSV or JSONL manifest, or just files.

    A video is found by its moments: what is seen, heard, said and written in them.

    Bad files are set aside with a reason; adding a folder again changes nothing. From a bucket
    only what is new or changed is fetched, and what was deleted there leaves the home.

    Example: scrubjay add ~/Pictures/tickets --month 2026-11
    """
    from scrubjay.cli.compose import open_to_index
    from scrubjay.services import add_folder

    opened = open_to_index(home)
    added_in = month or f"{datetime.now(UTC).astimezone():%Y-%m}"
    with progress_bar() as progress:
        added = add_folder(opened, folder, month=added_in, progress=progress)
    if json:
        emit(to_json(added))
    else:
        show(added)


def to_json(added: Added) -> dict[str, Any]:
    """What was done, as the documented JSON object."""
    return {
        "layout": added.scan_layout,
        "added": added.added,
        "updated": added.updated,
        "unchanged": added.unchanged,
        "gone": len(added.gone),
        "ignored": added.ignored,
        "by_kind": dict(added.by_kind),
        "by_split": dict(added.by_split),
        "quarantined": [{"path": one.path, "reason": one.reason} for one in added.quarantined],
        "indexed": added.indexed,
        "not_indexed": dict(added.not_indexed),
        "moments": added.moments,
        "partly": [{"path": one.path, "reason": one.reason} for one in added.partly],
        "lacking": list(added.lacking),
        "version": added.version,
        "snapshot": added.snapshot,
    }


def show(added: Added) -> None:
    """Print what was done as a table, the files set aside with their reasons, and what is next."""
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    out = console()
    table = Table("", "items", box=SIMPLE_HEAD, pad_edge=False)
    table.columns[1].justify = "right"
    for name in ("added", "updated", "unchanged"):
        table.add_row(name, f"{getattr(added, name):,}")
    if added.gone:
        table.add_row("gone", f"{len(added.gone):,}")
    table.add_row("set aside", f"{len(added.quarantined):,}")
    table.add_row("ignored", f"{added.ignored:,}", end_section=True)
    for counts in (added.by_kind, added.by_split):
        for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
            table.add_row(name, f"{count:,}")
        table.add_section()
    if added.moments:
        table.add_row("moments", f"{added.moments:,}")
    out.print(table)
    out.print(f"layout   {added.scan_layout}")
    out.print(f"snapshot {added.snapshot}")
    for problem in added.quarantined[:SHOWN]:
        out.print(f"  set aside: {escape(problem.path)}: {escape(problem.reason)}", soft_wrap=True)
    if len(added.quarantined) > SHOWN:
        out.print(f"  and {len(added.quarantined) - SHOWN:,} more: --json lists them all")
    for reason, count in added.not_indexed.items():
        out.print(f"  not indexed: {count:,} ({escape(reason)})", soft_wrap=True)
    for problem in added.partly:
        where = f"{escape(problem.path)}: {escape(problem.reason)}"
        out.print(f"  indexed in part: {where}", soft_wrap=True)
    for reason in added.lacking:
        out.print(f"  {escape(reason)}", soft_wrap=True)
    if added.version is None:
        out.print("not indexed yet: run scrubjay train")
    else:
        out.print(f"indexed with {added.version}")

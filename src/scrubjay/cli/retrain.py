"""`scrubjay retrain`: the month."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Annotated, Any

import typer

from scrubjay.cli.frame import HomeOption, JsonOption, Overrides, console, emit, note, progress_bar
from scrubjay.core.protocols import silent

GOOD = frozenset({"promoted", "refused", "no-change"})


def retrain(
    overrides: Overrides = None,
    home: HomeOption = None,
    json: JsonOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; do nothing.")
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Leave an unfinished run and begin anew.")
    ] = False,
    accept: Annotated[
        str | None,
        typer.Option("--accept", metavar="MONTH", help="Learn from what is held of this month."),
    ] = None,
) -> None:
    """Take in a month's data, train, compare, deploy or refuse, and tell somebody.

    Killed or failed, the same command goes on where it stopped. HOME/retrain.yaml holds standing
    settings. Off a terminal, events are JSON lines on standard error. Exit code 0: promoted,
    refused or nothing new; 1: failed or stopped; 2: wrong use; 3: another run is under way.

    \b
    Example: scrubjay retrain data.source=s3://pictures/incoming experiment=tickets
             scrubjay retrain --dry-run
             scrubjay retrain --accept 2026-10
    """  # noqa: D301 - \b keeps Typer from joining the lines
    from scrubjay.cli.compose import month_config, open_to_index
    from scrubjay.services import plan_month, run_month

    opened = open_to_index(home)
    config = month_config(opened.path, overrides or [])
    if dry_run:
        plan = plan_month(opened, config)
        emit(plan) if json else _show_plan(plan)
        return
    watched = sys.stderr.isatty()
    # Elsewhere than on a terminal the events are what is gathered, each a JSON object a line.
    with progress_bar() if watched else nullcontext(silent) as progress:
        result = run_month(
            opened,
            config,
            restart=restart,
            accept=accept,
            human=note,
            as_json=not watched,
            progress=progress,
        )
    emit(result) if json else _show(result)
    if result["status"] not in GOOD:
        raise typer.Exit(1)


def _show_plan(plan: Mapping[str, Any]) -> None:
    out = console()
    goes_on = f", going on with {plan['goes_on_with']}" if plan["goes_on_with"] else ""
    out.print(f"month     {plan['month']}{goes_on}", soft_wrap=True)
    out.print(f"champion  {plan['champion'] or 'none yet'}")
    out.print(f"source    {plan['source'] or 'what `scrubjay add` brought'}", soft_wrap=True)
    if plan["objects"]:
        found = ", ".join(f"{count} {name}" for name, count in plan["objects"].items())
        out.print(f"objects   {found}")
    for month, count in plan["held"].items():
        out.print(f"held      {count} items of {month}: scrubjay retrain --accept {month}")
    for step in plan["steps"]:
        mark = "done" if step["done"] else "    "
        out.print(f"  {mark}  {step['step']:<10} {step['when']}")
    out.print("nothing was done")


def _show(result: Mapping[str, Any]) -> None:
    from rich.markup import escape

    out = console()
    out.print(f"{result['month']}     {result['status']}")
    for reason in result["reasons"]:
        out.print(f"  {escape(reason)}", soft_wrap=True)
    data = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in result["data"].items())
    out.print(f"data      {data}", soft_wrap=True)
    for name, one in result["figures"].items():
        was, now = one["champion"], one["challenger"]
        out.print(
            f"  {escape(name)}: {_percent(was)} -> {_percent(now)} ({one['queries']} queries)"
        )
    for name in ("warnings", "notes"):
        for line in result[name]:
            out.print(f"  {name.removesuffix('s')}: {escape(line)}", soft_wrap=True)
    out.print(f"champion  {result['champion'] or 'none'}")
    out.print(f"report    {result['report']}", soft_wrap=True)
    for problem in result["not_told"]:
        out.print(f"not told: {escape(problem)}", soft_wrap=True)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}%"

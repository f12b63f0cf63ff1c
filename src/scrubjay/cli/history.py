"""`scrubjay history`: what the months came to."""

from __future__ import annotations

from typing import Any

from scrubjay.cli.frame import HomeOption, JsonOption, console, emit


def history(home: HomeOption = None, json: JsonOption = False) -> None:
    """Show every month: its data, figures, the decision and why.

    Example: scrubjay history
    """
    from scrubjay.services import month_history, open_home

    rows = month_history(open_home(home))
    if json:
        emit({"months": rows})
    else:
        _show(rows)


def _show(rows: list[dict[str, Any]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    out = console()
    if not rows:
        out.print("no month was run yet: scrubjay retrain")
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("month", "new", "bad", "held out %", "earlier %", "decision", "champion"):
        words = name in {"month", "decision", "champion"}
        table.add_column(name, justify="left" if words else "right", no_wrap=True)
    for row in rows:
        table.add_row(
            row["month"],
            str(row["data"].get("new", "")),
            str(row["data"].get("quarantined", "")),
            _change(row["held_out"]),
            _change(row["earlier"]),
            row["status"],
            row["champion"] or "",
        )
    out.print(table)
    for row in rows:
        for reason in row["reasons"][:3]:
            out.print(f"{row['month']}  {escape(reason)}", soft_wrap=True)


def _change(figures: dict[str, float] | None) -> str:
    if not figures:
        return "-"
    if "champion" not in figures:
        return f"{100 * figures['challenger']:.0f}"
    return f"{100 * figures['champion']:.0f} -> {100 * figures['challenger']:.0f}"

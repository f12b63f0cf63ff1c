"""A comparison as a person reads it in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from scrubjay.cli.search import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from scrubjay.ask.comparing.results import Result
    from scrubjay.evaluate.bootstrap import Estimate

WIDTH: Final = 132
"""Columns a table may fill where nobody says how many there are."""


def show(rows: Sequence[Result], out: Console, *, measure: str, currency: str) -> None:
    """The figures, the best first, what has none and why, and who is shown to be better."""
    from scrubjay.ask.comparing.results import versus

    if not out.is_terminal:
        out.width = max(out.width, WIDTH)
    measured = [row for row in rows if row.failure is None]
    measured.sort(key=lambda row: -row.accuracy[measure].value)
    if measured:
        out.print(_table(measured, currency))
    for row in rows:
        if row.failure is not None:
            out.print(
                f"{printable(row.name)} has no figures: {printable(row.failure)}", markup=False
            )
    shown = [one for one in versus(measured, measure) if one.better is not None]
    for one in shown:
        other = one.second if one.better == one.first else one.first
        out.print(
            f"{one.better} is shown to be better than {other} "
            f"({max(one.won, one.lost)} to {min(one.won, one.lost)}, {chance(one.adjusted)})",
            markup=False,
            soft_wrap=True,
        )
    if len(measured) > 1 and len(shown) < len(measured) * (len(measured) - 1) // 2:
        out.print(
            "of the other pairs neither is shown to be better: more questions would tell",
            soft_wrap=True,
        )


def _table(rows: Sequence[Result], currency: str) -> Table:
    from rich.table import Table

    from scrubjay.ask.comparing.report_page import in_bytes, in_seconds

    table = Table(box=None, pad_edge=False)
    table.add_column("point", overflow="fold", min_width=14)
    for name in (
        *("exact", "normal-\nised", "con-\nsensus", "says it"),
        *("can't\ntell", "rightly", "ECE", "Brier", "p50", "p95", "tok/s", "memory"),
        f"{currency} /\n1,000",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        refusals, sure = row.refusals, row.calibration
        table.add_row(
            printable(row.name),
            *(share_cell(one) for one in row.accuracy.values()),
            f"{100 * refusals.rate:.0f}%",
            f"{refusals.right} of {refusals.n}",
            "-" if sure is None else f"{sure.ece:.3f}",
            "-" if sure is None else f"{sure.brier:.3f}",
            in_seconds(row.percentile(50)),
            in_seconds(row.percentile(95)),
            "-" if row.tokens_per_s is None else f"{row.tokens_per_s:.1f}",
            in_bytes(row.outcome.largest("peak_bytes")),
            "-" if row.cost is None else f"{row.cost:.3g}",
        )
    return table


def chance(p: float) -> str:
    """A p for a person."""
    return f"p = {p:.4f}" if p >= 0.0001 else "p < 0.0001"


def share_cell(estimate: Estimate) -> str:
    """A share above its interval."""
    low, high = round(100 * estimate.low), round(100 * estimate.high)
    return f"{100 * estimate.value:.1f}%\n{low}-{high}"

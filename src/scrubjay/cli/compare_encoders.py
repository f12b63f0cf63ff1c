"""`scrubjay compare --encoders`: recall, time and size on the owner's own collection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scrubjay.cli.frame import console, emit, note, progress_bar
from scrubjay.cli.search import printable
from scrubjay.core.errors import NotReady, WrongUse

if TYPE_CHECKING:
    from scrubjay.ask.comparing.encoders import EncoderPoint, EncoderResult
    from scrubjay.core.types import Item
    from scrubjay.store.home import Home

DAY_S: Final = 86_400.0
"""Longest silence: a whole collection is one piece of work."""


def run_encoders(
    home: Home,
    models: Sequence[str],
    settings: dict[str, Any],
    *,
    report: Path | None,
    fresh: bool,
    as_json: bool,
) -> None:
    """Measure, and tell.

    Args:
        models: `champion`, a version, or `encoder=FAMILY encoder.OPTION=VALUE`; none: every
            registered version.

    Raises:
        NotReady: there is nothing to search, or no encoder.
    """
    from scrubjay.ask.comparing.encoders import compare_encoders, gains, items_digest
    from scrubjay.cli.compare import measuring_of, write_page
    from scrubjay.store.durable import locked

    points, items = encoder_points(home, models), _items(home)
    measuring = replace(measuring_of(settings, fresh=fresh), warmup=0, rounds=1, limit_s=DAY_S)
    folder = home.path / "comparisons" / f"encoders-{items_digest(items)[:12]}"
    with progress_bar() as progress, locked(folder / "lock", "comparing", wait_s=1.0):
        rows = compare_encoders(
            points,
            items,
            folder,
            read=home.reader(),
            limits=home.settings.limits,
            threads=home.settings.threads,
            measuring=measuring,
            progress=progress,
        )
    path = report or folder / "report.html"
    from scrubjay.ask.comparing.encoder_page import encoders_html

    write_page(path, encoders_html(rows, gains(rows), n_items=len(items), when=datetime.now(UTC)))
    if as_json:
        emit(
            {
                "n_items": len(items),
                "encoders": [row.to_json() for row in rows],
                "versus": gains(rows),
                "report": str(path),
            }
        )
        return
    _show(rows)
    note(f"report: {path}")


def encoder_points(home: Home, models: Sequence[str]) -> list[EncoderPoint]:
    """The encoders that were named, or every registered version."""
    from scrubjay.ask.comparing.encoders import EncoderPoint
    from scrubjay.ask.comparing.naming import described
    from scrubjay.cli.compare_points import encoder_choice, words_of

    named = list(models) or [one.id for one in home.registry.versions()]
    if not named:
        raise NotReady(
            f"{home.path} has no version to compare; run `scrubjay add FOLDER`, or name encoders: "
            f'--model "encoder=transformers encoder.source=FOLDER"'
        )
    made: dict[str, EncoderPoint] = {}
    for text in named:
        first, _, rest = text.strip().partition(" ")
        own, others = words_of(text if "=" in first else f"encoder={first} {rest}")
        if others or "encoder" not in own:
            raise WrongUse(f"{text!r} names no encoder; write encoder=FAMILY encoder.source=FOLDER")
        choice = encoder_choice(home, own)
        version = choice.options.get("version")
        name = own.get("name") or (str(version) if version else described(choice))
        extra = [f"{key}={one}" for key, one in choice.options.items() if key not in _NAMING]
        name = name if "name" in own or not extra else f"{name} {' '.join(extra)}"
        if choice not in [one.choice for one in made.values()]:
            made.setdefault(name, EncoderPoint(name, choice))
    return list(made.values())


_NAMING: Final = frozenset({"source", "version"})


def _items(home: Home) -> list[Item]:
    """What no version was trained on; all there is where nothing is held out."""
    from scrubjay.core.types import Split
    from scrubjay.retrain.source import snapshot_source

    items = list(snapshot_source(home).items)
    held_out = [item for item in items if item.split is Split.TEST]
    if not held_out:
        note("nothing is held out: measured on all items, which a version may have been taught")
    return held_out or items


def _show(rows: Sequence[EncoderResult]) -> None:
    from rich.table import Table

    from scrubjay.ask.comparing.encoders import MAIN, gains
    from scrubjay.ask.comparing.report_page import in_bytes, in_seconds
    from scrubjay.cli.compare_show import WIDTH

    out = console()
    if not out.is_terminal:
        out.width = max(out.width, WIDTH)
    table = Table(box=None, pad_edge=False)
    table.add_column("encoder", overflow="fold")
    for name in (
        *(f"{MAIN}\nR@1", "R@10", "text\np50", "p95", "picture\np50", "p95"),
        *("size", "dim", "memory"),
    ):
        table.add_column(name, justify="right", no_wrap=True)
    measured = [row for row in rows if row.failure is None]
    for row in sorted(measured, key=lambda one: -(one.recall(1) or 0.0)):
        times = [row.percentile(kind, share) for kind in ("text", "image") for share in (50, 95)]
        table.add_row(
            printable(row.name),
            *("-" if one is None else f"{one:.3f}" for one in (row.recall(1), row.recall(10))),
            *map(in_seconds, times),
            in_bytes(row.about.get("size_bytes")),
            str(row.about.get("dim", "-")),
            in_bytes(row.outcome.largest("peak_bytes")),
        )
    if measured:
        out.print(table)
    for row in rows:
        if row.failure is not None:
            why = f"{printable(row.name)} has no figures: {printable(row.failure)}"
            out.print(why, markup=False, soft_wrap=True)
    for one in gains(rows):
        if one["better"] is not None:
            other = one["second"] if one["better"] == one["first"] else one["first"]
            out.print(
                f"{one['better']} is shown to find more than {other} (MRR by "
                f"{abs(one['mrr_gain']):.3f})",
                markup=False,
                soft_wrap=True,
            )

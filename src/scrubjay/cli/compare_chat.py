"""`scrubjay compare --chat`: chat models on the owner's prompts, by rules and by a judge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.cli.frame import console, emit, note, progress_bar
from scrubjay.cli.search import printable
from scrubjay.core.errors import WrongUse

if TYPE_CHECKING:
    from rich.console import Console

    from scrubjay.ask.comparing.chatting import ChatResult, Judgement
    from scrubjay.ask.comparing.points import Point
    from scrubjay.store.home import Home


def run_chat(
    home: Home,
    file: Path,
    models: Sequence[str],
    settings: dict[str, Any],
    *,
    judge: str | None,
    report: Path | None,
    fresh: bool,
    as_json: bool,
) -> None:
    """Ask, check, judge, and tell.

    Raises:
        WrongUse: no chat models are named, or the prompts cannot be used.
    """
    from scrubjay.ask.comparing.chat_page import chat_html
    from scrubjay.ask.comparing.chat_prompts import digest, read_prompts
    from scrubjay.ask.comparing.chatting import chat_points, judge_replies
    from scrubjay.ask.comparing.cost import Prices
    from scrubjay.cli.compare import measuring_of, write_page
    from scrubjay.store.durable import locked

    if not models:
        raise WrongUse(
            'no chat model comes along; name some: --model "vlm=remote vlm.url=URL vlm.model=M" '
            'or --model "chat=transformers chat.source=FOLDER"'
        )
    prices, measuring = Prices.from_config(settings["prices"]), measuring_of(settings, fresh=fresh)
    prompts = read_prompts(file)
    points = _points(home, models, settings["quantize"])
    folder = home.path / "comparisons" / f"{file.stem[:40]}-{digest(prompts)[:12]}"
    judgement = None
    with progress_bar() as progress, locked(folder / "lock", "comparing", wait_s=1.0):
        rows = chat_points(
            points, prompts, folder, measuring=measuring, prices=prices, progress=progress
        )
        if judge is not None:
            (judging,) = _points(home, [judge], [])
            once = replace(measuring, warmup=0, rounds=1)
            judgement = judge_replies(rows, judging, folder, measuring=once, progress=progress)
    notes = _notes(rows, judgement)
    path = report or folder / "report.html"
    page = chat_html(
        rows,
        judgement,
        name=file.name,
        currency=prices.currency,
        how=measuring.how,
        notes=notes,
        when=datetime.now(UTC),
    )
    write_page(path, page)
    if as_json:
        names = [row.name for row in rows if row.failure is None]
        emit(
            {
                "prompts": str(file),
                "currency": prices.currency,
                "how": measuring.how,
                "notes": notes,
                "points": [row.to_json() for row in rows],
                "judge": None if judgement is None else judgement.to_json(names),
                "replies": _replies(rows),
                "report": str(path),
            }
        )
        return
    _show(rows, judgement, console(), prices.currency)
    for one in notes:
        note(one)
    note(f"report: {path}")


def _points(home: Home, models: Sequence[str], quantize: Sequence[str]) -> tuple[Point, ...]:
    """Models that chat: how they would come to an answer about a picture does not matter."""
    from scrubjay.ask.comparing.points import By
    from scrubjay.cli.compare_points import points_of

    points = points_of(home, models, quantize=quantize, prompts=[])
    for one in points:
        if not one.prompted:
            raise WrongUse(f"{one.name} is no chat model; leave by={one.by.value} out")
    return tuple(replace(one, by=By.MODEL) for one in points)


def _notes(rows: Sequence[ChatResult], judgement: Judgement | None) -> list[str]:
    notes = []
    if judgement is None:
        notes.append("no judge was named (--judge), so only rules have judged")
        return notes
    own = judgement.model.get("fingerprint")
    judges = [row.name for row in rows if own and row.outcome.about.get("fingerprint") == own]
    if judges:
        notes.append(f"the judge is one of those it judges ({', '.join(judges)}): it may favour it")
    if judgement.failure is not None:
        notes.append(f"the judge did not judge everything: {judgement.failure}")
    return notes


def _replies(rows: Sequence[ChatResult]) -> list[dict[str, Any]]:
    answered = [row for row in rows if row.failure is None]
    prompts = answered[0].prompts if answered else ()
    return [
        {
            "id": prompt.name,
            "prompt": prompt.prompt,
            "replies": {row.name: row.said[at].to_json() for row in answered},
        }
        for at, prompt in enumerate(prompts)
    ]


def _show(
    rows: Sequence[ChatResult], judgement: Judgement | None, out: Console, currency: str
) -> None:
    from rich.table import Table

    from scrubjay.ask.comparing.chat_rules import ASPECTS
    from scrubjay.ask.comparing.report_page import in_bytes, in_seconds
    from scrubjay.cli.compare_show import WIDTH, share_cell

    if not out.is_terminal:
        out.width = max(out.width, WIDTH)
    table = Table(box=None, pad_edge=False)
    table.add_column("model", overflow="fold")
    judges = () if judgement is None else tuple(f"judge:\n{one}" for one in ASPECTS)
    for name in (
        *(f"rules:\n{one}" for one in ASPECTS),
        *judges,
        *("p50", "p95", "tok/s", "memory", f"{currency} /\n1,000"),
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        if row.failure is not None:
            continue
        shares = [judgement.share(row.name, one) for one in ASPECTS] if judgement else []
        table.add_row(
            printable(row.name),
            *("-" if one is None else share_cell(one) for one in row.scores.values()),
            *("-" if one is None else f"{one:.2f}" for one in shares),
            in_seconds(row.percentile(50)),
            in_seconds(row.percentile(95)),
            "-" if row.tokens_per_s is None else f"{row.tokens_per_s:.1f}",
            in_bytes(row.outcome.largest("peak_bytes")),
            "-" if row.cost is None else f"{row.cost:.3g}",
        )
    if table.row_count:
        out.print(table)
    for row in rows:
        if row.failure is not None:
            why = f"{printable(row.name)} has no figures: {printable(row.failure)}"
            out.print(why, markup=False, soft_wrap=True)
    if judgement is not None:
        told = judgement.agreement.to_json()
        out.print(
            f"judge: kappa between orders {told['kappa_between_orders']}, with the rules "
            f"{told['kappa_with_rules']}; shown first preferred {told['shown_first_preferred']}; "
            f"unclear {told['unclear']}, set aside {told['set_aside']}",
            soft_wrap=True,
        )

"""The comparison of chat models as one HTML file, without scripts, with nothing from outside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from scrubjay.ask.comparing.chat_rules import ASPECTS
from scrubjay.ask.comparing.chatting import ChatResult, Judgement
from scrubjay.ask.comparing.report_page import in_bytes, in_seconds, page_template


def chat_html(
    rows: Sequence[ChatResult],
    judgement: Judgement | None,
    *,
    name: str,
    currency: str,
    how: str,
    notes: Sequence[str],
    when: datetime,
) -> str:
    """Render the page.

    Args:
        judgement: None: there was no judge.
        name: of the prompts' file.
        currency: of the price table.
        how: time was taken.
        notes: what somebody should know.
        when: shown as given.
    """
    measured = [row for row in rows if row.failure is None]
    page: str = page_template("chat.html.j2").render(
        rows=measured,
        failed=[row for row in rows if row.failure is not None],
        judgement=judgement,
        prompts=measured[0].prompts if measured else (),
        aspects=ASPECTS,
        name=name,
        currency=currency,
        how=how,
        notes=notes,
        when=when,
        bytes=in_bytes,
        seconds=in_seconds,
    )
    return page

"""What somebody hands over on the upload page, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scrubjay.search.uploads import Taken, Uploaded
from scrubjay.web.pages.things import href_of

_STATES = {
    "added": ("added", "good"),
    "updated": ("known already; what is new was added", "good"),
    "unchanged": ("known already", "good"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file.

    Attributes:
        href: its item's page; None for what was refused.
        why: what there is to say of it.
    """

    name: str
    status: str
    tone: str
    href: str | None = None
    why: str = ""


def outcomes(done: Uploaded) -> list[Outcome]:
    """One line a file: those that arrived, then those that were refused."""
    refused = [Outcome(one.path, "not taken", "bad", why=one.reason) for one in done.refused]
    return [*map(_taken, done.taken), *refused]


def heading(lines: Sequence[Outcome]) -> str:
    """What became of them all."""
    arrived = sum(one.tone != "bad" for one in lines)
    if not arrived:
        return "Nothing arrived"
    if arrived == len(lines):
        return "It arrived" if arrived == 1 else f"All {arrived} arrived"
    return f"{arrived} of {len(lines)} arrived"


def _taken(taken: Taken) -> Outcome:
    status, tone = _STATES.get(taken.state, (taken.state, "good"))
    why = taken.why_not_indexed
    return Outcome(
        taken.name,
        status,
        "warning" if why else tone,
        href=href_of(taken.item.id),
        why=f"No search finds it yet: {why}" if why else "",
    )

"""What somebody hands over on the upload page, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scrubjay.search.uploads import Taken, Upload, Uploaded
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


def said_of(sent: Mapping[str, str]) -> dict[str, object]:
    """What the form says of every file, as `Upload` takes it."""
    caption = sent.get("caption", "").strip()
    tags = [one.strip() for one in sent.get("tags", "").split(",")]
    return {
        "captions": (caption,) if caption else (),
        "tags": tuple(dict.fromkeys(one for one in tags if one)),
        "language": sent.get("language", "").strip() or None,
        "month": sent.get("month", "").strip() or None,
    }


def outcomes(files: Sequence[Upload], uploaded: Uploaded) -> list[Outcome]:
    """One line a file, in the order they were sent; those with one name by turns."""
    lines: dict[str, list[Outcome]] = {}
    for taken in uploaded.taken:
        lines.setdefault(taken.name, []).append(_taken(taken))
    for problem in uploaded.refused:
        refused = Outcome(problem.path, "not taken", "bad", why=problem.reason)
        lines.setdefault(problem.path, []).append(refused)
    return [lines[one.name].pop(0) for one in files if lines.get(one.name)]


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

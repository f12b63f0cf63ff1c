"""What somebody hands over on the upload page, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scrubjay.search.uploaded import Taken, Uploaded
from scrubjay.web.pages.things import href_of
from scrubjay.web.upload_jobs import UploadJob

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
        again: where it is asked how far it is; None: it has ended.
        share: how far it is, in percent; None: nobody knows.
    """

    name: str
    status: str
    tone: str
    href: str | None = None
    why: str = ""
    again: str | None = None
    share: int | None = None


def outcomes(done: Uploaded) -> list[Outcome]:
    """One line a file: those that arrived, then those that were refused."""
    refused = [Outcome(one.path, "not taken", "bad", why=one.reason) for one in done.refused]
    return [*map(_taken, done.taken), *refused]


def outcomes_of(job: UploadJob) -> list[Outcome]:
    """An upload of videos: one line while it goes on, then one a file."""
    if job.done is not None:
        return outcomes(job.done)
    if job.problem is not None:
        return [nothing_taken(job.problem[1])]
    others = len(job.names) - 1
    name = f"{job.names[0]} and {others} more" if others else job.names[0]
    href = f"/upload/{job.id}"
    why = f"{job.doing}. It goes on though you leave this page."
    return [Outcome(name, "being looked through", "active", href, why, again=href, share=job.share)]


def nothing_taken(message: str) -> Outcome:
    """What is said of all files together."""
    return Outcome("Nothing was taken", "not taken", "bad", why=message)


def heading(lines: Sequence[Outcome]) -> str:
    """What became of them all."""
    if any(one.again for one in lines):
        return "Looking it through"
    arrived = sum(one.tone != "bad" for one in lines)
    if not arrived:
        return "Nothing arrived"
    if arrived == len(lines):
        return "It arrived" if arrived == 1 else f"All {arrived} arrived"
    return f"{arrived} of {len(lines)} arrived"


def _taken(taken: Taken) -> Outcome:
    status, tone = _STATES.get(taken.state, (taken.state, "good"))
    why = f"No search finds it yet: {taken.why_not_indexed}" if taken.why_not_indexed else ""
    why = why or (f"Found in part: {taken.partly}" if taken.partly else "")
    return Outcome(
        taken.name, status, "warning" if why else tone, href=href_of(taken.item.id), why=why
    )

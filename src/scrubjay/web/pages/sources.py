"""What an answer rests on: each source with the pieces of evidence that were found in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scrubjay.ask.answer import Clue, Source
from scrubjay.core.types import Kind
from scrubjay.web.pages import words
from scrubjay.web.pages.moments import moment_href, picture_at
from scrubjay.web.pages.placing import Frame, frame, place, sureness, within
from scrubjay.web.pages.questions import SMALL, Look
from scrubjay.web.pages.things import addresses, fragment, title_of

MOST_PLAYERS: Final = 8
"""Moments of a source that play by themselves; of the others the page says when they are."""

CLUES: Final[Mapping[str, str]] = {
    "seen": "Seen",
    "text": "Read",
    "speech": "Heard",
    "heard": "Heard",
    "said": "Said",
    "read": "Read",
    "caption": "Its caption",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of a recording or video that supports an answer.

    Attributes:
        when: `0:03 to 0:05`.
        src: plays it; None: the page has enough players already, or it is a video's.
        href: of a video: its page, at this moment; `picture` a frame of it.
    """

    when: str
    src: str | None
    href: str | None = None
    picture: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """One piece of evidence.

    Attributes:
        number: as it is drawn in the picture; None: it has no place there.
        how: how it was learned: `Seen`, `Read`, `Heard`, `Its caption`.
        where: in words; empty: it has no place.
        sure: in words; empty: nothing is said.
        frame: where it is drawn.
    """

    how: str
    text: str
    number: int | None = None
    where: str = ""
    sure: str = ""
    frame: Frame | None = None
    moment: Moment | None = None


@dataclass(frozen=True, slots=True)
class SourceView:
    """What was looked at, read or heard, with all that was found in it.

    Attributes:
        href: its item's page; None: it was handed over.
        src: its picture; None: it has none.
        media: its bytes, where it plays; `poster` what is shown of a video before.
        caption: its owner's words, where its title does not say them.
        score: nearness to the question, where it was searched for.
    """

    number: int
    kind: str
    title: str
    href: str | None = None
    src: str | None = None
    media: str | None = None
    poster: str | None = None
    caption: str | None = None
    score: float | None = None
    marks: tuple[Mark, ...] = ()

    @property
    def drawn(self) -> tuple[Mark, ...]:
        """The marks that have a place in the picture."""
        return tuple(one for one in self.marks if one.frame)


def source_view(source: Source, clues: Sequence[Clue], looks: Sequence[Look]) -> SourceView:
    """A source with what was found in it.

    Args:
        clues: of all sources.
        looks: the pictures that were handed over with the question, in their order.
    """
    own = [clue for clue in clues if clue.source == source.number]
    if source.id is None:
        look = looks[source.number - 1] if 0 < source.number <= len(looks) else None
        return SourceView(
            source.number,
            source.kind.value,
            source.name,
            href=look.href if look else None,
            src=look.src if look else None,
            caption=source.caption,
            marks=_marks(own, None),
        )
    where = addresses(source.id, source.kind)
    title = title_of(source.caption, source.name)
    thumb = f"{where['thumb']}?size={SMALL}" if where["thumb"] else None
    plays, film = source.kind in {Kind.SPEECH, Kind.VIDEO}, source.kind is Kind.VIDEO
    return SourceView(
        source.number,
        source.kind.value,
        title,
        href=where["href"],
        src=None if film else thumb,
        media=where["media"] if plays else None,
        poster=thumb if film else None,
        caption=None if source.caption == title else source.caption,
        score=source.score,
        marks=_marks(own, where["media"] if plays else None, film=where if film else None),
    )


def _marks(
    clues: Sequence[Clue], media: str | None, film: Mapping[str, str] | None = None
) -> tuple[Mark, ...]:
    """Evidence as it is listed.

    Args:
        media: what plays its moments; `film` the addresses of a video, whose own page does.
    """
    marks: list[Mark] = []
    number = players = 0
    for clue in clues:
        # Nothing is drawn over a video: which of its frames is meant is said by its moment.
        box = within(clue.box) if film is None else None
        number += box is not None
        moment = None
        if clue.start_s is not None and film is not None:
            moment = _moment_of_film(clue.start_s, clue.end_s, film)
        elif clue.start_s is not None:
            players += 1
            moment = _moment(clue, media if players <= MOST_PLAYERS else None)
        marks.append(
            Mark(
                how=CLUES.get(clue.kind, words.sentence(clue.kind).rstrip(".")),
                text=clue.text,
                number=number if box else None,
                where=place(box) if box else "",
                sure="" if clue.confidence is None else sureness(clue.confidence),
                frame=frame(box) if box else None,
                moment=moment,
            )
        )
    return tuple(marks)


def _moment_of_film(start_s: float, end_s: float | None, film: Mapping[str, str]) -> Moment:
    ends = end_s if end_s is not None and end_s > start_s else None
    middle = start_s if ends is None else (start_s + ends) / 2
    return Moment(
        _when(start_s, ends),
        src=None,
        href=moment_href(film["href"], start_s, ends),
        picture=picture_at(film["thumb"], middle),
    )


def _when(start_s: float, end_s: float | None) -> str:
    begins = words.clock(start_s)
    if end_s is None or words.clock(end_s) == begins:
        return begins
    return f"{begins} to {words.clock(end_s)}"


def _moment(clue: Clue, media: str | None) -> Moment:
    start_s = clue.start_s or 0.0
    ends = clue.end_s is not None and clue.end_s > start_s
    when = _when(start_s, clue.end_s if ends else None)
    part = fragment(start_s, clue.end_s) or (f"#t=0,{clue.end_s:.10g}" if ends else "")
    return Moment(when, f"{media}{part}" if media else None)

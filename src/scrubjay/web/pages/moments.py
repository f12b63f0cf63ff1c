"""The moments of a video as a page shows them: when, what of them speaks, and their picture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from scrubjay.core.types import Clue, Evidence, Hit
from scrubjay.search.item_moments import MomentPage
from scrubjay.search.shown import picture_s
from scrubjay.store.rows import StoredMoment
from scrubjay.web.pages import words

SMALL: Final = 384
"""Pixels of the longer side of a moment's picture."""

SHOWN: Final = 24
"""Moments of one page: an hour of film has hundreds."""

LONGEST: Final = 240
"""Characters of what is said or read that are shown."""

MOST_WORDS: Final = 4
"""Things said or read in one moment that are shown."""

_SECONDS: Final = r"(\d{1,6}(?:\.\d{1,6})?)"
_PART: Final = re.compile(rf"(?:npt:)?{_SECONDS}(?:,{_SECONDS})?", re.ASCII)

_FOUND_BY: Final[Mapping[str, str]] = {
    Clue.SEEN.value: "seen",
    Clue.HEARD.value: "heard",
    Clue.SAID.value: "said",
    Clue.READ.value: "read",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What speaks for a moment.

    Attributes:
        how: `seen`, `heard`, `said` or `read`.
        text: the words that are said or shown; empty: there are none.
    """

    how: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class MomentView:
    """One moment.

    Attributes:
        when: `1:02-1:10`.
        href: the video's page, at this moment.
        picture: a frame of it.
        from_s: where it begins; `to_s` where it ends.
        told: what is said and to be read there.
        playing: whether the page was asked for at this moment.
    """

    when: str
    href: str
    picture: str
    from_s: float
    to_s: float
    told: tuple[Told, ...] = ()
    playing: bool = False


@dataclass(frozen=True, slots=True)
class MomentsView:
    """Some of a video's moments.

    Attributes:
        said: which of how many, in words.
        earlier: the page before these; `later` the one after.
    """

    moments: tuple[MomentView, ...]
    total: int
    said: str
    earlier: str | None = None
    later: str | None = None


def part_of(text: str) -> tuple[float, float | None] | None:
    """The seconds a page's `t=62,70` names; None where it names none."""
    found = _PART.fullmatch(text.strip())
    if found is None:
        return None
    begins = float(found[1])
    ends = float(found[2]) if found[2] else None
    return begins, ends if ends is not None and ends > begins else None


def seconds(value: float) -> str:
    """As an address says it."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def when(start_s: float, end_s: float | None) -> str:
    """`1:02-1:10`; of what ends within the second it began in, only that."""
    begins = words.clock(start_s)
    ends = begins if end_s is None else words.clock(end_s)
    return begins if begins == ends else f"{begins}-{ends}"


def part_fragment(start_s: float, end_s: float | None) -> str:
    """A part as a media fragment (W3C Media Fragments URI 1.0)."""
    return f"#t={seconds(start_s)}" + ("" if end_s is None else f",{seconds(end_s)}")


def moment_href(page: str, start_s: float, end_s: float | None) -> str:
    """A video's page at a moment of it."""
    return f"{page}?{part_fragment(start_s, end_s)[1:]}"


def picture_at(thumb: str, at_s: float, *, side: int = SMALL) -> str:
    """The small picture of a second."""
    return f"{thumb}?" + urlencode({"at": seconds(at_s), "size": side})


def picture_of_hit(hit: Hit) -> float | None:
    """The second that shows a hit: where it was seen, else its middle; None: it has no part."""
    if hit.start_s is None:
        return None
    parts = [(one.start_s, one.end_s) for one in hit.evidence if one.kind == Clue.SEEN.value]
    parts.append((hit.start_s, hit.end_s))
    begins, ends = next(one for one in parts if one[0] is not None)
    begins = begins or 0.0
    return (begins + (begins if ends is None else ends)) / 2


def found_by(evidence: Iterable[Evidence]) -> tuple[Told, ...]:
    """What speaks for a hit, the best first, each thing once."""
    told = [
        Told(_FOUND_BY[one.kind], _short(one.text)) for one in evidence if one.kind in _FOUND_BY
    ]
    return tuple(dict.fromkeys(told))


def moments_view(
    found: MomentPage, page: str, thumb: str, *, asked: tuple[float, float | None] | None
) -> MomentsView:
    """A page of moments.

    Args:
        page: address of the video's page; `thumb` of its small picture.
        asked: the part the page was asked for.
    """
    now = None if asked is None else _at(found.moments, asked[0])
    views = tuple(_view(one, page, thumb, playing=one is now) for one in found.moments)
    first, last = found.first + 1, found.first + len(views)
    said = f"Moments {first} to {last} of {found.total}"
    if len(views) == found.total:
        said = "One moment" if found.total == 1 else f"{found.total} moments"
    return MomentsView(
        moments=views,
        total=found.total,
        said=said,
        earlier=_page_of(page, found.first - SHOWN) if found.first else None,
        later=_page_of(page, last) if last < found.total else None,
    )


def _page_of(page: str, first: int) -> str:
    return f"{page}?moments={max(0, first) // SHOWN + 1}"


def _at(moments: Sequence[StoredMoment], at_s: float) -> StoredMoment | None:
    """The moment of a second: the last that has begun, unless it has ended."""
    begun = [one for one in moments if one.start_s <= at_s]
    return begun[-1] if begun and at_s < begun[-1].end_s else None


def _view(moment: StoredMoment, page: str, thumb: str, *, playing: bool) -> MomentView:
    told = [
        Told(_FOUND_BY[span.clue.value], _short(span.text))
        for span in moment.spans
        if span.clue in {Clue.SAID, Clue.READ} and span.text and span.clue is not None
    ]
    return MomentView(
        when=when(moment.start_s, moment.end_s),
        href=moment_href(page, moment.start_s, moment.end_s),
        picture=picture_at(thumb, picture_s(moment)),
        from_s=moment.start_s,
        to_s=moment.end_s,
        told=tuple(dict.fromkeys(told))[:MOST_WORDS],
        playing=playing,
    )


def _short(text: str | None) -> str:
    whole = " ".join((text or "").split())
    return whole if len(whole) <= LONGEST else f"{whole[: LONGEST - 3]}..."

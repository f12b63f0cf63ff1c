"""The page of a video: its player, and its moments."""

from __future__ import annotations

from dataclasses import dataclass

from scrubjay.search.item_moments import MomentPage
from scrubjay.web.pages.moments import (
    MomentsView,
    moments_view,
    part_fragment,
    picture_at,
    when,
)
from scrubjay.web.pages.things import Thing

LARGE = 768
"""Pixels of the longer side of the picture before it plays."""


@dataclass(frozen=True, slots=True)
class FilmView:
    """A video.

    Attributes:
        fragment: the part that was asked for, as a media fragment.
        poster: its picture before it plays.
        when: that part in words; empty: nothing was asked for.
        fallback: whether few browsers play it.
    """

    moments: MomentsView
    poster: str
    fragment: str = ""
    when: str = ""
    fallback: bool = False


def film_view(
    item: Thing, found: MomentPage, part: tuple[float, float | None] | None, *, plays: bool
) -> FilmView:
    """A video as its page shows it.

    Args:
        part: the seconds the page was asked for.
        plays: whether browsers play its container.
    """
    thumb = item.thumb or ""
    moments = moments_view(found, item.href, thumb, asked=part)
    if part is None:
        return FilmView(moments, f"{thumb}?size={LARGE}", fallback=not plays)
    begins, ends = part
    at_s = begins if ends is None else (begins + ends) / 2
    return FilmView(
        moments=moments,
        poster=picture_at(thumb, at_s, side=LARGE),
        fragment=part_fragment(begins, ends),
        when=when(begins, ends),
        fallback=not plays,
    )

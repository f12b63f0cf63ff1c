"""The moments of a video, some at a time: an hour of film has hundreds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Item
from scrubjay.search.items import known_item
from scrubjay.search.shown import picture_s
from scrubjay.store.home import Home
from scrubjay.store.rows import Span, StoredMoment, moments_in

MOST: Final = 500
"""Moments of one page."""


@dataclass(frozen=True, slots=True)
class MomentPage:
    """Some moments of an item, in order of time.

    Attributes:
        total: moments it has; 0 for what is no video, or is not indexed.
        first: how many there are before these.
    """

    item: Item
    moments: tuple[StoredMoment, ...]
    total: int
    first: int

    @property
    def next(self) -> float | None:
        """What `after` takes for the page after this one; None: there is none."""
        more = self.moments and self.first + len(self.moments) < self.total
        return self.moments[-1].start_s if more else None

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "id": self.item.id,
            "total": self.total,
            "moments": [_moment_to_json(one) for one in self.moments],
            "next": self.next,
        }


def moment_page(
    home: Home,
    item_id: str,
    *,
    limit: int,
    after: float | None = None,
    at: float | None = None,
    first: int = 0,
) -> MomentPage:
    """A page of an item's moments.

    Args:
        limit: moments, 1 to MOST.
        after: only those that begin after this second.
        at: the page that holds the moment of this second, of all pages from the beginning.
        first: how many to pass over. Of the three the first that is given counts.

    Raises:
        UnknownItem: it is not here.
        WrongUse: a limit out of range.
    """
    if not 1 <= limit <= MOST:
        raise WrongUse(f"the limit must be from 1 to {MOST}, not {limit}")
    known = known_item(home, item_id)
    moments = moments_in(known.spans)
    if after is not None:
        first = sum(one.start_s <= after for one in moments)
    elif at is not None:
        first = max(0, sum(one.start_s <= at for one in moments) - 1) // limit * limit
    first = max(0, first)
    return MomentPage(known.item, moments[first : first + limit], len(moments), first)


def _moment_to_json(moment: StoredMoment) -> dict[str, Any]:
    return {
        "start_s": moment.start_s,
        "end_s": moment.end_s,
        "picture_s": picture_s(moment),
        "evidence": [_span_to_json(one) for one in moment.spans],
    }


def _span_to_json(span: Span) -> dict[str, Any]:
    return {
        "kind": span.modality.value if span.clue is None else span.clue.value,
        "text": span.text,
        "start_s": span.start_s,
        "end_s": span.end_s,
    }

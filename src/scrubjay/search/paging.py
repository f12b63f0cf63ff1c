"""Hits a page at a time: what comes after the last hit that was shown, whatever was added since."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import Hit, Kind

MAX_DEPTH: Final = 10_000
"""Hits of one query that can be paged through."""

MAX_CURSOR: Final = 4_000
"""Characters."""

DIGITS: Final = 6
"""Of a score, in the order of hits: sums of float32 agree so far whatever else is in the index."""

EXTRA: Final = 4_000
"""Hits that may be asked for beyond a page, for those that tie with its last."""

FOREIGN: Final = (
    "this cursor belongs to another query, or the collection is served by another index by now; "
    "ask for the first page again"
)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended.

    Attributes:
        seen: hits up to there.
        score: of the last one, rounded to DIGITS.
        id: of the last one.
        moment: where it begins, when it is a moment of a video.
        told: further numbers that all pages share.
    """

    seen: int
    score: float
    id: str
    moment: float | None = None
    told: tuple[float, ...] = ()

    def written(self, bound: str) -> str:
        """As a client is given it.

        Args:
            bound: names what it continues.
        """
        told = (bound, self.seen, self.score, self.id)
        if self.moment is None and not self.told:
            return packed(*told)
        return packed(*told, self.moment, *self.told)

    @classmethod
    def read(cls, text: str, bound: str) -> Cursor:
        """A cursor a client gave back.

        Raises:
            WrongUse: it is none, or continues something else.
        """
        match unpacked(text):
            case [str(whose), int(seen), float(score), str(last), *more] if (
                seen >= 1
                and not isinstance(seen, bool)
                and math.isfinite(score)
                and (rest := _numbers(more)) is not None
            ):
                pass
            case _:
                raise WrongUse(
                    "this is no cursor; give back what the last page called `next`, unchanged"
                )
        if whose != bound:
            raise WrongUse(FOREIGN)
        return cls(seen, score, last, *rest)


def _numbers(told: Sequence[object]) -> tuple[float | None, tuple[float, ...]] | None:
    """A moment and what all pages share; None when that is no such thing."""
    moment, told = (told[0], told[1:]) if told else (None, ())
    numbers = tuple(one for one in told if isinstance(one, float) and math.isfinite(one))
    if len(numbers) < len(told):
        return None
    if moment is None:
        return None, numbers
    return (moment, numbers) if isinstance(moment, float) and math.isfinite(moment) else None


def packed(*told: str | float | None) -> str:
    """Some values as the text of a cursor."""
    text = json.dumps(told, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def unpacked(text: str) -> object:
    """What a cursor's text says; None when it says nothing."""
    if len(text) > MAX_CURSOR:
        return None
    try:
        told: object = json.loads(
            base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        )
    except (ValueError, RecursionError):
        return None
    return told


@dataclass(frozen=True, slots=True)
class Page:
    """Some hits.

    Attributes:
        next: where the page ends, when there are more.
    """

    hits: tuple[Hit, ...]
    next: Cursor | None


def read_page(
    ask: Callable[[int], Sequence[Hit]],
    k: int,
    *,
    after: Cursor | None = None,
    without: str | None = None,
    without_hits: int = 1,
) -> Page:
    """The k hits after a cursor, best first; equal scores in order of id, then of time.

    The pages of one query hold every hit once, in the order one large page would have. Only of
    more than EXTRA hits with the same score some may be missed.

    Args:
        ask: the n best hits; fewer when there are no more.
        after: where the page before ended.
        without: an id that is no hit.
        without_hits: how many there would be of it; a video has one for each of its moments.

    Raises:
        WrongUse: the page is too deep.
    """
    seen = after.seen if after else 0
    if seen >= MAX_DEPTH:
        raise WrongUse(
            f"one query is paged through up to {MAX_DEPTH:,} hits; narrow it with a filter"
        )
    least = seen + k + 2 + (0 if without is None else without_hits)
    fetch = least
    while True:
        found = ask(fetch)
        whole = len(found) < fetch or fetch >= least + EXTRA
        hits = [one for one in _settled(found, whole=whole) if one.id != without]
        rest = _beyond(hits, after)
        if len(rest) > k or whole:
            break
        fetch = min(2 * fetch, least + EXTRA)
    shown = tuple(rest[:k])
    end = None
    if len(rest) > k:
        last = shown[-1]
        end = Cursor(hits.index(last) + 1, last.score, last.id, _moment(last))
    return Page(shown, end)


def _settled(found: Sequence[Hit], *, whole: bool) -> list[Hit]:
    """Hits in their final order: without those that others, not yet seen, may tie with."""
    ordered = sorted(found, key=_place)
    if whole or not ordered:
        return ordered
    last = ordered[-1].score
    return [one for one in ordered if one.score > last]


def _beyond(hits: Sequence[Hit], after: Cursor | None) -> list[Hit]:
    if after is None:
        return list(hits)
    last = _placed(after.score, after.id, after.moment)
    return [one for one in hits if _place(one) > last]


def _place(hit: Hit) -> tuple[float, str, float]:
    return _placed(hit.score, hit.id, _moment(hit))


def _placed(score: float, item_id: str, moment: float | None) -> tuple[float, str, float]:
    return -score, item_id, -math.inf if moment is None else moment


def _moment(hit: Hit) -> float | None:
    """Only videos have several hits; where in a recording its hit lies may change with its rows."""
    return hit.start_s if hit.kind is Kind.VIDEO else None

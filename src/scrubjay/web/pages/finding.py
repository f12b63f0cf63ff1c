"""What the search page shows below its form: hits, or why there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from scrubjay.core.errors import (
    BadFilter,
    BadMedia,
    MissingExtra,
    NotReady,
    ScrubjayError,
    UnknownName,
    UnsupportedModality,
)
from scrubjay.core.types import Item, Kind
from scrubjay.search.query import SearchResult
from scrubjay.store.browse import Facets
from scrubjay.web.batcher import Busy
from scrubjay.web.pages import words
from scrubjay.web.pages.asking import Asked, Filters
from scrubjay.web.pages.things import Thing, of_hit, of_item

TAGS = 100
"""Tags offered to choose from, the most frequent."""


@dataclass(frozen=True, slots=True)
class ProblemView:
    """What went wrong, in words.

    Attributes:
        retry: whether the same question may well be answered in a moment.
    """

    title: str
    message: str
    retry: bool = False


@dataclass(frozen=True, slots=True)
class FoundView:
    """What stands below the form.

    Attributes:
        state: `hits`, `latest`, `empty home`, `nothing close` or `nothing left`.
        said: what a screen reader is told.
        cut: whether what is not close enough was left out.
        uncut: kinds that were not cut although that was wanted, in words; empty: none.
        next: where the next page begins.
        again: whether the next page must be asked for with the example once more.
        took: how long it took, in words.
    """

    state: str
    said: str
    hits: tuple[Thing, ...] = ()
    cut: bool = False
    uncut: str = ""
    next: str | None = None
    again: bool = False
    took: str = ""
    problem: ProblemView | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """A value to filter by, with how many items have it."""

    value: str
    label: str
    count: int
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class FacetsView:
    """What can be filtered by. A facet with one value only filters nothing, and is left out."""

    total: int
    kinds: tuple[Choice, ...] = ()
    months: tuple[Choice, ...] = ()
    languages: tuple[Choice, ...] = ()
    tags: tuple[Choice, ...] = ()


def facets_view(facets: Facets, chosen: Filters) -> FacetsView:
    """Facets with what was chosen; what was chosen is offered even where nothing has it."""
    kinds = tuple(
        Choice(kind, words.kinds_name(kind), count, kind in chosen.kinds)
        for kind, count in _with(facets.kinds, chosen.kinds).items()
    )
    tags = dict(list(facets.tags.items())[:TAGS])
    return FacetsView(
        total=facets.total,
        kinds=kinds if len(kinds) > 1 or chosen.kinds else (),
        months=_choices(facets.months, chosen.month, named=True),
        languages=_choices(facets.languages, chosen.language),
        tags=_choices(tags, chosen.tag),
    )


def _choices(counts: Mapping[str, int], chosen: str, *, named: bool = False) -> tuple[Choice, ...]:
    found = tuple(
        Choice(value, words.month_name(value) if named else value, count)
        for value, count in _with(counts, (chosen,) if chosen else ()).items()
    )
    return found if len(found) > 1 or chosen else ()


def _with(counts: Mapping[str, int], chosen: Sequence[str]) -> dict[str, int]:
    return {**counts, **{one: 0 for one in chosen if one not in counts}}


def hits_view(asked: Asked, result: SearchResult, items: Mapping[str, Item]) -> FoundView:
    """An answer.

    Args:
        items: id -> what is known of a hit beyond the hit itself.
    """
    if not result.hits:
        if result.cut:
            said = f"Nothing here is close enough to {asked.subject}."
            return FoundView("nothing close", said, again=asked.example is not None)
        return FoundView("nothing left", "Nothing passes these filters.")
    hits = tuple(_with_month(of_hit(one), items.get(one.id)) for one in result.hits)
    count = f"{len(hits)} {'hit' if len(hits) == 1 else 'hits'}"
    more = ", and there are more" if result.next else ""
    return FoundView(
        state="hits",
        said=f"{count} nearest to {asked.subject}{more}. The first: {hits[0].title}",
        hits=hits,
        cut=result.cut,
        uncut=_listed(result.uncut) if result.query.alone else "",
        next=result.next,
        again=asked.example is not None,
        took=f"{count} in {result.took_ms.total:.0f} ms",
    )


def _listed(kinds: Sequence[Kind]) -> str:
    """`pictures and recordings`."""
    return words.listed([words.kinds_name(kind).lower() for kind in kinds])


def _with_month(thing: Thing, item: Item | None) -> Thing:
    return thing if item is None else replace(thing, month=item.month)


def latest_view(items: Sequence[Item], *, total: int) -> FoundView:
    """What stands there before anything was asked for."""
    if not total:
        return FoundView("empty home", "Nothing is here yet.")
    if not items:
        return FoundView("nothing left", "Nothing passes these filters.")
    return FoundView("latest", "Put away last.", hits=tuple(map(of_item, items)))


_TITLES: tuple[tuple[type[ScrubjayError], str, bool], ...] = (
    (Busy, "Too many questions at once", True),
    (NotReady, "Not ready yet", True),
    (BadFilter, "The condition is not understood", False),
    (BadMedia, "This file cannot be searched with", False),
    (UnknownName, "It is not here", False),
    (UnsupportedModality, "The model cannot answer this", False),
    (MissingExtra, "A part is not installed", False),
)


def problem_view(error: ScrubjayError, message: str) -> FoundView:
    """Why there is no answer.

    Args:
        message: what may be said of it.
    """
    title, retry = "This cannot be searched for", False
    for kind, named, again in _TITLES:
        if isinstance(error, kind):
            title, retry = named, again
            break
    if not (isinstance(error, BadMedia) and error.path):  # a file's name stays as it is
        message = message[:1].upper() + message[1:]
    message += "" if message.endswith(".") else "."
    return FoundView("problem", f"{title}. {message}", problem=ProblemView(title, message, retry))

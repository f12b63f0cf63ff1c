"""Hits to mark and captions to fix, as the review page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlencode

from scrubjay.core.types import Item
from scrubjay.search.query import SearchResult
from scrubjay.store.feedback import Judgement
from scrubjay.store.home import Home
from scrubjay.web.pages.things import Thing, of_hit

SHOWN = 12
"""Hits of a query, and queries offered."""
RECENT = 20
"""Queries shown of those that were judged last."""


@dataclass(frozen=True, slots=True)
class CaptionView:
    """An item's captions, and how somebody says they should read.

    Attributes:
        key: stands for the item in the page's own ids.
    """

    item: str
    key: str
    captions: tuple[str, ...]
    fixed: str | None

    @property
    def suggested(self) -> str:
        """What stands in the form."""
        return self.fixed or next(iter(self.captions), "")


@dataclass(frozen=True, slots=True)
class ReviewHit:
    """One hit with what is said of it.

    Attributes:
        right: None: nobody says.
    """

    thing: Thing
    query: str
    right: bool | None
    caption: CaptionView

    @property
    def state(self) -> str:
        """What is said of it, in words."""
        return {True: "Marked right", False: "Marked wrong", None: "Not marked"}[self.right]


@dataclass(frozen=True, slots=True)
class Judged:
    """Words whose hits somebody marked."""

    query: str
    href: str
    right: int
    wrong: int


def key_of(item_id: str) -> str:
    """A short name that an element's id may have, whatever an item's may hold."""
    return sha256(item_id.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def address_of(query: str) -> str:
    """Where the hits of some words are marked."""
    return "/review?" + urlencode({"q": query})


def caption_view(home: Home, item: Item) -> CaptionView:
    """What can be fixed of an item."""
    fixed = home.feedback.captions().get(item.id)
    return CaptionView(item.id, key_of(item.id), item.captions, fixed)


def review_hits(home: Home, query: str, result: SearchResult) -> list[ReviewHit]:
    """Hits, each item once, with what is said of them."""
    first: dict[str, Thing] = {}
    for hit in result.hits:
        first.setdefault(hit.id, of_hit(hit))
    items = {item.id: item for item in home.catalog.items(ids=first.keys())}
    marks, fixed = home.feedback.of_query(query), home.feedback.captions()
    return [
        ReviewHit(
            thing,
            query,
            marks.get(item_id),
            CaptionView(item_id, key_of(item_id), items[item_id].captions, fixed.get(item_id)),
        )
        for item_id, thing in first.items()
        if item_id in items
    ]


def judged_queries(judgements: Sequence[Judgement]) -> list[Judged]:
    """Words whose hits were marked, those marked last first."""
    counted: dict[str, list[bool]] = {}
    for one in reversed(judgements):
        counted.setdefault(one.query, []).append(one.right)
    return [
        Judged(query, address_of(query), sum(right), len(right) - sum(right))
        for query, right in list(counted.items())[:RECENT]
    ]

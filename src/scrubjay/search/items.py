"""Items looked at without a query: one with everything known of it, or a page of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from scrubjay.core.errors import UnknownItem, WrongUse
from scrubjay.core.types import Item, plain
from scrubjay.search.paging import FOREIGN, packed, unpacked
from scrubjay.search.question import is_unicode
from scrubjay.store.browse import Place
from scrubjay.store.home import Home
from scrubjay.store.index import Span

MAX_LIMIT: Final = 500


@dataclass(frozen=True, slots=True)
class KnownItem:
    """One item and what the home makes of it.

    Attributes:
        spans: the rows the champion's index has of it; none when no search finds it.
        held: whether nobody may learn from it.
    """

    item: Item
    spans: tuple[Span, ...]
    held: bool

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            **item_to_json(self.item),
            "indexed": [_span_to_json(one) for one in self.spans],
            "held": self.held,
        }


def _span_to_json(span: Span) -> dict[str, Any]:
    told: dict[str, Any] = {
        "modality": span.modality.value,
        "version": span.version,
        "start_s": span.start_s,
        "end_s": span.end_s,
    }
    if span.clue is not None:
        told |= {
            "clue": span.clue.value,
            "text": span.text,
            "moment": None if span.moment is None else list(span.moment),
        }
    return told


@dataclass(frozen=True, slots=True)
class ItemPage:
    """Some items, the newest month first.

    Attributes:
        next: what asks for the page after; None: there is none.
    """

    items: tuple[Item, ...]
    next: str | None

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {"items": [item_to_json(one) for one in self.items], "next": self.next}


def item_to_json(item: Item) -> dict[str, Any]:
    """The documented JSON object."""
    return {
        "id": item.id,
        "kind": item.kind.value,
        "uri": item.uri,
        "uris": list(item.uris),
        "sha256": item.sha256,
        "size": item.size,
        "month": item.month,
        "group": item.group,
        "split": item.split.value,
        "captions": list(item.captions),
        "language": item.language,
        "tags": list(item.tags),
        "attributes": {name: plain(value) for name, value in item.attributes.items()},
        "width": item.width,
        "height": item.height,
        "duration_s": item.duration_s,
    }


def find_item(home: Home, item_id: str) -> Item:
    """One item.

    Raises:
        UnknownItem: it is not here, or is about to be forgotten.
    """
    item = home.catalog.get(item_id) if is_unicode(item_id) else None
    if item is None or item_id in home.forgotten.pending():
        raise UnknownItem(item_id)
    return item


def known_item(home: Home, item_id: str) -> KnownItem:
    """One item with everything that is known of it.

    Raises:
        UnknownItem: as `find_item`.
    """
    item = find_item(home, item_id)
    champion = home.registry.champion()
    spans: Sequence[Span] = ()
    if champion is not None and champion.generation in home.generations.names():
        spans = home.generations.open(champion.generation).spans(item_id)
    return KnownItem(item, tuple(spans), item_id in home.held.ids())


def item_page(
    home: Home, *, limit: int, after: str | None = None, where: str | None = None
) -> ItemPage:
    """A page of the catalog.

    Args:
        limit: items, 1 to MAX_LIMIT.
        after: `ItemPage.next` of the page before, with the same `where`.
        where: a condition, as `narrow.narrowed` writes it.

    Raises:
        WrongUse: a limit out of range, or a cursor of another list.
        BadFilter: a `where` that does not parse or names no column.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise WrongUse(f"the limit must be from 1 to {MAX_LIMIT}, not {limit}")
    bound = hashlib.sha256((where or "").encode("utf-8", "backslashreplace")).hexdigest()[:16]
    items, end = home.catalog.page(
        limit, after=None if after is None else _place(after, bound), where=where
    )
    hidden = home.forgotten.pending()
    return ItemPage(
        tuple(item for item in items if item.id not in hidden),
        None if end is None else packed(bound, end.month, end.id),
    )


def _place(after: str, bound: str) -> Place:
    match unpacked(after):
        case [str(whose), str(month), str(last)] if is_unicode(month + last):
            if whose != bound:
                raise WrongUse(FOREIGN)
            return Place(month, last)
        case _:
            raise WrongUse("this is no cursor; give back what the last page called `next`")

"""Fixed captions take their places: what a source still says as before gives way to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from scrubjay.core.failpoint import failpoint
from scrubjay.core.types import Item
from scrubjay.store.feedback import Mended
from scrubjay.store.home import Home


def as_mended(home: Home, items: Iterable[Item]) -> tuple[Item, ...]:
    """Items that a source brought, saying what people fixed.

    One with a caption that it never had before the fix says something newer, and keeps it.
    """
    mended = home.feedback.mended()
    return tuple(_mended(item, mended.get(item.id)) for item in items)


def _mended(item: Item, by: Mended | None) -> Item:
    told = None if by is None else by.told(item.captions)
    return item if told is None else replace(item, captions=told)


def mend(home: Home) -> tuple[str, ...]:
    """Let the catalog, and the rows that serve, say what people fixed or took back.

    A fix that was overtaken by its source is marked so and counts no more. Killed anywhere, the
    same call again finishes.

    Returns:
        Ids of the items whose captions the catalog says otherwise now.
    """
    mended = home.feedback.mended()
    if not mended:
        return ()
    there = {item.id: item for item in home.catalog.items(ids=mended.keys())}
    told = {item_id: mended[item_id].told(item.captions) for item_id, item in there.items()}
    home.feedback.overtaken([item_id for item_id, captions in told.items() if captions is None])
    wanted = [
        replace(item, captions=told[item_id] or ())
        for item_id, item in there.items()
        if told[item_id] is not None
    ]
    failpoint("mend.before_catalog")
    changes = home.catalog.upsert(wanted)
    failpoint("mend.after_catalog")
    champion = home.registry.champion()
    if champion is not None:
        home.generations.open(champion.generation).describe(wanted)
    return changes.ids

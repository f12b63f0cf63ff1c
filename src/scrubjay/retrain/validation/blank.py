"""Items whose descriptions.json has an entry for them with nothing in it.

An empty description is dropped when a manifest is read, and an item without one may be as its owner
wants it: nobody said anything. A descriptions.json speaks for every object of its folder, though,
and objects without an entry are set aside; so in a folder where some items are described, one that
is not was given an empty text. An empty cell of a table, in contrast, is nothing given.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from scrubjay.core.types import Item

DESCRIPTIONS_LAYOUT: Final = "descriptions"


def given_blank(
    new: Sequence[Item], before: Iterable[Item], *, layout: str, source: str
) -> frozenset[str]:
    """Find the new items that were given an empty description.

    Args:
        new: new and changed items of the source.
        before: known items, of this or any source.
        layout: the source's, as `Layout.name`.
        source: where the new items are, without a slash at its end.

    Returns:
        Their ids; none where the layout is another.
    """
    if layout != DESCRIPTIONS_LAYOUT:
        return frozenset()
    start = f"{source}/"
    described = {
        folder
        for items in (new, before)
        for item in items
        if item.captions
        for folder in _folders(item, start)
    }
    return frozenset(
        item.id for item in new if not item.captions and described & _folders(item, start)
    )


def _folders(item: Item, start: str) -> set[str]:
    """The first folders below the source the item is in; the source itself is the empty name."""
    names = (uri.removeprefix(start) for uri in item.uris if uri.startswith(start))
    return {name.rpartition("/")[0].partition("/")[0] for name in names}

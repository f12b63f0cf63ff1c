"""What a page shows of an item: its file, and its picture made small."""

from __future__ import annotations

from pathlib import Path

from scrubjay.core.errors import BadMedia, UnknownItem
from scrubjay.core.types import Item, Kind
from scrubjay.media.thumbnail import fitting_side, thumbnail
from scrubjay.search.items import find_item
from scrubjay.store.home import Home


def original(home: Home, item_id: str) -> tuple[Item, Path]:
    """An item and a file with exactly its bytes.

    Raises:
        UnknownItem: there is no such item.
        BadMedia: its file is gone or has changed.
    """
    item = find_item(home, item_id)
    return item, home.originals.path(item)


def small_picture(home: Home, item_id: str, side: int) -> tuple[Item, int, bytes]:
    """An item's picture as WebP, its longer side about as long as asked, kept for the next time.

    Returns:
        The item, the side in pixels that was made, and the file.

    Raises:
        UnknownItem: there is no such item.
        BadMedia: it is no picture, or its file is gone or has changed.
    """
    item = find_item(home, item_id)
    side = fitting_side(side)
    if item.kind is not Kind.IMAGE:
        raise BadMedia(f"a {item.kind.value} item has no small picture", item_id)
    data = home.thumbs.read(item.sha256, side)
    if data is None:
        data = thumbnail(home.originals.path(item).read_bytes(), side, home.settings.limits)
        home.thumbs.put(item.sha256, side, data)
        if home.catalog.get(item_id) is None:  # forgotten while it was made
            home.thumbs.remove([item.sha256])
            raise UnknownItem(item_id)
    return item, side, data

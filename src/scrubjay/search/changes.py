"""What a scan of one source means for a catalog: what comes, changes, moves and goes."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from scrubjay.core.types import Item, plain
from scrubjay.store.catalog import joined_item
from scrubjay.store.catalog_schema import checked
from scrubjay.store.sources import digest_of


@dataclass(frozen=True, slots=True)
class Changed:
    """A source against the catalog.

    Attributes:
        added: items nobody knew.
        changed: known items with other bytes or words.
        moved: known items that only go by other addresses now, as the catalog should list them.
        gone: ids of known items that are nowhere any more.
        unnamed: addresses in this source that do not lead to the item they led to.
        unchanged: how many items are as they were.
        known: how many catalogued items were in this source.
        vanished: how many of the gone have no object any more, not even another's.
    """

    added: tuple[Item, ...]
    changed: tuple[Item, ...]
    moved: tuple[Item, ...]
    gone: tuple[str, ...]
    unnamed: tuple[str, ...]
    unchanged: int
    known: int
    vanished: int


def compare(
    found: Iterable[Item], catalogued: Mapping[str, Item], *, below: str, there: Collection[str]
) -> Changed:
    """Hold what a source has against what the catalog says it has.

    An object that is there and became no item - it is damaged, or its row is - takes nothing
    away: the item keeps what it had.

    Args:
        found: everything the source has that could be used.
        catalogued: all items, by id.
        below: how every address in the source begins.
        there: every address in the source that leads to an object.
    """
    new = {item.id: checked(item) for item in found}
    owners = {uri: item.id for item in new.values() for uri in item.uris}
    kept: dict[str, tuple[str, ...]] = {}
    known = vanished = 0
    lost: list[str] = []
    gone: list[str] = []
    for item in catalogued.values():
        own = [uri for uri in item.uris if uri.startswith(below)]
        if not own:
            continue
        known += 1
        away = {uri for uri in own if uri not in there or owners.get(uri, item.id) != item.id}
        lost += sorted(away)
        kept[item.id] = tuple(uri for uri in item.uris if uri not in away)
        if not kept[item.id] and item.id not in new:
            gone.append(item.id)
            vanished += not any(uri in there for uri in own)
    return replace(
        _sorted_out(new.values(), catalogued, kept, lost=frozenset(lost), gone=frozenset(gone)),
        unnamed=tuple(lost),
        known=known,
        vanished=vanished,
    )


def _sorted_out(
    new: Collection[Item],
    catalogued: Mapping[str, Item],
    kept: Mapping[str, tuple[str, ...]],
    *,
    lost: frozenset[str],
    gone: frozenset[str],
) -> Changed:
    added, changed, moved = [], [], []
    unchanged = 0
    for item in new:
        before = catalogued.get(item.id)
        after = joined_item(before, item, gone=lost)
        if before is None:
            added.append(item)
        elif after == before:
            unchanged += 1
        elif replace(after, uris=before.uris) == before:
            moved.append(item)
        else:
            changed.append(item)
    seen = {item.id for item in new}
    for item_id, uris in kept.items():
        before = catalogued[item_id]
        if item_id in seen or item_id in gone or uris == before.uris:
            unchanged += item_id not in seen and item_id not in gone and uris == before.uris
            continue
        moved.append(replace(before, uris=uris))
    return Changed(
        tuple(added), tuple(changed), tuple(moved), tuple(sorted(gone)), (), unchanged, 0, 0
    )


def item_digest(item: Item) -> str:
    """One hash of what an item is and says, whenever and wherever it was found."""
    value = {
        field.name: getattr(item, field.name)
        for field in dataclasses.fields(item)
        if field.name not in {"month", "split", "attributes", "uris"}
    }
    attributes = {name: plain(one) for name, one in item.attributes.items()}
    return digest_of([value, attributes])

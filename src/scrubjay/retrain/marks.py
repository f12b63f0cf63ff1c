"""What the next training learns from marked hits, and what is only measured with them.

A hit marked right makes its query a further caption of the item, for training alone; a wrong one
is a hard negative where a recipe asks for them (`search.hard_negatives.marked_wrong`). Nothing
of the validation and test parts reaches training: marks on such items, and queries that are their
captions, are only probes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from scrubjay.core.types import Item, Kind, Split
from scrubjay.evaluate.feedback_probes import FeedbackProbe
from scrubjay.store.feedback import Judgement
from scrubjay.store.home import Home


def taught(items: Sequence[Item], judgements: Iterable[Judgement]) -> tuple[Item, ...]:
    """Items as a training is to see them: with the queries they were marked right for.

    Args:
        items: of all splits; the captions of those that are held out are no training text.
    """
    extra = further_captions(items, judgements)
    return tuple(
        replace(item, captions=(*item.captions, *extra[item.id])) if item.id in extra else item
        for item in items
    )


def further_captions(
    items: Iterable[Item], judgements: Iterable[Judgement]
) -> dict[str, tuple[str, ...]]:
    """Item id -> queries that it learns as captions, of items that have such."""
    right = [one for one in judgements if one.right]
    if not right:
        return {}
    known = {item.id: item for item in items}
    barred = _held_out_words(known.values())
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for one in right:
        item = known.get(one.item)
        if item is None or not _learns(item) or _folded(one.query) in barred:
            continue
        if _folded(one.query) not in map(_folded, item.captions):
            found[item.id][one.query] = None
    return {item_id: tuple(queries) for item_id, queries in found.items()}


def probes_of(home: Home) -> list[FeedbackProbe]:
    """Every pair of a right and a wrong item of one query, in order of marking.

    Where nobody knows a right item, the wrong one stands alone.
    """
    judgements = home.feedback.judgements()
    if all(one.right for one in judgements):
        return []
    items = {item.id: item for item in home.catalog.items()}
    right = _right_items(items.values(), judgements)
    barred = _held_out_words(items.values())
    probes = []
    for one in judgements:
        if one.right or one.item not in items:
            continue
        groups = {items[item_id].group for item_id in right[one.query]}
        if items[one.item].group in groups:
            continue  # Marked wrong and right at once: nobody can pass.
        untold = _folded(one.query) in barred
        for item_id in right[one.query]:
            held_out = untold or not _learns(items[item_id])
            probes.append(FeedbackProbe(one.query, item_id, one.item, held_out))
        if not right[one.query]:
            probes.append(FeedbackProbe(one.query, None, one.item, held_out=True))
    return probes


def _right_items(items: Iterable[Item], judgements: Sequence[Judgement]) -> Mapping[str, list[str]]:
    """Query -> ids of right items: those marked, else those that say so themselves."""
    known: dict[str, Item] = {}
    says: dict[str, list[str]] = defaultdict(list)
    asked = {_folded(one.query) for one in judgements}
    for item in items:
        known[item.id] = item
        for caption in item.captions:
            if _folded(caption) in asked:
                says[_folded(caption)].append(item.id)
    wrong = {(one.query, one.item) for one in judgements if not one.right}
    found: dict[str, list[str]] = defaultdict(list)
    for one in judgements:
        if one.right and one.item in known:
            found[one.query].append(one.item)
    for query in {one.query for one in judgements} - found.keys():
        ids = dict.fromkeys(says[_folded(query)])
        found[query] = [item_id for item_id in ids if (query, item_id) not in wrong]
    return found


def _learns(item: Item) -> bool:
    return item.split is Split.TRAIN and item.kind is not Kind.VIDEO


def _held_out_words(items: Iterable[Item]) -> frozenset[str]:
    """Captions that only tests and validation may use, unless a training item says the same."""
    held_out: set[str] = set()
    learned: set[str] = set()
    for item in items:
        (learned if item.split is Split.TRAIN else held_out).update(map(_folded, item.captions))
    return frozenset(held_out - learned)


def said_since(home: Home, number: int) -> frozenset[str]:
    """Ids of items whose captions were fixed, or that a training learns further words of, since.

    Args:
        number: of the newest feedback that was heard.
    """
    found = {item for item, one in home.feedback.mended().items() if one.number > number}
    marks = [one for one in home.feedback.judgements() if one.right and one.number > number]
    if marks:
        found |= further_captions(home.catalog.items(), marks).keys()
    return frozenset(found)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()

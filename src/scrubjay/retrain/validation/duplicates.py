"""How much of a month repeats content that is there already, byte for byte or nearly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Item
from scrubjay.media.phash import near_pairs
from scrubjay.retrain.validation.settings import DUPLICATES, ValidateSettings
from scrubjay.retrain.validation.verdict import Finding


def duplicates_finding(
    new: Sequence[Item],
    *,
    known: Sequence[Item],
    older: Mapping[str, Item],
    settings: ValidateSettings,
) -> Finding:
    """Measure the share of new objects whose content another object has.

    Copies do no harm by themselves: the same bytes are one item, and pictures that nearly look
    the same share a split. A month made of them teaches little and is worth a look.

    Args:
        new: new and changed items.
        known: the last snapshot's other items.
        older: id -> what the last snapshot says of a changed item.
        settings: the share that is allowed.
    """
    exact = sum(_copies(item, older.get(item.id)) for item in new)
    fresh = [one for one in new if one.id not in older or older[one.id].sha256 != one.sha256]
    near = _near(fresh, known)
    objects = len(fresh) + exact
    share = (exact + near) / objects if objects else 0.0
    figures = {
        "objects": objects,
        "exact": exact,
        "near": near,
        "share": share,
        "limit": settings.max_duplicates,
    }
    if objects < settings.minimum_n:
        few = f"too few new objects to judge how many are copies: {objects}"
        return Finding(DUPLICATES, few, figures, judged=False)
    statement = f"of {objects} new objects {exact} are exact and {near} near copies of others"
    if exact + near:
        statement += f" ({share:.1%}; {settings.max_duplicates:.1%} are allowed)"
    broken = share > settings.max_duplicates
    stops = DUPLICATES in settings.stop_on
    return Finding(
        DUPLICATES, statement, figures, stops=broken and stops, warns=broken and not stops
    )


def _copies(item: Item, older: Item | None) -> int:
    """Objects with this item's bytes beyond the one that makes it an item."""
    if older is None or older.sha256 != item.sha256:
        return len(item.uris) - 1
    return len(set(item.uris) - set(older.uris))


def _near(fresh: Sequence[Item], known: Iterable[Item]) -> int:
    """Fresh pictures within `NEAR` bits of a known one, or of an earlier fresh one."""
    counts = Counter(item.phash for item in fresh if item.phash is not None)
    own = _hashes(counts)
    repeats = np.zeros(len(own), bool)
    for _, later in near_pairs(own):
        repeats[later] = True
    for place, _ in near_pairs(own, _hashes({i.phash for i in known if i.phash is not None})):
        repeats[place] = True
    sizes = np.fromiter(counts.values(), np.int64, len(counts))
    return int((sizes - ~repeats).sum())


def _hashes(hashes: Iterable[int]) -> NDArray[np.uint64]:
    return np.array([*hashes], dtype=np.uint64)

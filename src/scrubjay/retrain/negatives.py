"""Hard negatives for a run whose configuration asks for them."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from scrubjay.core.errors import Damaged
from scrubjay.core.protocols import Progress
from scrubjay.core.types import Item, Split
from scrubjay.search.hard_negatives import hard_negatives, marked_wrong
from scrubjay.store.durable import write_durably
from scrubjay.store.home import Home
from scrubjay.training.instantiate import refers_to

log = logging.getLogger(__name__)

NAME: Final = "negatives"
"""What a configuration refers to: `{_ref_: negatives}`."""
FILE: Final = "negatives.json"
"""What was mined, in the run's folder while it is trained: one that goes on learns from it, too."""


def negatives_for(
    home: Home,
    folder: Path,
    config: Mapping[str, Any],
    items: Sequence[Item],
    *,
    heard: int | None = None,
    leads: bool = True,
    progress: Progress,
) -> dict[str, object]:
    """The table a configuration refers to under its name; nothing when it refers to none.

    Mined from the index of the version served, with what people marked as wrong in front. Without
    an index, or where it holds none of these items, only what was marked is in it.

    Args:
        folder: the run's.
        items: what is trained on.
        heard: number of the newest feedback that counts; None counts all.
        leads: whether this is the only process, or the first of several; the others write nothing.

    Raises:
        Damaged: what an interrupted fit mined cannot be read.
    """
    if not refers_to(config, NAME):
        return {}
    path = folder / FILE
    if path.exists():
        return {NAME: _kept(path)}
    found = _mined(home, items, heard, progress)
    if leads:
        folder.mkdir(parents=True, exist_ok=True)
        write_durably(path, json.dumps(found).encode(), point="negatives")
    return {NAME: found}


def forget_negatives(folder: Path) -> None:
    """A fit is done: what it mined names groups, and nobody needs it any more."""
    (folder / FILE).unlink(missing_ok=True)


def _mined(
    home: Home, items: Sequence[Item], heard: int | None, progress: Progress
) -> dict[str, tuple[str, ...]]:
    learned = [item for item in items if item.split is Split.TRAIN]
    first = marked_wrong(home.feedback.judgements(until=heard), learned)
    champion = home.registry.champion()
    if champion is None or champion.generation not in home.generations.names():
        log.warning("nothing is served yet: there is no index to mine hard negatives from")
        return first
    generation = home.generations.open(champion.generation)
    return hard_negatives(items, generation, first=first, progress=progress)


def _kept(path: Path) -> dict[str, tuple[str, ...]]:
    try:
        return {
            str(group): tuple(others) for group, others in json.loads(path.read_bytes()).items()
        }
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise Damaged(
            f"{path} holds no hard negatives ({error}); remove it, and they are mined anew"
        ) from error

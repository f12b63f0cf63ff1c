"""Hard negatives for a run whose configuration asks for them."""

from __future__ import annotations

import json
import logging
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from scrubjay.core.errors import Damaged
from scrubjay.core.protocols import Progress
from scrubjay.core.types import Item, Kind, Split
from scrubjay.search.hard_negatives import hard_negatives, marked_wrong
from scrubjay.store.durable import write_durably
from scrubjay.store.home import Home
from scrubjay.store.index import Generation
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
    warn: Callable[[str], None] = log.warning,
    progress: Progress,
) -> dict[str, object]:
    """The table a configuration refers to under its name; nothing when it refers to none.

    Mined from the index of the version served, with what people marked as wrong in front. Without
    an index, or where it holds none of these items, only what was marked is in it.

    Args:
        folder: the run's.
        items: what is trained on.
        heard: number of the newest feedback that counts; None counts all.
        leads: whether this is the only process, or the first of several; the others write and say
            nothing.
        warn: told what is batched at random, why, and what to do; once.

    Raises:
        Damaged: what an interrupted fit mined cannot be read.
    """
    if not refers_to(config, NAME):
        return {}
    path = folder / FILE
    if path.exists():
        return {NAME: _kept(path)}
    learned = [item for item in items if item.split is Split.TRAIN]
    found, lacks = _mined(home, learned, heard, _folder(config), progress)
    if leads:
        if lacks and _asks(config):
            warn(lacks)
        folder.mkdir(parents=True, exist_ok=True)
        write_durably(path, json.dumps(found).encode(), point="negatives")
    return {NAME: found}


def forget_negatives(folder: Path) -> None:
    """A fit is done: what it mined names groups, and nobody needs it any more."""
    (folder / FILE).unlink(missing_ok=True)


def _mined(
    home: Home,
    learned: Sequence[Item],
    heard: int | None,
    folder: str | None,
    progress: Progress,
) -> tuple[dict[str, tuple[str, ...]], str | None]:
    """The table, and what is not in it and why; None where there is nothing to say."""
    add = f"run `scrubjay add {shlex.quote(folder) if folder else 'FOLDER'}` first"
    first = marked_wrong(home.feedback.judgements(until=heard), learned)
    champion = home.registry.champion()
    if champion is None or champion.generation not in home.generations.names():
        return first, (
            f"nothing is served yet, so there is no index to mine hard negatives from: batches are "
            f"drawn at random; {add}"
        )
    generation = home.generations.open(champion.generation)
    found = hard_negatives(learned, generation, first=first, progress=progress)
    unseen, things = _unseen(learned, generation)
    if unseen:
        return found, (
            f"{unseen:,} of {things:,} things to learn from are not in the index of "
            f"{champion.version}, so nothing is mined for them and batches take them at random: "
            f"{add}"
        )
    if not found:
        return found, (
            f"the index of {champion.version} holds no two things that look alike and are not the "
            f"same: batches are drawn at random"
        )
    return found, None


def _unseen(learned: Sequence[Item], generation: Generation) -> tuple[int, int]:
    """Content groups of pictures or recordings: those without a row, and all."""
    rows = generation.embedded()
    media = [item for item in learned if item.kind in {Kind.IMAGE, Kind.SPEECH}]
    groups = {item.group for item in media}
    return len(groups - {item.group for item in media if item.id in rows}), len(groups)


def _folder(config: Mapping[str, Any]) -> str | None:
    """The folder that is learned from in place of the home's items."""
    data = config.get("datamodule")
    folder = data.get("folder") if isinstance(data, Mapping) else None
    return None if folder is None else str(folder)


def _asks(config: Mapping[str, Any]) -> bool:
    """Whether batches are to hold what is mined, and not only what is made."""
    data = config.get("datamodule")
    return not isinstance(data, Mapping) or data.get("hard") != 0


def _kept(path: Path) -> dict[str, tuple[str, ...]]:
    try:
        return {
            str(group): tuple(others) for group, others in json.loads(path.read_bytes()).items()
        }
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise Damaged(
            f"{path} holds no hard negatives ({error}); remove it, and they are mined anew"
        ) from error

"""Items that turn out unreadable while a training runs: named, and tolerated up to a share."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from scrubjay.core.errors import TrainingFailed

log = logging.getLogger(__name__)


def note_problems(
    found: Sequence[tuple[str, str]], known: dict[str, str], tolerate: float, items: int
) -> None:
    """Remember what could not be used, and say each once.

    Args:
        found: (uri, reason) of a batch.
        known: uri to reason so far; grows.
        tolerate: share of the items that may turn out unreadable.
        items: how many there are.

    Raises:
        TrainingFailed: more than that.
    """
    for uri, reason in found:
        if uri not in known:
            known[uri] = reason
            log.warning("left out %s: %s", uri, reason)
    if len(known) > tolerate * items:
        uri, reason = next(iter(known.items()))
        raise TrainingFailed(
            f"{len(known)} of {items} items could not be used, the first {uri}: {reason}; add the "
            f"folder again so that bad files are set aside, or raise datamodule.tolerate (now "
            f"{tolerate:g})"
        )

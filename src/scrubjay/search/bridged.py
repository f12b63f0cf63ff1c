"""A generation in a new version's space, made of the old one's rows: no media is read."""

from __future__ import annotations

from collections.abc import Mapping

from scrubjay.core.failpoint import failpoint
from scrubjay.core.protocols import Progress, silent
from scrubjay.core.types import Modality
from scrubjay.search.bridge import Bridge
from scrubjay.store.index import Generation

PAGE_ROWS = 16_384
"""Rows read, mapped and written at once: 32 MB of vectors of 512 numbers."""


def bridge_generation(
    old: Generation,
    new: Generation,
    bridges: Mapping[Modality, Bridge],
    *,
    page_rows: int = PAGE_ROWS,
    progress: Progress = silent,
) -> int:
    """Carry the rows of one generation into another's space, one matrix product a row.

    Each row keeps the version that made it. What the new generation holds already stays: killed
    and called again, it goes on where it stopped. The rows are durable on return.

    Args:
        old: in the space the bridges begin in.
        new: in the space they end in.
        bridges: modality -> its rows' bridge; items with rows of other modalities are left out: a
            video is whole or not there, and who embeds what is not there embeds it.
        page_rows: rows held in memory at once, or somewhat more.
        progress: told of rows looked at.

    Returns:
        Rows written.

    Raises:
        WrongUse: a bridge between other versions than these generations'.
    """
    total, looked_at, written = old.count(), 0, 0
    without = old.holding(set(Modality) - bridges.keys())
    for page in old.pages(page_rows):
        failpoint("bridge.before_page")
        written += new.carry(page, bridges, without=without)
        failpoint("bridge.after_page")
        looked_at += len(page)
        progress("mapping rows", looked_at, total)
    new.optimise()
    new.sync()
    return written

"""A collection into a generation: only what it does not hold yet, so that any call may be the last.

What is written is decided by an anti-join on (id, sha256) with the generation, whose rows are all
in one version's space. A killed ingestion is finished by the next call; a finished one writes
nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.config import MediaLimits
from scrubjay.core.failpoint import failpoint
from scrubjay.core.protocols import Encoder, Progress, silent
from scrubjay.core.types import EncoderSpec, Item
from scrubjay.media.layout import Problem
from scrubjay.search.decode import DEFAULT_LIMITS, Read, unreadable_by
from scrubjay.search.embed import BATCH_SIZE, embed
from scrubjay.store.index import Generation, Row

WRITE_ROWS = 4096
WRITE_EVERY_S = 30.0
"""Rows wait this long at most, so that a killed ingestion loses half a minute of work."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingestion wrote and what it could not.

    Attributes:
        rows: rows written: one an item, or one a window of a long recording.
        items: items those rows belong to.
        skipped: reason -> items that got no row for it.
        problems: the items among them whose file could not be used, by name.
    """

    rows: int = 0
    items: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def ingest(
    items: Iterable[Item],
    generation: Generation,
    encoder: Encoder,
    *,
    read: Read,
    limits: MediaLimits = DEFAULT_LIMITS,
    threads: int = 0,
    batch_size: int = BATCH_SIZE,
    write_rows: int = WRITE_ROWS,
    progress: Progress = silent,
) -> Ingested:
    """Embed what the generation does not hold and write it; the rows are durable on return.

    An item whose bytes changed has its old rows replaced. All windows of a recording are written
    at once, so a generation never holds half of one.

    Args:
        items: an id given twice counts once.
        generation: built for `encoder`'s version.
        encoder: items it has no tower for are skipped and counted.
        read: the bytes behind a uri.
        limits: what one file may cost.
        threads: decoding threads; 0 means one per available core.
        batch_size: media encoded at once.
        write_rows: rows gathered before they are written.
        progress: told of items done.
    """
    skipped: Counter[str] = Counter()
    problems: list[Problem] = []
    present = generation.embedded()
    missing = _missing(items, present, encoder.spec, skipped)

    def report(item: Item, reason: str) -> None:
        skipped[reason] += 1
        problems.append(Problem(item.uri, reason))

    batch = _Batch(generation, frozenset(present))
    for rows, vectors in embed(
        missing,
        encoder,
        read=read,
        on_problem=report,
        limits=limits,
        threads=threads,
        batch_size=batch_size,
        progress=progress,
    ):
        batch.gather(rows, vectors)
        if batch.due(write_rows):
            batch.write()
    batch.write()
    generation.optimise()
    generation.sync()
    return Ingested(batch.written, batch.items, dict(skipped), tuple(problems))


def _missing(
    items: Iterable[Item], present: Mapping[str, str], spec: EncoderSpec, skipped: Counter[str]
) -> list[Item]:
    """Items whose (id, sha256) has no row; what the encoder cannot embed is counted instead."""
    chosen: dict[str, Item] = {}
    for item in items:
        reason = unreadable_by(spec, item)
        if reason is not None:
            skipped[reason] += 1
        elif present.get(item.id) != item.sha256:
            chosen.setdefault(item.id, item)
    return list(chosen.values())


class _Batch:
    """Rows gathered for the next write."""

    def __init__(self, generation: Generation, present: frozenset[str]) -> None:
        self.generation = generation
        self.present = present
        self.rows: list[Row] = []
        self.vectors: list[NDArray[np.float32]] = []
        self.written = 0
        self.items = 0
        self.since = time.monotonic()

    def gather(self, rows: Sequence[Row], vectors: NDArray[np.float32]) -> None:
        self.rows.extend(rows)
        self.vectors.append(vectors)

    def due(self, write_rows: int) -> bool:
        return len(self.rows) >= write_rows or time.monotonic() - self.since > WRITE_EVERY_S

    def write(self) -> None:
        """Replace what these items had before, then add their rows in one commit."""
        if not self.rows:
            return
        ids = {row.item.id for row in self.rows}
        if changed := ids & self.present:
            self.generation.delete(sorted(changed))
        failpoint("ingest.before_add")
        self.generation.add(self.rows, np.concatenate(self.vectors))
        failpoint("ingest.after_add")
        self.written += len(self.rows)
        self.items += len(ids)
        self.rows, self.vectors, self.since = [], [], time.monotonic()

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
        described: rows whose captions, tags or attributes were brought level.
        skipped: reason -> items that got no row for it.
        problems: the items among them whose file could not be used, by name.
    """

    rows: int = 0
    items: int = 0
    described: int = 0
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

    An item whose bytes changed has its rows replaced; one whose captions, tags or attributes
    changed keeps its vectors and says the new ones. All windows of a recording are written at
    once, so a generation never holds half of one.

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
    missing, present = _divide(items, generation.embedded(), encoder.spec, skipped)
    described = generation.describe(present) if present else 0

    def report(item: Item, reason: str) -> None:
        skipped[reason] += 1
        problems.append(Problem(item.uri, reason))

    batch = _Batch(generation)
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
    return Ingested(batch.written, batch.items, described, dict(skipped), tuple(problems))


def _divide(
    items: Iterable[Item], held: Mapping[str, str], spec: EncoderSpec, skipped: Counter[str]
) -> tuple[list[Item], list[Item]]:
    """(items whose (id, sha256) has no row, items that have); what has no tower is counted."""
    chosen: dict[str, Item] = {}
    for item in items:
        reason = unreadable_by(spec, item)
        if reason is None:
            chosen.setdefault(item.id, item)
        else:
            skipped[reason] += 1
    missing = [item for item in chosen.values() if held.get(item.id) != item.sha256]
    present = [item for item in chosen.values() if held.get(item.id) == item.sha256]
    return missing, present


class _Batch:
    """Rows gathered for the next write."""

    def __init__(self, generation: Generation) -> None:
        self.generation = generation
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
        """Write them in one commit, which also replaces what these items had before."""
        if not self.rows:
            return
        failpoint("ingest.before_add")
        self.generation.add(self.rows, np.concatenate(self.vectors))
        failpoint("ingest.after_add")
        self.written += len(self.rows)
        self.items += len({row.item.id for row in self.rows})
        self.rows, self.vectors, self.since = [], [], time.monotonic()

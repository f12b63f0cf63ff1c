"""A collection into a generation: only what it does not hold yet, so that any call may be the last.

What is written is decided by an anti-join on (id, sha256, version) with the generation: a row that
was mapped from another version's space is embedded anew, after everything that has no row at all.
A killed ingestion is finished by the next call; a finished one writes nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.config import MediaLimits
from scrubjay.core.failpoint import failpoint
from scrubjay.core.protocols import Encoder, Progress, silent
from scrubjay.core.types import EncoderSpec, Item
from scrubjay.media.layout import Problem
from scrubjay.search.decode import DEFAULT_LIMITS, Read, unreadable_by
from scrubjay.search.embed import BATCH_SIZE, embed
from scrubjay.search.film_rows import FilmRows
from scrubjay.search.films import Films
from scrubjay.store.admission import Current
from scrubjay.store.index import Generation, Row

WRITE_ROWS = 4096
WRITE_EVERY_S = 30.0
"""Rows wait this long at most, so that a killed ingestion loses half a minute of work."""
CHANGED = "changed or forgotten while it was embedded"
"""Why an item got no row though nothing is wrong with it: whoever changed it sees to it."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingestion wrote and what it could not.

    Attributes:
        rows: rows written: one an item, or one a window of a long recording.
        items: items those rows belong to.
        described: rows whose captions, tags or attributes were brought level.
        skipped: reason -> items that got no row for it.
        problems: the items among them whose file could not be used, by name.
        upgraded: items among `items` whose rows had been mapped.
        mapped: items whose rows are still mapped.
        moments: of the videos among `items`.
        partly: videos of which a part could not be used, by name, and which part and why.
        lacking: what is not installed and videos were indexed without, a sentence each.
    """

    rows: int = 0
    items: int = 0
    described: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    upgraded: int = 0
    mapped: int = 0
    moments: int = 0
    partly: tuple[Problem, ...] = ()
    lacking: tuple[str, ...] = ()


def ingest(
    items: Iterable[Item],
    generation: Generation,
    encoder: Encoder,
    *,
    read: Read,
    limit: int | None = None,
    current: Current | None = None,
    limits: MediaLimits = DEFAULT_LIMITS,
    threads: int = 0,
    batch_size: int = BATCH_SIZE,
    write_rows: int = WRITE_ROWS,
    films: Films | None = None,
    progress: Progress = silent,
) -> Ingested:
    """Embed what the generation does not hold and write it; the rows are durable on return.

    An item whose bytes changed has its rows replaced; one whose captions, tags or attributes
    changed keeps its vectors and says the new ones. All windows of a recording, and all moments of
    a video, are written at once, so a generation never holds half of one. Mapped rows are embedded
    anew last, those of the newest items first; until its turn comes, each is found as it is.

    Args:
        items: an id given twice counts once.
        generation: in the space of `encoder`'s version.
        encoder: items it has no tower for are skipped and counted.
        read: the bytes behind a uri.
        limit: mapped rows are not gone on with once so many rows took their place; None embeds
            them all, 0 none. What has no row yet is always embedded.
        current: ids to items as they are now, asked before each write while nobody else can. What
            somebody changed or forgot since this ingestion began is then left as they left it.
        limits: what one file may cost.
        threads: decoding threads; 0 means one per available core.
        batch_size: media encoded at once.
        write_rows: rows gathered before they are written.
        films: how videos are read; None: they get no rows.
        progress: told of items done.

    Raises:
        WrongUse: the generation is in the space of another version.
    """
    skipped: Counter[str] = Counter()
    problems: list[Problem] = []
    partly: list[Problem] = []
    lacking: dict[str, None] = {}
    moments = 0
    missing, present = _divide(items, generation.embedded(), encoder.spec, skipped)
    described = generation.describe(present) if present else 0

    def report(item: Item, reason: str) -> None:
        skipped[reason] += 1
        problems.append(Problem(item.uri, reason))

    def note(item: Item, made: FilmRows) -> None:
        nonlocal moments
        moments += len({row.moment for row in made.rows})
        lacking.update(dict.fromkeys(made.lacking))
        if made.broken is not None:
            partly.append(Problem(item.uri, made.broken))

    embedded = partial(
        embed,
        encoder=encoder,
        read=read,
        on_problem=report,
        limits=limits,
        threads=threads,
        batch_size=batch_size,
        films=films,
        on_film=note,
        progress=progress,
    )
    batch = _Batch(generation, current)
    for rows, vectors in embedded(missing):
        batch.gather(rows, vectors)
        if batch.due(write_rows):
            batch.write()
    batch.write()
    upgraded = _Batch(generation, current)
    if limit != 0 and (mapped := generation.mapped()):
        _upgrade(upgraded, embedded(_newest_first(present, mapped)), limit, write_rows)
    generation.optimise()
    generation.sync()
    if passed := batch.passed + upgraded.passed:
        skipped[CHANGED] += passed
    return Ingested(
        rows=batch.written + upgraded.written,
        items=batch.items + upgraded.items,
        described=described,
        skipped=dict(skipped),
        problems=tuple(problems),
        upgraded=upgraded.items,
        mapped=len(generation.mapped()),
        moments=moments,
        partly=tuple(partly),
        lacking=tuple(lacking),
    )


def _newest_first(items: Iterable[Item], ids: Collection[str]) -> list[Item]:
    """Those of these ids; within a month in order of id."""
    wanted = sorted((item for item in items if item.id in ids), key=lambda one: one.id)
    return sorted(wanted, key=lambda one: one.month, reverse=True)


def _upgrade(
    batch: _Batch,
    embedded: Generator[tuple[list[Row], NDArray[np.float32]], None, None],
    limit: int | None,
    write_rows: int,
) -> None:
    """Put embedded rows in the place of mapped ones, and keep the index that finds them level."""
    made = 0
    with closing(embedded):
        for rows, vectors in embedded:
            batch.gather(rows, vectors)
            made += len(rows)
            if batch.due(write_rows):
                batch.write()
                batch.generation.optimise()
            if limit is not None and made >= limit:
                break
    batch.write()


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

    def __init__(self, generation: Generation, current: Current | None) -> None:
        self.generation = generation
        self.current = current
        self.rows: list[Row] = []
        self.vectors: list[NDArray[np.float32]] = []
        self.written = 0
        self.items = 0
        self.passed = 0
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
        passed = self.generation.add(self.rows, np.concatenate(self.vectors), current=self.current)
        failpoint("ingest.after_add")
        kept = [row.item.id for row in self.rows if row.item.id not in passed]
        self.written += len(kept)
        self.items += len(set(kept))
        self.passed += len(passed)
        self.rows, self.vectors, self.since = [], [], time.monotonic()

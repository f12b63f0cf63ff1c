"""Whether people ask for what the champion learned from.

Of a query nothing is kept but its vector, of the last few hundred, in memory. They are compared
with the champion's views of its own training items, as a month's items are.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Modality
from scrubjay.evaluate.drift import Drift, DriftSettings, Vectors, drifts
from scrubjay.web.batcher import Busy
from scrubjay.web.training_views import TrainingSample, draw_sample

if TYPE_CHECKING:
    from scrubjay.web.batcher import Batcher
    from scrubjay.web.context import Context

LAST: Final = 500
"""Queries of a tower that are remembered."""
SETTINGS: Final = DriftSettings(sample=LAST, permutations=199)
NEW: Final = 30
"""New queries after which it is worth reckoning again."""
EVERY_S: Final = 60.0
PIECE: Final = 8
"""Descriptions embedded at once: between two pieces, people's queries have their turn."""

_Rows: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Known:
    """What was reckoned last.

    Attributes:
        reference: what queries were compared with: `training`, or `collection` where the home does
            not hold what the champion learned from.
        drifts: one a tower, named after it.
    """

    reference: str = "training"
    drifts: tuple[Drift, ...] = ()


class QueryDrift:
    """The vectors of recent queries, and how unlike the training they are.

    Used from one event loop; reckoning is done in a thread, when somebody looks.
    """

    def __init__(
        self, *, last: int = LAST, settings: DriftSettings = SETTINGS, every_s: float = EVERY_S
    ) -> None:
        self.known = Known()
        self._settings, self._every_s = settings, every_s
        self._version = ""
        self._recent = {modality: deque[_Rows](maxlen=last) for modality in Modality}
        self._new = 0
        self._reckoned_at = -every_s
        self._reference: tuple[str, dict[str, Vectors], str] | None = None
        self._job: asyncio.Task[None] | None = None

    def saw(self, version: str, modality: Modality, vectors: _Rows) -> None:
        """Remember a query's vector; what another version made is forgotten.

        Args:
            version: that made it.
            modality: the tower that read the query.
            vectors: (n, dim): one, or a recording's windows, whose mean is kept.
        """
        if version != self._version:
            self._version, self.known, self._new = version, Known(), 0
            for recent in self._recent.values():
                recent.clear()
        self._recent[modality].append(vectors.mean(axis=0))
        self._new += 1

    def look(self, context: Context) -> None:
        """Begin to reckon behind the requests, if enough is new and it was not done just now."""
        under_way = self._job is not None and not self._job.done()
        due = time.monotonic() - self._reckoned_at >= self._every_s
        if self._new >= NEW and due and not under_way:
            self._job = context.start(self.reckon(context), name="query drift")

    async def reckon(self, context: Context) -> None:
        """Compare what is remembered with what the champion learned from."""
        self._new, self._reckoned_at = 0, time.monotonic()
        async with context.serving.pair() as pair:
            version = pair.champion.version
            if version != self._version:
                return
            if self._reference is None or self._reference[0] != version:
                sample = await asyncio.to_thread(
                    draw_sample, context.home, pair.champion, most=self._settings.sample
                )
                views = await _views(sample, pair.batchers)
                self._reference = (version, views, sample.reference)
        _, reference, name = self._reference
        recent = {
            modality.value: Vectors(np.stack(rows))
            for modality, rows in self._recent.items()
            if rows
        }
        found = await asyncio.to_thread(drifts, reference, recent, self._settings)
        if version == self._version:
            self.known = Known(name, tuple(found))


async def _views(
    sample: TrainingSample, batchers: Mapping[Modality, Batcher]
) -> dict[str, Vectors]:
    """The sample's vectors by tower: stored ones as they are, descriptions embedded now."""
    views = {modality.value: vectors for modality, vectors in sample.stored.items()}
    if Modality.TEXT in batchers and sample.captions:
        batcher = batchers[Modality.TEXT]
        texts = sample.captions
        starts = range(0, len(texts), PIECE)
        pieces = [await _patiently(batcher, texts[at : at + PIECE]) for at in starts]
        views[Modality.TEXT.value] = Vectors(np.concatenate(pieces), sample.caption_groups)
    return views


async def _patiently(batcher: Batcher, texts: tuple[str, ...]) -> _Rows:
    """Encode when there is room: people go first."""
    while True:
        try:
            return await batcher.encode(texts)
        except Busy as busy:
            await asyncio.sleep(busy.retry_after_s)

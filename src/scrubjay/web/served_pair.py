"""The pair that serves, as a question being answered in a thread searches it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import NotReady
from scrubjay.core.types import EncoderSpec, Media, Modality
from scrubjay.search.query import Searcher
from scrubjay.web.towers import Pair

PAIR: Final[ContextVar[Pair | None]] = ContextVar("pair", default=None)
"""What the question being answered keeps to its end, so that a swap never mixes two."""


class Queued:
    """A pair's encoder, whose batches wait in the pair's queues like any request's."""

    def __init__(self, pair: Pair, loop: asyncio.AbstractEventLoop) -> None:
        self._pair = pair
        self._loop = loop

    @property
    def spec(self) -> EncoderSpec:
        """Of the pair's encoder."""
        return self._pair.encoder.spec

    def encode(self, modality: Modality, batch: Sequence[Media]) -> NDArray[np.float32]:
        """(n, dim) unit rows; called from any thread but the event loop's.

        Raises:
            UnsupportedModality, Busy: as `Towers.encode`.
        """
        encoding = asyncio.run_coroutine_threadsafe(self._pair.encode(modality, batch), self._loop)
        return encoding.result()


def searcher_of(
    loop: asyncio.AbstractEventLoop, why_not: Callable[[], str | None]
) -> Callable[[], Searcher]:
    """What gives the searcher of the pair that the question of this thread keeps.

    Args:
        loop: of the server.
        why_not: why nothing serves.
    """

    def searcher() -> Searcher:
        pair = PAIR.get()
        if pair is None:
            raise NotReady(why_not() or "nothing serves yet; try again in a moment")
        of = pair.searcher
        return Searcher(
            Queued(pair, loop), of.generation, of.champion, limits=of.limits, cutoff=of.cutoff
        )

    return searcher

"""What answers now: one pair of version and generation, changed while requests go on.

A request takes the pair once and keeps it to its end. A new pair is opened and warmed beside the
old one, then takes its place in one assignment; the old one is closed when its last request ends.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter
from types import TracebackType
from typing import Generic, TypeVar

import numpy as np

from scrubjay.core.errors import NotReady, ScrubjayError, UnsupportedModality
from scrubjay.core.protocols import Encoder
from scrubjay.core.types import SAMPLE_RATE, Champion, Media, Modality
from scrubjay.search.query import Query, Searcher, SearchResult
from scrubjay.services import CHAMPION_NAME, open_encoder
from scrubjay.store.home import Home
from scrubjay.web.batcher import Batcher, OnBatch, Vectors
from scrubjay.web.settings import ServeSettings

LOG = logging.getLogger("scrubjay.web")

WARM: Mapping[Modality, Media] = {
    Modality.IMAGE: np.zeros((224, 224, 3), np.uint8),
    Modality.TEXT: "a jay hides an acorn",
    Modality.SPEECH: np.zeros(SAMPLE_RATE, np.float32),
}
"""What each tower is given before anybody's request is."""

MOST_PATIENCE_S = 60.0
"""How long a champion that could not be opened is left alone at most."""


class Towers:
    """One version's encoder with a queue before each tower.

    Attributes:
        encoder: ask it for its `spec`; requests encode through the queues.
        batchers: modality -> its queue.
    """

    def __init__(self, encoder: Encoder, batchers: Mapping[Modality, Batcher]) -> None:
        self.encoder = encoder
        self.batchers = batchers
        self._users = 0
        self._retired = False

    @property
    def version(self) -> str:
        """The registered id."""
        return self.encoder.spec.version

    async def encode(self, modality: Modality, media: Sequence[Media]) -> Vectors:
        """(n, dim) unit rows.

        Raises:
            UnsupportedModality: there is no such tower.
            Busy: too much waits for it.
        """
        batcher = self.batchers.get(modality)
        if batcher is None:
            spec = self.encoder.spec
            raise UnsupportedModality(spec.version or spec.name, modality, spec.modalities)
        return await batcher.encode(media)

    def enter(self) -> None:
        """Count a request in; what is in use is not closed."""
        self._users += 1

    def leave(self) -> None:
        """Count a request out."""
        self._users -= 1
        self._close_if_idle()

    def retire(self) -> None:
        """Close as soon as nobody uses it."""
        self._retired = True
        self._close_if_idle()

    def _close_if_idle(self) -> None:
        if self._retired and not self._users:
            for batcher in self.batchers.values():
                batcher.close()


class Pair(Towers):
    """A version and a generation that belong together."""

    def __init__(
        self,
        searcher: Searcher,
        batchers: Mapping[Modality, Batcher],
        *,
        finders: ThreadPoolExecutor | None = None,
    ) -> None:
        """Put queues before a searcher.

        Args:
            finders: threads that decode and find; None takes the event loop's.
        """
        super().__init__(searcher.encoder, batchers)
        self.searcher = searcher
        self._finders = finders

    @property
    def champion(self) -> Champion:
        """Both names."""
        return self.searcher.champion

    async def search(self, query: Query) -> SearchResult:
        """Find; encoding waits in the queues, decoding and finding happen in threads.

        Raises:
            Busy: too much waits for a tower; else as `Searcher.search`.
        """
        raise NotImplementedError


Used = TypeVar("Used", bound=Towers)


class Using(Generic[Used]):
    """`async with`: what is entered stays open until it is left."""

    def __init__(self, take: Callable[[], Awaitable[Used]]) -> None:
        self._take = take
        self._used: Used | None = None

    async def __aenter__(self) -> Used:
        """Take it; `take` has counted this request in."""
        self._used = await self._take()
        return self._used

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let it go."""
        if self._used is not None:
            self._used.leave()


class Serving:
    """The pair that answers, and other versions that were asked for lately.

    Attributes:
        problem: why the newest champion does not serve yet; None when it does.
        on_batch: told of every batch of every tower.
    """

    def __init__(
        self, home: Home, settings: ServeSettings, *, on_batch: OnBatch | None = None
    ) -> None:
        self.problem: str | None = None
        self.on_batch = on_batch
        self._home = home
        self._settings = settings
        self._pair: Pair | None = None

    @property
    def champion(self) -> Champion | None:
        """The pair that answers now; None before there is one."""
        return self._pair.champion if self._pair else None

    @property
    def ready(self) -> bool:
        """Whether requests are answered."""
        return self._pair is not None

    def depths(self) -> dict[str, int]:
        """Modality -> media that wait for the champion's tower."""
        return (
            {one.value: it.depth for one, it in self._pair.batchers.items()} if self._pair else {}
        )

    def pair(self) -> Using[Pair]:
        """`async with serving.pair() as pair`: the same pair to the end of the request.

        Raises:
            NotReady: on entering; nothing serves yet, and the message says why.
        """
        return Using(self._take_pair)

    def version(self, name: str) -> Using[Towers]:
        """`async with serving.version(name) as towers`: the champion's or another version's.

        Raises:
            UnknownName: on entering; no such version.
            NotReady: on entering; the champion was asked for and there is none.
        """
        return Using(partial(self._take_version, name))

    async def start(self) -> None:
        """Open the champion, where there is one, and begin to watch for the next."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Stop watching; close what is open."""
        raise NotImplementedError

    async def refresh(self) -> Champion | None:
        """Serve the champion that is published now: open, warm, swap.

        Returns:
            The pair that answers now; None when none was ever published.

        Raises:
            ScrubjayError: it cannot be opened; what served before goes on serving.
        """
        raise NotImplementedError

    async def _take_pair(self) -> Pair:
        raise NotImplementedError

    async def _take_version(self, name: str) -> Towers:
        raise NotImplementedError

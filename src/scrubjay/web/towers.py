"""One version's encoder with a queue before each tower, closed when its last request has ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from types import TracebackType
from typing import Generic, TypeAlias, TypeVar

from numpy import float32
from numpy.typing import NDArray

from scrubjay.core.errors import UnsupportedModality
from scrubjay.core.protocols import Encoder
from scrubjay.core.types import Champion, Media, Modality
from scrubjay.search.query import Query, Searcher, SearchResult
from scrubjay.web.batcher import Batcher, Vectors

OnQuery: TypeAlias = Callable[[str, Modality, NDArray[float32]], None]
"""(version, modality, (n, dim) vectors it made of what was asked), on the event loop."""


class Towers:
    """What encodes for one version.

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

    @property
    def busy(self) -> bool:
        """Whether a request that comes now may have to wait for others."""
        return any(one.busy for one in self.batchers.values())

    async def encode(self, modality: Modality, media: Sequence[Media]) -> Vectors:
        """(n, dim) unit rows, one a medium.

        Raises:
            UnsupportedModality: there is no such tower.
            Busy: too much waits for it.
            BadMedia: the encoder cannot use one of them.
        """
        batcher = self.batchers.get(modality)
        if batcher is None:
            spec = self.encoder.spec
            raise UnsupportedModality(spec.version or spec.name, modality.value, spec.modalities)
        return await batcher.encode(media)

    async def encode_all(
        self, media: Mapping[Modality, Sequence[Media]]
    ) -> dict[Modality, Vectors]:
        """What every tower makes of its media; the first error leaves nothing in a queue.

        Raises:
            UnsupportedModality, Busy, BadMedia: as `encode`.
        """
        if len(media) == 1:
            ((modality, batch),) = media.items()
            return {modality: await self.encode(modality, batch)}
        tasks = [asyncio.create_task(self.encode(one, batch)) for one, batch in media.items()]
        try:
            return dict(zip(media, await asyncio.gather(*tasks), strict=True))
        finally:
            for task in tasks:
                task.cancel()

    def enter(self) -> None:
        """Count a request in: nothing it uses is closed."""
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
        threads: Executor | None = None,
        on_query: OnQuery | None = None,
    ) -> None:
        """Put queues before a searcher.

        Args:
            threads: that decode and find; None takes the event loop's.
            on_query: told of the vectors of every query.
        """
        super().__init__(searcher.encoder, batchers)
        self.searcher = searcher
        self._threads = threads
        self._on_query = on_query

    @property
    def champion(self) -> Champion:
        """Both names."""
        return self.searcher.champion

    async def search(self, query: Query) -> SearchResult:
        """Find: pictures and sounds are decoded and vectors compared in threads, towers batch.

        Raises:
            Busy: too much waits for a tower; else as `Searcher.search`.
        """
        began = time.perf_counter()
        loop, searcher = asyncio.get_running_loop(), self.searcher
        if query.after is not None:
            known = await loop.run_in_executor(self._threads, searcher.remembered, query)
            if known is not None:
                return await loop.run_in_executor(self._threads, searcher.find, query, known)
        if query.picture is None and query.sound is None:
            media = searcher.media(query)
        else:
            media = await loop.run_in_executor(self._threads, searcher.media, query)
        parts = await self.encode_all(media)
        if self._on_query is not None:
            for modality, vectors in parts.items():
                self._on_query(self.version, modality, vectors)
        encode_ms = 1000 * (time.perf_counter() - began)
        return await loop.run_in_executor(self._threads, self._found, query, parts, encode_ms)

    def _found(
        self, query: Query, parts: Mapping[Modality, Vectors], encode_ms: float
    ) -> SearchResult:
        searcher = self.searcher
        return searcher.find(query, searcher.vector(query, parts), encode_ms)


Used_co = TypeVar("Used_co", bound=Towers, covariant=True)


class Using(Generic[Used_co]):
    """`async with`: what is entered stays open until it is left."""

    def __init__(self, take: Callable[[], Awaitable[Used_co]]) -> None:
        """Keep how to take it; `take` counts the request in."""
        self._take = take

    async def __aenter__(self) -> Used_co:
        """Take it."""
        self._used = await self._take()
        return self._used

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let it go."""
        self._used.leave()

"""What answers now: one pair of version and generation, changed while requests go on.

A request takes the pair once and keeps it to its end. A new pair is opened and warmed beside the
old one, then takes its place in one assignment; the old one is closed when its last request ends.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from scrubjay.core.errors import Conflict, NotReady, ScrubjayError
from scrubjay.core.protocols import Encoder, Progress, silent
from scrubjay.core.types import SAMPLE_RATE, Champion, Media, Modality
from scrubjay.services import (
    CHAMPION_NAME,
    current_champion,
    open_encoder,
    open_pair,
    set_champion,
)
from scrubjay.store.home import Home
from scrubjay.web.batcher import Batcher, OnBatch
from scrubjay.web.settings import ServeSettings
from scrubjay.web.towers import OnQuery, Pair, Towers, Using

LOG = logging.getLogger("scrubjay.web")

WARM: Mapping[Modality, Media] = {
    Modality.IMAGE: np.zeros((224, 224, 3), np.uint8),
    Modality.TEXT: "a jay hides an acorn",
    Modality.SPEECH: np.zeros(SAMPLE_RATE, np.float32),
}
"""What each tower is given before anybody's request is."""

MOST_PATIENCE_S = 60.0
"""How long a champion that could not be opened is left alone at most."""


class Serving:
    """The pair that answers, and other versions that were asked for lately.

    Used from one event loop.

    Attributes:
        problem: why what is published does not serve; None when it does.
        expected: where nothing was published, what is done about it; None: somebody has to.
        on_batch: told of every batch of every tower; set it before `start`.
        on_query: told of the vectors of every query; set it before `start`.
    """

    def __init__(self, home: Home, settings: ServeSettings) -> None:
        """Nothing is opened before `start`."""
        self.problem: str | None = None
        self.expected: str | None = None
        self.on_batch: OnBatch | None = None
        self.on_query: OnQuery | None = None
        self._home = home
        self._settings = settings
        self._pair: Pair | None = None
        self._others: OrderedDict[str, Towers] = OrderedDict()
        self._opening = asyncio.Lock()
        self._promoting = asyncio.Lock()
        self._unopened: Champion | None = None
        self._patience_s = 0.0
        self._try_again = 0.0
        self._watch: asyncio.Task[None] | None = None
        self._threads = ThreadPoolExecutor(
            max(4, 2 * (os.cpu_count() or 1)), thread_name_prefix="find"
        )

    @property
    def champion(self) -> Champion | None:
        """The pair that answers now; None before there is one."""
        return self._pair.champion if self._pair else None

    @property
    def ready(self) -> bool:
        """Whether requests are answered."""
        return self._pair is not None

    def depths(self) -> dict[Modality, int]:
        """What waits for each of the champion's towers."""
        if self._pair is None:
            return {}
        return {modality: one.depth for modality, one in self._pair.batchers.items()}

    def pair(self) -> Using[Pair]:
        """`async with serving.pair() as pair`: the same pair to the end of the request.

        Raises:
            NotReady: on entering; nothing serves yet, and the message says why.
        """
        return Using(self._take_pair)

    def version(self, name: str) -> Using[Towers]:
        """`async with serving.version(name) as towers`: `champion` or a registered version.

        Raises:
            UnknownName: on entering; no such version.
            NotReady: on entering; the champion was asked for and nothing serves yet.
        """
        return Using(partial(self._take_version, name))

    async def start(self) -> None:
        """Open the champion where there is one, and watch for the next."""
        await self._refresh_quietly()
        if self._settings.watch_s:
            self._watch = asyncio.create_task(self._keep_watching(), name="watch the champion")

    async def stop(self) -> None:
        """Stop watching; close what is open once it is idle."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        open_now = [*self._others.values(), *([self._pair] if self._pair else [])]
        self._pair = None
        self._others.clear()
        for towers in open_now:
            towers.retire()
        self._threads.shutdown(wait=False)

    async def refresh(self) -> Champion:
        """Serve what is published now: open it, warm it, swap.

        Returns:
            The pair that answers now.

        Raises:
            NotReady: nothing was ever published.
            ScrubjayError: it cannot be opened; what answered before goes on answering.
        """
        async with self._opening:
            try:
                champion = await asyncio.to_thread(self._published)
                if champion != self.champion:
                    await self._swap(champion)
            except ScrubjayError as error:
                self.problem = str(error)
                raise
            self.problem = self.expected = self._unopened = None
            self._patience_s = 0.0
            return champion

    def _published(self) -> Champion:
        """What the registry names.

        Raises:
            NotReady: nothing yet; what is done about it, where something is.
        """
        try:
            return current_champion(self._home)
        except NotReady as error:
            if self.expected is None:
                raise
            raise NotReady(self.expected) from error

    async def _swap(self, champion: Champion) -> None:
        """Let this pair answer from now on; requests that are under way keep theirs."""
        try:
            pair = await asyncio.to_thread(self._open, champion)
        except Exception:
            self._unopened = champion
            self._patience_s = min(2 * self._patience_s + self._settings.watch_s, MOST_PATIENCE_S)
            self._try_again = time.monotonic() + self._patience_s
            raise
        old, self._pair = self._pair, pair
        if old is not None:
            old.retire()

    async def promote(self, version: str, *, progress: Progress = silent) -> Champion:
        """Embed the collection with a version, publish the pair, and serve it.

        Takes as long as embedding does; what answers meanwhile goes on answering.

        Args:
            progress: told by another thread.

        Raises:
            UnknownName: no such version.
            Conflict: a version is being promoted already, or another was published meanwhile.
        """
        if self._promoting.locked():
            raise Conflict("a version is being made champion already; try again when it is")
        async with self._promoting:
            await asyncio.to_thread(set_champion, self._home, version, progress=progress)
            return await self.refresh()

    def _open(self, champion: Champion) -> Pair:
        """A pair that has answered once already; takes its time, in a thread."""
        began = time.perf_counter()
        searcher = open_pair(self._home, champion)
        _warm(searcher.encoder)
        searcher.generation.search(np.eye(1, searcher.generation.dim, dtype=np.float32)[0], 1)
        searcher.generation.hold(most_bytes=self._settings.index_bytes)
        pair = Pair(
            searcher,
            self._batchers(searcher.encoder),
            threads=self._threads,
            on_query=self.on_query,
        )
        seconds = time.perf_counter() - began
        LOG.info("version %s serves, opened in %.2f s", champion.version, seconds)
        return pair

    def _open_other(self, version: str) -> Towers:
        encoder = open_encoder(self._home, version)
        _warm(encoder)
        return Towers(encoder, self._batchers(encoder))

    def _batchers(self, encoder: Encoder) -> dict[Modality, Batcher]:
        settings = self._settings
        return {
            modality: Batcher(
                partial(encoder.encode, modality),
                limit=settings.queue,
                limit_bytes=settings.queue_bytes,
                max_batch=settings.max_batch,
                modality=modality.value,
                on_batch=self.on_batch,
            )
            for modality in sorted(encoder.spec.modalities)
        }

    async def _take_pair(self) -> Pair:
        pair = self._pair
        if pair is None:
            raise NotReady(self.problem or "nothing serves yet; try again in a moment")
        pair.enter()
        return pair

    async def _take_version(self, name: str) -> Towers:
        pair = self._pair
        if name == CHAMPION_NAME or (pair is not None and name == pair.version):
            return await self._take_pair()
        towers = self._others.get(name)
        if towers is None:
            async with self._opening:
                towers = self._others.get(name)
                if towers is None:
                    towers = await asyncio.to_thread(self._open_other, name)
                    self._others[name] = towers
        self._others.move_to_end(name)
        towers.enter()
        while len(self._others) > self._settings.versions_kept:
            self._others.popitem(last=False)[1].retire()
        return towers

    async def _refresh_quietly(self) -> None:
        """Serve what is published, if it can be; why not is in `problem`, and in the log once."""
        before = self.problem
        try:
            await self.refresh()
        except ScrubjayError as error:
            if self.problem != before:
                LOG.warning("%s", error)
        except Exception:
            self.problem = "the champion cannot be opened; the server's log says why"
            LOG.exception("the champion cannot be opened; what answered before goes on")

    async def _keep_watching(self) -> None:
        """Look for another champion; one that could not be opened is tried ever less often."""
        while True:
            await asyncio.sleep(self._settings.watch_s)
            waits = self._unopened is not None and time.monotonic() < self._try_again
            if not waits or await self._is_another():
                await self._refresh_quietly()

    async def _is_another(self) -> bool:
        """Whether the champion is not the one that could not be opened."""
        try:
            return await asyncio.to_thread(self._home.registry.champion) != self._unopened
        except ScrubjayError:
            return False


def _warm(encoder: Encoder) -> None:
    """Let every tower compile and run once."""
    for modality in sorted(encoder.spec.modalities):
        encoder.encode(modality, [WARM[modality]])

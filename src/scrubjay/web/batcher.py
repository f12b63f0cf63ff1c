"""Requests that wait for a tower together are encoded together.

Nobody waits for a batch to fill: whatever waits when the tower is free is the next batch. A caller
with more than a batch has one, then stands in line again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.errors import ScrubjayError
from scrubjay.core.types import Media

Vectors: TypeAlias = NDArray[np.float32]

OnBatch: TypeAlias = Callable[[str, int, float], None]
"""(modality, media in the batch, seconds it took)."""

LEAST_RETRY_S = 1.0
MOST_RETRY_S = 60.0
NEWEST = 0.2
"""Weight of the newest batch in what one medium is thought to take."""


class Busy(ScrubjayError):
    """As much waits as may wait; nothing was begun."""

    def __init__(self, retry_after_s: float, what: str = "text") -> None:
        self.retry_after_s = retry_after_s
        super().__init__(
            f"as much waits for the {what} tower as may wait; try again in {retry_after_s:.0f} s"
        )


@dataclass(slots=True, eq=False)
class _Caller:
    """One call of `encode`: its media, how many of them left the queue, and what came back."""

    media: Sequence[Media]
    sizes: Sequence[int]
    answer: asyncio.Future[Vectors]
    sent: int = 0
    done: list[Vectors] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Share:
    """What of a batch is one caller's."""

    caller: _Caller
    media: Sequence[Media]


_Outcome: TypeAlias = "Vectors | BaseException"


class Batcher:
    """One tower's queue and the one thread that encodes; used from one event loop.

    Attributes:
        modality: what `on_batch` and messages call the tower.
        on_batch: told of every batch, on the event loop; None tells nobody.
    """

    def __init__(
        self,
        encode: Callable[[Sequence[Media]], NDArray[np.float32]],
        *,
        limit: int,
        max_batch: int,
        limit_bytes: int | None = None,
        modality: str = "text",
        on_batch: OnBatch | None = None,
    ) -> None:
        """Put a queue before an encoder; its thread begins with the first call.

        Args:
            encode: (n) media to (n, dim); called by one thread at a time.
            limit: media that may wait. One call with more is taken when nothing else waits.
            max_batch: most media that `encode` is given at once.
            limit_bytes: memory that waiting media may take, by the same rule.
        """
        self.modality = modality
        self.on_batch = on_batch
        self._encode = encode
        self._limit = limit
        self._limit_bytes = limit_bytes
        self._max_batch = max_batch
        self._waiting: dict[_Caller, None] = {}  # in order of arrival, and any may leave
        self._depth = 0
        self._bytes = 0
        self._encoding = False
        self._each_s = 0.0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"encode-{modality}")

    @property
    def depth(self) -> int:
        """Media that wait; those being encoded are not among them."""
        return self._depth

    @property
    def busy(self) -> bool:
        """Whether a call that comes now has to wait for others."""
        return self._encoding

    async def encode(self, media: Sequence[Media]) -> NDArray[np.float32]:
        """(n, dim) vectors, one a medium, in order; more than a batch go in several.

        A caller that is cancelled leaves the queue.

        Raises:
            Busy: too much waits already; nothing of this was begun.
            Exception: what the encoder raised for these media. Callers whose media shared a
                batch with them do not hear of it.
        """
        if not media:
            return self._encode(media)
        caller = self._enter(media)
        if not self._encoding:
            self._begin()
        try:
            return await caller.answer
        finally:
            self._leave(caller)

    def close(self) -> None:
        """End the thread once it is idle; nobody may call `encode` any more."""
        self._thread.shutdown(wait=False)

    def _enter(self, media: Sequence[Media]) -> _Caller:
        sizes = [_size(one) for one in media]
        size = sum(sizes)
        if self._waiting and (
            self._depth + len(media) > self._limit
            or (self._limit_bytes is not None and self._bytes + size > self._limit_bytes)
        ):
            wait_s = min(max(LEAST_RETRY_S, self._depth * self._each_s), MOST_RETRY_S)
            raise Busy(wait_s, self.modality)
        caller = _Caller(media, sizes, asyncio.get_running_loop().create_future())
        self._waiting[caller] = None
        self._depth += len(media)
        self._bytes += size
        return caller

    def _leave(self, caller: _Caller) -> None:
        """Forget what of a caller still waits."""
        if caller in self._waiting:
            del self._waiting[caller]
            self._depth -= len(caller.media) - caller.sent
            self._bytes -= sum(caller.sizes[caller.sent :])

    def _begin(self) -> None:
        """Give the free tower what waits longest; of more than a batch, a batch at a time."""
        batch: list[_Share] = []
        room = self._max_batch
        for caller in list(self._waiting):
            share = caller.media[caller.sent : caller.sent + room]
            size = sum(caller.sizes[caller.sent : caller.sent + room])
            batch.append(_Share(caller, share))
            caller.sent += len(share)
            self._depth -= len(share)
            self._bytes -= size
            del self._waiting[caller]
            if caller.sent < len(caller.media):
                # To the end: who brings thousands does not keep the others waiting for all.
                self._waiting[caller] = None
            room -= len(share)
            if not room:
                break
        self._encoding = bool(batch)
        if batch:
            self._thread.submit(self._work, batch, asyncio.get_running_loop())

    def _work(self, batch: Sequence[_Share], loop: asyncio.AbstractEventLoop) -> None:
        """Encode one batch and hand the outcomes to the event loop; on the tower's thread."""
        began = time.perf_counter()
        outcomes = self._outcomes(batch)
        seconds = time.perf_counter() - began
        loop.call_soon_threadsafe(self._end, batch, outcomes, seconds)

    def _outcomes(self, batch: Sequence[_Share]) -> list[_Outcome]:
        """What each share became; where several fail together, each is tried alone."""
        try:
            media = [one for share in batch for one in share.media]
            vectors = self._encode(media)
            _check(vectors, len(media))
        except BaseException as error:  # noqa: BLE001 - whoever waits must hear of anything
            if len(batch) == 1:
                return [error]
            return [outcome for share in batch for outcome in self._outcomes([share])]
        ends = np.cumsum([len(share.media) for share in batch])
        return list(np.split(vectors, ends[:-1]))

    def _end(self, batch: Sequence[_Share], outcomes: Sequence[_Outcome], seconds: float) -> None:
        """Tell the callers of a batch, and begin the next."""
        for share, outcome in zip(batch, outcomes, strict=True):
            self._tell(share.caller, outcome)
        self._begin()
        size = sum(len(share.media) for share in batch)
        self._each_s += (seconds / size - self._each_s) * (NEWEST if self._each_s else 1.0)
        if self.on_batch is not None:
            self.on_batch(self.modality, size, seconds)

    def _tell(self, caller: _Caller, outcome: _Outcome) -> None:
        if caller.answer.done():  # cancelled meanwhile, or told of an earlier part's error
            return
        if isinstance(outcome, BaseException):
            self._leave(caller)
            caller.answer.set_exception(outcome)
            return
        caller.done.append(outcome)
        if sum(map(len, caller.done)) == len(caller.media):
            one = caller.done
            caller.answer.set_result(one[0] if len(one) == 1 else np.concatenate(one))


def _check(vectors: Vectors, n: int) -> None:
    if len(vectors) != n or not np.isfinite(vectors).all():
        raise ScrubjayError(
            f"the encoder answered {n} media with {len(vectors)} vectors, or with numbers that "
            f"are not finite; nothing of it was used"
        )


def _size(media: Media) -> int:
    """Bytes in memory, nearly."""
    return len(media) if isinstance(media, str) else media.nbytes

"""Questions wait here for the models: a few are answered at once, a bounded number waits.

The models are loaded with the first question, or ahead of it by `warm`. A question keeps the pair
of version and generation that serves when its turn comes, to its end. Whoever leaves while he waits
is not worked for; once his question is being answered, it is given up at its next word or step.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from scrubjay.ask.answer import Answer, Asked, Shown, Step
from scrubjay.ask.settings import AskSettings
from scrubjay.core.errors import ScrubjayError
from scrubjay.core.hearing import Spoken, Transcript
from scrubjay.core.types import Sound
from scrubjay.models.family import Room
from scrubjay.store.home import Home
from scrubjay.web.batcher import LEAST_RETRY_S, MOST_RETRY_S, Busy
from scrubjay.web.served_pair import PAIR, searcher_of
from scrubjay.web.serving import Serving

if TYPE_CHECKING:
    from scrubjay.ask.chain import Asking
    from scrubjay.ask.reading import ReadOut
    from scrubjay.web.ask_metrics import AskMetrics

LOG = logging.getLogger("scrubjay.web")

Done = TypeVar("Done")
OnText = Callable[[str], None]
OnStep = Callable[[Step], None]

NEWEST: Final = 0.2
"""Weight of the newest question in what one is thought to take."""


class QuestionsBusy(Busy):
    """As many questions wait as may wait; nothing was begun."""

    def __init__(self, retry_after_s: float) -> None:
        self.retry_after_s = retry_after_s
        ScrubjayError.__init__(
            self, f"as many questions wait as may wait; try again in {retry_after_s:.0f} s"
        )


class GivenUp(Exception):
    """Nobody waits for the answer any more."""


class QuestionLine:
    """The one owner of what answers in this server; used from one event loop.

    `on_text` and `on_step` are called on the event loop, in order, before the answer is returned.

    Attributes:
        metrics: told of steps, answers and errors; None: nobody counts.
    """

    def __init__(
        self,
        home: Home,
        settings: AskSettings,
        serving: Serving,
        *,
        at_once: int = 1,
        waiting: int = 16,
        metrics: AskMetrics | None = None,
    ) -> None:
        """Nothing is opened before the first question.

        Args:
            at_once: questions that are answered at the same time.
            waiting: questions that may wait for their turn.
        """
        self.settings = settings
        self.metrics = metrics
        self._home = home
        self._serving = serving
        self._at_once = at_once
        self._limit = waiting
        self._waiting = 0
        self._each_s = 0.0
        self._asking: Asking | None = None
        self._opening = asyncio.Lock()
        self._turn = asyncio.Semaphore(at_once)
        self._under_way: set[asyncio.Task[Any]] = set()
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="ask")

    @property
    def depth(self) -> int:
        """Questions that wait; those being answered are not among them."""
        return self._waiting

    @property
    def busy(self) -> bool:
        """Whether a question that comes now has to wait."""
        return self._turn.locked()

    def count(self) -> None:
        """Tell the metrics how many wait."""
        if self.metrics is not None:
            self.metrics.depth.set(self._waiting)

    async def warm(self) -> None:
        """Load the models ahead of the first question; what cannot be loaded is in the log."""
        for room in (Room.VLM, Room.OCR, Room.ASR, Room.TTS):
            try:
                await self.run(partial(_warm, room))
            except ScrubjayError as error:
                LOG.warning("what is needed of %s is not loaded: %s", room.value, error)

    async def ask(
        self,
        asked: Asked | Callable[[Asking], Asked],
        *,
        on_text: OnText | None = None,
        on_step: OnStep | None = None,
    ) -> Answer:
        """Answer a question.

        Args:
            asked: the question, or what makes it once its turn has come, in a thread: pictures that
                wait are better waiting as files.

        Raises:
            Busy: too many wait.
            ScrubjayError: as `Asking.ask`.
        """

        def work(asking: Asking, going: _Going) -> Answer:
            made = asked if isinstance(asked, Asked) else asked(asking)
            return asking.ask(made, on_text=going.text(on_text), on_step=going.step(on_step))

        return self._answered(await self._run(work))

    async def describe(
        self,
        shown: Shown | Callable[[], Shown],
        *,
        language: str | None = None,
        on_step: OnStep | None = None,
    ) -> Answer:
        """Describe a picture for somebody who cannot see it; else as `ask`."""

        def work(asking: Asking, going: _Going) -> Answer:
            made = shown if isinstance(shown, Shown) else shown()
            return asking.describe(made, language=language, on_step=going.step(on_step))

        return self._answered(await self._run(work))

    async def read(
        self,
        pages: Sequence[Shown] | Callable[[], Sequence[Shown]],
        *,
        chart: bool = False,
        on_step: OnStep | None = None,
    ) -> ReadOut:
        """Read pages aloud or as a table; else as `ask`."""

        def work(asking: Asking, going: _Going) -> ReadOut:
            made = pages() if callable(pages) else pages
            return asking.read(made, chart=chart, on_step=going.step(on_step))

        return await self._run(work)

    async def hear(
        self,
        sound: Sound | Callable[[], Sound],
        *,
        language: str | None = None,
        words: Sequence[str] | None = None,
    ) -> Transcript:
        """Hear what is said in a sound; else as `ask`."""

        def work(asking: Asking, going: _Going) -> Transcript:
            made = sound() if callable(sound) else sound
            with going.timed("listen"):
                return asking.hear(made, language=language, words=words)

        return await self._run(work)

    async def speak(self, text: str, *, language: str | None = None, speed: float = 1.0) -> Spoken:
        """Say a text; else as `ask`."""

        def work(asking: Asking, going: _Going) -> Spoken:
            with going.timed("speak"):
                return asking.speak(text, language=language, speed=speed)

        return await self._run(work)

    async def run(self, work: Callable[[Asking], Done]) -> Done:
        """Do something with the models, in its turn and in a thread; else as `ask`."""
        return await self._run(lambda asking, _: work(asking))

    async def stop(self) -> None:
        """Let what is being answered be given up; wait for nothing else."""
        for one in list(self._under_way):
            one.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _answered(self, answer: Answer) -> Answer:
        if self.metrics is not None:
            self.metrics.on_answer(answer)
        return answer

    async def _run(self, work: Callable[[Asking, _Going], Done]) -> Done:
        """Wait for a turn and do it; leaving gives it up."""
        await self._wait()
        going = _Going(asyncio.get_running_loop(), self.metrics)
        # A thread cannot be cancelled: its turn and its pair are given back when it has ended.
        task = asyncio.create_task(self._do(work, going))
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            going.given_up.set()
            raise
        except ScrubjayError as error:
            if self.metrics is not None:
                self.metrics.on_error(error)
            raise

    async def _wait(self) -> None:
        if self._turn.locked() and self._waiting >= self._limit:
            error = QuestionsBusy(self._patience_s())
            if self.metrics is not None:
                self.metrics.on_error(error)
            raise error
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1

    def _patience_s(self) -> float:
        """When there may be room again."""
        wait_s = self._each_s * (self._waiting + 1) / self._at_once
        return min(max(LEAST_RETRY_S, wait_s), MOST_RETRY_S)

    async def _do(self, work: Callable[[Asking, _Going], Done], going: _Going) -> Done:
        began = time.perf_counter()
        try:
            asking = await self._opened()
            if going.given_up.is_set():
                raise GivenUp
            async with AsyncExitStack() as stack:
                # A question about given pictures is answered though nothing serves yet.
                pair = None
                if self._serving.ready:
                    pair = await stack.enter_async_context(self._serving.pair())
                context = contextvars.copy_context()
                context.run(PAIR.set, pair)
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(
                    self._threads, context.run, partial(work, asking, going)
                )
        finally:
            seconds = time.perf_counter() - began
            self._each_s += (seconds - self._each_s) * (NEWEST if self._each_s else 1.0)
            self._turn.release()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # of a question that was given up, nobody else asks for it

    async def _opened(self) -> Asking:
        """What answers, opened once; where it cannot be opened, the next question tries again."""
        if self._asking is None:
            async with self._opening:
                if self._asking is None:
                    loop = asyncio.get_running_loop()
                    self._asking = await asyncio.to_thread(self._open, loop)
        return self._asking

    def _open(self, loop: asyncio.AbstractEventLoop) -> Asking:
        from scrubjay.ask.finding import Collection
        from scrubjay.services import open_asking

        serving = searcher_of(loop, lambda: self._serving.problem)
        return open_asking(self._home, self.settings, finder=Collection(self._home, serving))


def _warm(room: Room, asking: Asking) -> None:
    asking.warm(room)


class _Going:
    """One question under way: what it tells, and whether anybody still waits for it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, metrics: AskMetrics | None) -> None:
        self.given_up = threading.Event()
        self._loop = loop
        self._metrics = metrics

    def text(self, tell: OnText | None) -> OnText | None:
        """The same, called on the event loop; None where nobody listens."""
        return None if tell is None else lambda text: self._tell(tell, text)

    def step(self, tell: OnStep | None) -> OnStep:
        """The same, and counted."""

        def told(step: Step) -> None:
            if self._metrics is not None:
                self._metrics.on_step(step.name, step.seconds)
            self._tell(tell, step)

        return told

    def timed(self, step: str) -> _Timed:
        """A `with` whose time is counted as a step's."""
        return _Timed(step, self._metrics)

    def _tell(self, tell: Callable[[Any], None] | None, what: object) -> None:
        if self.given_up.is_set():
            raise GivenUp
        if tell is not None:
            self._loop.call_soon_threadsafe(tell, what)


class _Timed:
    def __init__(self, step: str, metrics: AskMetrics | None) -> None:
        self._step = step
        self._metrics = metrics

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *failed: object) -> None:
        if self._metrics is not None and failed[0] is None:
            self._metrics.on_step(self._step, time.perf_counter() - self._began)

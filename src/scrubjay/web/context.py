"""What every route works with: one per server, at `app.state.context`."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import Depends, Request

from scrubjay.ask.settings import AskSettings
from scrubjay.store.home import Home
from scrubjay.web.asking import QuestionLine
from scrubjay.web.serving import Serving
from scrubjay.web.settings import ServeSettings

if TYPE_CHECKING:
    from scrubjay.web.metrics import Metrics

LOG = logging.getLogger("scrubjay.web")


class Stopped(Exception):
    """The server ends; what is written down is gone on with when it starts again."""


@dataclass(slots=True)
class Context:
    """The home, what serves it, and what goes on behind the requests.

    Attributes:
        metrics: None where nobody counts.
        ask: which models answer questions.
        asking: where questions wait for them.
        jobs: work that outlives the request that began it; `start` adds to it.
        stopping: set when the server ends.
    """

    home: Home
    settings: ServeSettings
    serving: Serving
    metrics: Metrics | None = None
    ask: AskSettings = field(default_factory=AskSettings)
    asking: QuestionLine = field(init=False)
    jobs: set[asyncio.Task[Any]] = field(default_factory=set)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        """Make the line of questions; nothing is opened."""
        self.asking = QuestionLine(
            self.home,
            self.ask,
            self.serving,
            at_once=self.settings.questions,
            waiting=self.settings.questions_waiting,
            metrics=None if self.metrics is None else self.metrics.asked,
        )

    def start(self, job: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Do something behind the requests; it ends with the server at the latest."""
        task = asyncio.create_task(job, name=name)
        self.jobs.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.jobs.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, Stopped):
            LOG.error("%s failed: %s", task.get_name(), error, exc_info=error)

    def unless_stopped(self, what: str, done: int, total: int | None) -> None:
        """A Progress of long work in a thread, which no cancelling reaches.

        Raises:
            Stopped: the server ends.
        """
        if self.stopping.is_set():
            raise Stopped

    async def stop_jobs(self) -> None:
        """Cancel what still goes on, and wait for it to have ended."""
        self.stopping.set()
        jobs = list(self.jobs)
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)


async def get_context(request: Request) -> Context:
    """The server's context; async, since FastAPI sends plain functions to a thread."""
    return cast("Context", request.app.state.context)


ContextDep = Annotated[Context, Depends(get_context)]

"""Uploads of videos: to look one through takes minutes, and no request waits so long.

Whoever sent it is answered at once, and asks how far it is. What is taken in when the server ends
is finished by the next; what is not yet is gone, and nobody was told otherwise.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fastapi import Request
from starlette.exceptions import HTTPException

from scrubjay.core.errors import ScrubjayError
from scrubjay.media.layout import Problem
from scrubjay.search.uploaded import Upload, Uploaded
from scrubjay.web.context import Context
from scrubjay.web.problems import INSIDE, described
from scrubjay.web.uploading import Received, UploadLine

LOG = logging.getLogger("scrubjay.web")

KEPT: Final = 200
"""Uploads that ended and are still told of."""

PATIENCE_S: Final = 3.0
"""A short video is looked through while whoever sent it waits."""


@dataclass(slots=True)
class UploadJob:
    """One upload, as far as it has come.

    Attributes:
        id: names it; nobody guesses it.
        names: of its files.
        doing: the part under way, in words; `share` how far that is, in percent.
        done: what became of every file; None: it goes on, or failed.
        problem: status and message of what went wrong with all of it.
    """

    names: tuple[str, ...]
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    doing: str = "Waiting for its turn"
    share: int | None = None
    done: Uploaded | None = None
    problem: tuple[int, str] | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def going(self) -> bool:
        """Whether it has not ended."""
        return self.done is None and self.problem is None

    def progress(self, what: str, done: int, total: int | None) -> None:
        """Take note; any thread may call it."""
        self.doing = what[:1].upper() + what[1:]
        self.share = min(100, 100 * done // total) if total else None

    async def within(self, seconds: float) -> bool:
        """Wait for it to end, but no longer; whether it has."""
        try:
            async with asyncio.timeout(seconds):
                await self.ended.wait()
        except TimeoutError:
            return False
        return True

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        done = self.done or Uploaded()
        return {
            "upload": self.id,
            "going": self.going,
            "doing": self.doing if self.going else None,
            "share": self.share if self.going else None,
            "problem": None if self.problem is None else self.problem[1],
            **done.to_json(),
        }


class UploadJobs:
    """Those of one server; videos have a line of their own, so that pictures wait for none."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, UploadJob] = OrderedDict()
        self._line = UploadLine()

    def begin(
        self,
        context: Context,
        uploads: Sequence[Upload],
        refused: Sequence[Problem],
        received: Received,
    ) -> UploadJob:
        """Take files in behind the requests.

        Args:
            refused: files that were refused when they were read.
            received: closed when it has ended.

        Raises:
            Busy: too many wait.
        """
        self._line.check()
        job = UploadJob(tuple(one.name for one in uploads))
        self._jobs[job.id] = job
        self._forget_old()
        context.start(self._run(context, job, uploads, refused, received), name="taking in a video")
        return job

    def find(self, job_id: str) -> UploadJob:
        """One that was begun.

        Raises:
            HTTPException: 404: it is none, or long over.
        """
        job = self._jobs.get(job_id)
        if job is None:
            raise HTTPException(
                404,
                "no such upload is known here: it ended long ago, or the server was started again "
                "since; what was taken in is among the items",
            )
        return job

    def _forget_old(self) -> None:
        for old in [one for one in self._jobs.values() if not one.going][:-KEPT]:
            del self._jobs[old.id]

    async def _run(
        self,
        context: Context,
        job: UploadJob,
        uploads: Sequence[Upload],
        refused: Sequence[Problem],
        received: Received,
    ) -> None:
        def progress(what: str, done: int, total: int | None) -> None:
            context.unless_stopped(what, done, total)
            job.progress(what, done, total)

        try:
            done = await self._line.take(context, uploads, progress)
            job.done = replace(done, refused=(*refused, *done.refused))
        except ScrubjayError as error:
            status, message, _, _ = described(error)
            job.problem = status, message
            LOG.log(
                logging.ERROR if status == 500 else logging.WARNING, "an upload failed: %s", error
            )
        except BaseException:
            job.problem = 500, INSIDE
            raise
        finally:
            received.close()
            job.ended.set()


def upload_jobs(request: Request) -> UploadJobs:
    """Those of this server."""
    state = request.app.state
    if not hasattr(state, "upload_jobs"):
        state.upload_jobs = UploadJobs()
    jobs: UploadJobs = state.upload_jobs
    return jobs

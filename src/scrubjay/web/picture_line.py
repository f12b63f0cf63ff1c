"""Small pictures not kept yet wait here: a few are decoded at once, a bounded number waits.

Whoever leaves while he waits is not worked for. One that is being decoded is decoded to its end,
within the limits of one picture or frame; until then nobody else has its place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from fastapi import Request

from scrubjay.core.errors import ScrubjayError
from scrubjay.web.batcher import Busy
from scrubjay.web.going import until_gone

AT_ONCE: Final = 2
"""A picture of the largest size allowed takes 150 MB while it is made small, a video more."""

WAITING: Final = 64
"""Browsers ask for six at a time."""

RETRY_S: Final = 2.0

Made = TypeVar("Made")


class PicturesBusy(Busy):
    """As many small pictures wait as may wait; nothing was begun."""

    def __init__(self) -> None:
        self.retry_after_s = RETRY_S
        ScrubjayError.__init__(
            self, f"too many small pictures wait to be made; try again in {RETRY_S:.0f} s"
        )


class PictureLine:
    """The one line of a server; used from one event loop."""

    def __init__(self, *, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        """Nothing is begun before the first picture.

        Args:
            at_once: pictures that are decoded at the same time.
            waiting: pictures that may wait for their turn besides.
        """
        self._limit = at_once + waiting
        self._here = 0
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="picture")

    async def make(self, request: Request, work: Callable[[], Made]) -> Made:
        """Do it in its turn, as long as the client is there.

        Raises:
            Busy: too many wait.
            ClientDisconnect: the client left.
        """
        if self._here >= self._limit:
            raise PicturesBusy
        self._here += 1
        try:
            return await until_gone(request, self._run(work))
        finally:
            self._here -= 1

    async def _run(self, work: Callable[[], Made]) -> Made:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def pictures_of(request: Request) -> PictureLine:
    """The line of this server."""
    state = request.app.state
    if not hasattr(state, "pictures"):
        state.pictures = PictureLine()
    line: PictureLine = state.pictures
    return line

"""A client that left while its request waited no longer has it waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from scrubjay.web.towers import Towers

Answer = TypeVar("Answer")


async def unless_gone(request: Request, towers: Towers, job: Coroutine[Any, Any, Answer]) -> Answer:
    """Do what a request asks for; once its client leaves, what of it waits for a tower leaves too.

    Where no tower has anything to do, nothing will wait, and nobody is watched.

    Raises:
        ClientDisconnect: the client left; the job was cancelled.
    """
    return await (until_gone(request, job) if towers.busy else job)


async def until_gone(request: Request, job: Coroutine[Any, Any, Answer]) -> Answer:
    """Do what a request asks for, as long as its client is there.

    Raises:
        ClientDisconnect: the client left; the job was cancelled.
    """
    task = asyncio.create_task(job)
    leaving = asyncio.create_task(_left(request))
    try:
        await asyncio.wait({task, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientDisconnect
    finally:
        for one in (task, leaving):
            one.cancel()
        await asyncio.gather(task, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    """Wait for the client to leave; the body was read already."""
    while (await request.receive())["type"] != "http.disconnect":
        pass

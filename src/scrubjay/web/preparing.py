"""A home that has no encoder begins with the one that comes with Scrubjay.

Its graphs are written once, with torch, by a process of its own: the server never imports torch.
"""

from __future__ import annotations

import asyncio
import logging
import sys

from scrubjay.core.errors import NotReady
from scrubjay.store.home import Home
from scrubjay.web.context import Context

LOG = logging.getLogger("scrubjay.web")

BEING_PREPARED = (
    "the encoder that comes with Scrubjay is being prepared, once for this home; "
    "try again in a moment"
)


def wants_preparing(home: Home) -> bool:
    """Whether nothing serves yet, and the encoder that comes with Scrubjay may."""
    return home.settings.builtin and home.registry.champion() is None


async def prepare(context: Context) -> None:
    """Have the encoder prepared, then serve it; a problem is told to whoever asks for readiness."""
    LOG.info("nothing serves yet: preparing the encoder that comes with Scrubjay, once")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "scrubjay", "champion", "prepare"),
        *("--home", str(context.home.path)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    if process.returncode:
        lines = said.decode("utf-8", "replace").strip().splitlines()
        why = lines[-1] if lines else f"its process ended with {process.returncode}"
        context.serving.expected = context.serving.problem = why.removeprefix("scrubjay: ")
        raise NotReady(context.serving.expected)
    champion = await context.serving.refresh()
    LOG.info("version %s serves now", champion.version)

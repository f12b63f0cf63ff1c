"""Work behind the requests ends with the server, and a failure is in the log."""

from __future__ import annotations

import asyncio
import logging

from scrubjay.core.config import Settings
from scrubjay.store.home import Home
from scrubjay.web.context import Context
from scrubjay.web.serving import Serving
from scrubjay.web.settings import ServeSettings


def context_at(path):
    home, settings = Home(Settings(home=path)), ServeSettings()
    return Context(home, settings, Serving(home, settings))


def test_work_is_kept_until_it_ends_and_stopped_with_the_server(tmp_path):
    ended = []

    async def work(seconds):
        try:
            await asyncio.sleep(seconds)
            ended.append("done")
        except asyncio.CancelledError:
            ended.append("stopped")
            raise

    async def main():
        context = context_at(tmp_path)
        short, long = (context.start(work(one), name="work") for one in (0, 60))
        await short
        assert context.jobs == {long}
        await context.stop_jobs()
        assert context.jobs == set()

    asyncio.run(asyncio.wait_for(main(), 60))
    assert ended == ["done", "stopped"]


def test_work_that_fails_is_in_the_log(tmp_path, caplog):
    async def fail():
        raise ValueError("broken")

    async def main():
        task = context_at(tmp_path).start(fail(), name="counting")
        await asyncio.gather(task, return_exceptions=True)

    with caplog.at_level(logging.ERROR, "scrubjay.web"):
        asyncio.run(main())
    assert "counting failed: broken" in caplog.text

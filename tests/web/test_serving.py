"""One pair at a time: a request keeps the pair it began with, and a new one comes in beside it."""

from __future__ import annotations

import asyncio
import shutil
import time

import pytest

from scrubjay.core.config import Settings
from scrubjay.core.errors import Conflict, Damaged, NotReady, UnknownName
from scrubjay.core.types import Champion, Modality
from scrubjay.search.query import Query
from scrubjay.store.home import Home
from scrubjay.web.serving import Serving
from scrubjay.web.settings import ServeSettings
from tests.web.conftest import ServedHome
from tests.web.versions import Pairs, make_pairs

TEXT = "a red thing"


@pytest.fixture(scope="module")
def made_pairs(served_home, tmp_path_factory):
    return make_pairs(served_home, tmp_path_factory.mktemp("pairs") / "home")


@pytest.fixture
def pairs(made_pairs, tmp_path):
    shutil.copytree(made_pairs.home.path, tmp_path / "home")
    home = made_pairs.home
    own = ServedHome(tmp_path / "home", home.version, home.folder, home.captions)
    return Pairs(own, made_pairs.shipped, made_pairs.small, made_pairs.half)


def run(home, job, **settings):
    """Start a Serving, do a job with it, stop it."""

    async def main():
        serving = Serving(home.open(), ServeSettings(**{"watch_s": 0, **settings}))
        await serving.start()
        try:
            await job(serving)
        finally:
            await serving.stop()

    asyncio.run(asyncio.wait_for(main(), 100))


def test_a_request_keeps_its_pair_to_the_end_and_the_next_one_gets_the_new_pair(pairs):
    async def job(serving):
        async with serving.pair() as before:
            pairs.publish(pairs.small)
            assert await serving.refresh() == pairs.small
            old = await before.search(Query(text=TEXT, k=5))
            assert (old.version, old.generation) == (
                pairs.shipped.version,
                pairs.shipped.generation,
            )
            async with serving.pair() as after:
                new = await after.search(Query(text=TEXT, k=5))
            assert Champion(new.version, new.generation) == pairs.small
            assert before.batchers[Modality.TEXT]._thread._shutdown is False
        assert before.batchers[Modality.TEXT]._thread._shutdown is True
        assert serving.champion == pairs.small

    run(pairs.home, job)


def test_another_generation_of_the_same_version_is_another_pair(pairs):
    async def job(serving):
        async with serving.pair() as pair:
            whole = await pair.search(Query(text=TEXT, k=100))
        pairs.publish(pairs.half)
        await serving.refresh()
        async with serving.pair() as pair:
            half = await pair.search(Query(text=TEXT, k=100))
        assert (half.version, half.generation) == (pairs.half.version, "half")
        assert 0 < len(half.hits) < len(whole.hits)

    run(pairs.home, job)


def test_a_new_champion_is_noticed(pairs):
    async def job(serving):
        pairs.publish(pairs.half)
        until = time.monotonic() + 60
        while serving.champion != pairs.half:
            assert time.monotonic() < until
            await asyncio.sleep(0.02)

    run(pairs.home, job, watch_s=0.05)


def test_a_champion_that_is_damaged_does_not_end_the_one_that_answers(pairs):
    folder = pairs.home.open().registry.folder(pairs.small.version)
    whole = (folder / "export" / "text.bin").read_bytes()
    (folder / "export" / "text.bin").write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))

    async def job(serving):
        pairs.publish(pairs.small)
        with pytest.raises(Damaged):
            await serving.refresh()
        assert serving.champion == pairs.shipped
        assert "text.bin" in serving.problem
        async with serving.pair() as pair:
            assert (await pair.search(Query(text=TEXT, k=5))).version == pairs.shipped.version
        (folder / "export" / "text.bin").write_bytes(whole)
        assert await serving.refresh() == pairs.small
        assert serving.problem is None

    run(pairs.home, job)


def test_before_anything_is_published_it_says_what_to_do_and_notices_what_comes(pairs):
    home = pairs.home
    pointer = home.path / "registry" / "champion.json"
    kept = pointer.read_bytes()
    pointer.unlink()

    async def job(serving):
        assert (serving.ready, serving.champion, serving.depths()) == (False, None, {})
        with pytest.raises(NotReady, match="scrubjay add"):
            async with serving.pair():
                pass
        with pytest.raises(NotReady):
            async with serving.version("champion"):
                pass
        pointer.write_bytes(kept)
        until = time.monotonic() + 60
        while not serving.ready:
            assert time.monotonic() < until
            await asyncio.sleep(0.02)

    run(home, job, watch_s=0.05)


def test_a_home_that_is_not_there_is_not_made_by_looking(tmp_path):
    async def main():
        serving = Serving(Home(Settings(home=tmp_path / "none")), ServeSettings(watch_s=0))
        await serving.start()
        assert not serving.ready
        await serving.stop()

    asyncio.run(main())
    assert not (tmp_path / "none").exists()


def test_versions_that_do_not_serve_are_kept_open_as_long_as_they_are_used(pairs):
    async def job(serving):
        async with serving.version(pairs.shipped.version) as same, serving.pair() as pair:
            assert same is pair
        async with serving.version(pairs.small.version) as first:
            assert first.version == pairs.small.version
            assert (await first.encode(Modality.TEXT, [TEXT])).shape == (1, 24)
        async with serving.version(pairs.small.version) as again:
            assert again is first
        with pytest.raises(UnknownName):
            async with serving.version("2020-01-0000000"):
                pass

    run(pairs.home, job, versions_kept=1)

    async def one_off(serving):
        async with serving.version(pairs.small.version) as first:
            assert len(await first.encode(Modality.TEXT, [TEXT])) == 1
        assert first.batchers[Modality.TEXT]._thread._shutdown is True

    run(pairs.home, one_off, versions_kept=0)


def test_promoting_embeds_publishes_and_serves_one_at_a_time(pairs):
    async def job(serving):
        first = asyncio.create_task(serving.promote(pairs.small.version))
        await asyncio.sleep(0)
        with pytest.raises(Conflict):
            await serving.promote(pairs.small.version)
        assert await first == pairs.small
        assert pairs.home.open().registry.champion() == pairs.small
        with pytest.raises(UnknownName):
            await serving.promote("2020-01-0000000")

    run(pairs.home, job)


def test_batches_and_queries_are_told_of(pairs):
    batches, queries = [], []

    async def job(serving):
        async with serving.pair() as pair:
            await asyncio.gather(*(pair.search(Query(text=f"{TEXT} {at}")) for at in range(9)))

    async def main():
        serving = Serving(pairs.home.open(), ServeSettings(watch_s=0))
        serving.on_batch = lambda *told: batches.append(told)
        serving.on_query = lambda *told: queries.append(told[:2])
        await serving.start()
        await job(serving)
        await asyncio.sleep(0)
        await serving.stop()

    asyncio.run(main())
    assert sum(size for _, size, _ in batches) == 9
    assert {what for what, _, _ in batches} == {"text"}
    assert all(seconds > 0 for _, _, seconds in batches)
    assert queries == [(pairs.shipped.version, Modality.TEXT)] * 9

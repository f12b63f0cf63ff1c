"""Nobody's vectors are another's, nobody waits for ever, and who leaves is gone."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.core.errors import BadMedia, ScrubjayError
from scrubjay.core.types import Modality
from scrubjay.models.load import load_encoder
from scrubjay.web.batcher import Batcher, Busy

DIM = 4


def vector(text):
    return np.array([len(text), sum(map(ord, text)) % 997, hash(text) % 991, 1], np.float32)


class Tower:
    """Encodes when it is let; remembers its batches, and who encoded at the same time."""

    def __init__(self, *, hold=False, refuse=()):
        self.batches = []
        self.refuse = frozenset(refuse)
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.alone = threading.Lock()
        if not hold:
            self.gate.set()

    def __call__(self, media):
        assert self.alone.acquire(blocking=False), "two batches at once"
        try:
            self.batches.append(list(media))
            self.entered.set()
            assert self.gate.wait(60)
            for one in media:
                if one in self.refuse:
                    raise BadMedia("refused", one)
            return np.array([vector(one) for one in media], np.float32).reshape(-1, DIM)
        finally:
            self.alone.release()


def batcher(tower, *, limit=1000, max_batch=8, **options):
    return Batcher(tower, limit=limit, max_batch=max_batch, **options)


async def entered(tower):
    assert await asyncio.to_thread(tower.entered.wait, 60)


requests = st.lists(st.lists(st.text(max_size=6), min_size=0, max_size=12), min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(requests=requests, max_batch=st.integers(1, 9))
def test_everybody_gets_their_own_vectors_in_order(requests, max_batch):
    tower = Tower()

    async def run():
        it = batcher(tower, max_batch=max_batch)
        return await asyncio.gather(*(it.encode(media) for media in requests)), it.depth

    answers, depth = asyncio.run(run())
    assert depth == 0
    assert max(map(len, tower.batches), default=0) <= max_batch
    for media, answer in zip(requests, answers, strict=True):
        expected = np.array([vector(one) for one in media], np.float32).reshape(-1, DIM)
        np.testing.assert_array_equal(answer, expected)


@settings(max_examples=60, deadline=None)
@given(
    requests=st.lists(
        st.tuples(st.integers(1, 6), st.sampled_from(["stay", "leave", "bad"])),
        min_size=1,
        max_size=16,
    ),
    max_batch=st.integers(1, 5),
    limit=st.integers(1, 30),
)
def test_whatever_callers_do_each_ends_and_nothing_is_left_behind(requests, max_batch, limit):
    """Some are cancelled while they wait, some bring what cannot be encoded, some are too many."""
    media = [
        [f"{kind} {at} {one}" for one in range(size)] for at, (size, kind) in enumerate(requests)
    ]
    bad = [names[-1] for names, (_, kind) in zip(media, requests, strict=True) if kind == "bad"]
    tower = Tower(hold=True, refuse=bad)

    async def run():
        it = batcher(tower, max_batch=max_batch, limit=limit)
        first = asyncio.create_task(it.encode(["first"]))
        await entered(tower)
        tasks = []
        for names, (_, kind) in zip(media, requests, strict=True):
            task = asyncio.create_task(it.encode(names))
            tasks.append(task)
            await asyncio.sleep(0)
            assert it.depth <= max(limit, max(map(len, media)))
            if kind == "leave":
                task.cancel()
        await asyncio.sleep(0)
        tower.gate.set()
        ended = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 60)
        await first
        return ended, it.depth, it._bytes

    ended, depth, held = asyncio.run(run())
    assert (depth, held) == (0, 0)
    left = {
        name
        for names, one in zip(media, ended, strict=True)
        if isinstance(one, asyncio.CancelledError | Busy)
        for name in names
    }
    assert not left.intersection(name for batch in tower.batches for name in batch)
    for names, (_, kind), one in zip(media, requests, ended, strict=True):
        if isinstance(one, Busy):
            continue
        if kind == "leave":
            assert isinstance(one, asyncio.CancelledError)
        elif kind == "bad":
            assert isinstance(one, BadMedia)
            assert one.path == names[-1]
        else:
            np.testing.assert_array_equal(one, np.array([vector(name) for name in names]))


def test_who_waits_when_the_tower_is_free_is_the_next_batch_in_order_of_arrival():
    tower = Tower(hold=True)
    sizes = []

    async def run():
        it = batcher(tower, on_batch=lambda what, size, seconds: sizes.append((what, size)))
        first = asyncio.create_task(it.encode(["first"]))
        await entered(tower)
        others = [asyncio.create_task(it.encode([f"{at}", f"{at}+"])) for at in range(5)]
        await asyncio.sleep(0)
        assert it.depth == 10
        tower.gate.set()
        await asyncio.gather(first, *others)
        await asyncio.sleep(0)

    asyncio.run(run())
    assert tower.batches == [
        ["first"],
        ["0", "0+", "1", "1+", "2", "2+", "3", "3+"],
        ["4", "4+"],
    ]
    assert sizes == [("text", 1), ("text", 8), ("text", 2)]


def test_one_caller_alone_never_waits_for_others():
    tower = Tower()

    async def run():
        it = batcher(tower, max_batch=1000)
        for at in range(5):
            await it.encode([str(at)])

    asyncio.run(asyncio.wait_for(run(), 60))
    assert tower.batches == [[str(at)] for at in range(5)]


def test_a_full_queue_refuses_at_once_and_takes_again_when_there_is_room():
    tower = Tower(hold=True)

    async def run():
        it = batcher(tower, limit=3)
        first = asyncio.create_task(it.encode(["first"]))
        await entered(tower)
        waiting = asyncio.create_task(it.encode(["a", "b", "c"]))
        await asyncio.sleep(0)
        with pytest.raises(Busy) as refused:
            await it.encode(["d"])
        assert refused.value.retry_after_s >= 1
        assert it.depth == 3
        waiting.cancel()
        await asyncio.sleep(0)
        again = asyncio.create_task(it.encode(["e"]))
        await asyncio.sleep(0)
        tower.gate.set()
        await asyncio.gather(first, again)

    asyncio.run(asyncio.wait_for(run(), 60))
    assert tower.batches == [["first"], ["e"]]


def test_more_than_may_wait_is_taken_when_nothing_else_waits():
    tower = Tower()

    async def run():
        return await batcher(tower, limit=3, max_batch=2).encode(["a", "b", "c", "d", "e"])

    assert len(asyncio.run(run())) == 5
    assert list(map(len, tower.batches)) == [2, 2, 1]


def test_who_brings_much_does_not_keep_the_others_waiting_for_all_of_it():
    tower = Tower(hold=True)

    async def run():
        it = batcher(tower, max_batch=2)
        much = asyncio.create_task(it.encode([f"much {at}" for at in range(20)]))
        await entered(tower)
        one = asyncio.create_task(it.encode(["one"]))
        await asyncio.sleep(0)
        tower.gate.set()
        await asyncio.gather(much, one)
        return await much

    answer = asyncio.run(asyncio.wait_for(run(), 60))
    assert "one" in tower.batches[2]
    np.testing.assert_array_equal(answer, [vector(f"much {at}") for at in range(20)])


def test_memory_that_waits_is_bounded_too():
    pictures = [np.zeros((100, 100, 3), np.uint8)]
    tower = Tower(hold=True)

    def encode(media):
        tower(["picture"] * len(media))
        return np.zeros((len(media), DIM), np.float32)

    async def run():
        it = batcher(encode, limit_bytes=50_000)
        tasks = [asyncio.create_task(it.encode(pictures))]
        await entered(tower)
        tasks.append(asyncio.create_task(it.encode(pictures)))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await it.encode(pictures)
        tower.gate.set()
        await asyncio.gather(*tasks)

    asyncio.run(asyncio.wait_for(run(), 60))


def test_what_is_left_of_a_cancelled_call_leaves_the_queue():
    tower = Tower(hold=True)

    async def run():
        it = batcher(tower, max_batch=2)
        task = asyncio.create_task(it.encode(["a", "b", "c", "d", "e"]))
        await entered(tower)
        assert it.depth == 3
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert it.depth == 0
        tower.gate.set()
        await it.encode(["next"])

    asyncio.run(asyncio.wait_for(run(), 60))
    assert tower.batches == [["a", "b"], ["next"]]


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((1, DIM), np.float32),
        np.full((2, DIM), np.nan, np.float32),
    ],
)
def test_what_is_no_answer_is_given_to_nobody(wrong):
    async def run():
        with pytest.raises(ScrubjayError, match="nothing of it was used"):
            await batcher(lambda media: wrong).encode(["a", "b"])

    asyncio.run(run())


def test_even_the_end_of_a_program_reaches_who_waits():
    def encode(media):
        raise SystemExit(3)

    async def run():
        with pytest.raises(BaseExceptionGroup) as ended:
            await asyncio.gather(_grouped(batcher(encode).encode(["a"])))
        return ended.value.exceptions[0]

    assert isinstance(asyncio.run(run()), SystemExit)


async def _grouped(one):
    try:
        return await one
    except BaseException as error:  # asyncio would end the loop for a bare SystemExit
        raise BaseExceptionGroup("ended", [error]) from error


def test_batched_vectors_are_those_encoded_alone():
    encoder = load_encoder("fake")
    texts = [f"a {colour} thing, number {at}" for at in range(40) for colour in ("red", "blue")]

    async def run():
        it = batcher(lambda media: encoder.encode(Modality.TEXT, media), max_batch=16)
        return await asyncio.gather(*(it.encode([text]) for text in texts))

    for text, answer in zip(texts, asyncio.run(run()), strict=True):
        alone = encoder.encode(Modality.TEXT, [text])
        np.testing.assert_allclose(answer, alone, atol=1e-6)

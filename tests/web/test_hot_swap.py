"""Champions change under load, and nobody notices but by the name in the answer."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from dataclasses import dataclass, field

import pytest

from scrubjay.search.query import Query
from scrubjay.services import open_pair
from tests.web.process import started
from tests.web.versions import Pairs, make_pairs

K = 5
TEXTS = ("a red thing", "a blue thing at night", "two green things", "a low tone")


@pytest.fixture(scope="module")
def pairs(served_home, tmp_path_factory):
    return make_pairs(served_home, tmp_path_factory.mktemp("swapped") / "home")


def expected(pairs: Pairs) -> dict[tuple[str, str, str], list[tuple[str, float]]]:
    """(version, generation, text) -> ids and scores, as each pair by itself finds them."""
    found = {}
    for champion in pairs.all:
        searcher = open_pair(pairs.home.open(), champion)
        for text in TEXTS:
            hits = searcher.search(Query(text=text, k=K)).hits
            key = (champion.version, champion.generation, text)
            found[key] = [(hit.id, hit.score) for hit in hits]
    return found


@dataclass
class Clients:
    """Clients that ask without pause and check every answer."""

    port: int
    pairs: Pairs
    expected: dict
    dims: dict
    enough: int
    answers: int = 0
    failures: list[str] = field(default_factory=list)
    by_pair: dict[tuple[str, str], int] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    numbers: itertools.count = field(default_factory=itertools.count)

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while not self.stop.is_set():
            number = next(self.numbers)
            text = TEXTS[number % len(TEXTS)]
            try:
                if number % 5:
                    wrong, pair = self.search(connection, text)
                else:
                    wrong, pair = self.embed(connection, text)
            except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
                wrong, pair = repr(error), ("", "")
                connection.close()
            with self.lock:
                self.answers += 1
                self.by_pair[pair] = self.by_pair.get(pair, 0) + 1
                if wrong:
                    self.failures.append(wrong)

    def met(self, generation):
        """Whether a generation has answered, since it was served last or before."""
        with self.lock:
            return any(found == generation for _, found in self.by_pair)

    def ask(self, connection, path, body):
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def search(self, connection, text):
        status, told = self.ask(connection, "/v1/search", {"text": text, "k": K})
        if status != 200:
            return f"{status}: {told}", ("", "")
        pair = (told["version"], told["generation"])
        hits = [(hit["id"], hit["score"]) for hit in told["hits"]]
        return self.differs(hits, self.expected.get((*pair, text))), pair

    def differs(self, hits, wanted):
        """Why hits are not the ones of the pair that is named; scores may differ by a bfloat16."""
        if wanted is None:
            return "a pair nobody published"
        if len(hits) != len(wanted):
            return f"{len(hits)} hits for {len(wanted)}"
        for (_, score), (_, right) in zip(hits, wanted, strict=True):
            if abs(score - right) > 0.01:
                return f"{hits} is not {wanted}"
        return ""

    def embed(self, connection, text):
        status, told = self.ask(connection, "/v1/embeddings", {"input": text})
        if status != 200:
            return f"{status}: {told}", ("", "")
        dim = len(told["data"][0]["embedding"])
        wrong = "" if self.dims.get(told["model"]) == dim else f"{told['model']} with {dim}"
        return wrong, (told["model"], "")


def swap(server, pairs, times, asking):
    """Publish each pair in turn, half of them by asking the server, half by waiting for it.

    Each stays until one of the clients was answered by it.
    """
    turns = itertools.islice(itertools.cycle([pairs.small, pairs.half, pairs.shipped]), times)
    for number, champion in enumerate(turns):
        pairs.publish(champion)
        if number % 2:
            status, told = server.ask("POST", "/v1/champion")
            assert status == 200, told
            assert json.loads(told)["generation"] == champion.generation
        until = time.monotonic() + 60
        while json.loads(server.ask("GET", "/readyz")[1])["generation"] != champion.generation:
            assert time.monotonic() < until, "the champion was not noticed"
            time.sleep(0.05)
        while not asking.met(champion.generation):
            assert time.monotonic() < until, "nobody was answered by the champion"
            time.sleep(0.02)


def swap_under_load(pairs, capsys, *, requests, swaps, clients):
    found = expected(pairs)
    assert len({json.dumps(one) for one in found.values()}) == len(found)
    dims = {pairs.shipped.version: 192, pairs.small.version: 24}
    with started(pairs.home.path, OMP_NUM_THREADS="1") as server:
        server.until_ready()
        asking = Clients(server.port, pairs, found, dims, requests)
        threads = [threading.Thread(target=asking.run) for _ in range(clients)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        try:
            swap(server, pairs, swaps, asking)
            while asking.answers < requests:
                assert time.monotonic() < began + 1100
                time.sleep(0.05)
        finally:
            asking.stop.set()
            for thread in threads:
                thread.join(70)
        seconds = time.monotonic() - began
    with capsys.disabled():
        print(
            f"\n{asking.answers:,} requests in {seconds:.0f} s by {clients} clients, {swaps} swaps:"
            f" {len(asking.failures)} failures; {asking.by_pair}"
        )
    assert asking.failures == []
    assert asking.answers >= requests
    assert len({generation for _, generation in asking.by_pair if generation}) == min(3, 1 + swaps)


def test_two_swaps_under_load(pairs, capsys):
    swap_under_load(pairs, capsys, requests=100, swaps=2, clients=4)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_twenty_swaps_and_ten_thousand_requests(pairs, capsys):
    swap_under_load(pairs, capsys, requests=10_000, swaps=20, clients=8)

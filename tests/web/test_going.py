"""A full queue is said at once, and a client that left is not worked for."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections import Counter

import pytest

from scrubjay.web.server import create_app
from scrubjay.web.settings import ServeSettings
from tests.web.live import listening


class Slow:
    """An encoder that takes its time, and remembers what it was given."""

    def __init__(self, encode):
        self.encode = encode
        self.seen = []
        self.gate = threading.Event()

    def __call__(self, media):
        self.seen.extend(media)
        assert self.gate.wait(60)
        return self.encode(media)


@pytest.fixture
def served(served_home):
    """(address, the text tower's queue, what encodes behind it)."""
    app = create_app(served_home.open(), ServeSettings(watch_s=0, queue=4, max_batch=1))
    with listening(app) as url:
        batcher = app.state.context.serving._pair.batchers["text"]
        slow = batcher._encode = Slow(batcher._encode)
        yield int(url.rpartition(":")[2]), batcher, slow
        slow.gate.set()


def until(condition):
    ends = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.005)


def ask(port, path, body):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    return answer.status, answer.getheader("Retry-After"), json.loads(answer.read())


def request_bytes(path, body):
    data = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data


@pytest.mark.parametrize(
    ("path", "body"),
    [("/v1/search", {"text": "TEXT"}), ("/v1/embeddings", {"input": ["TEXT"]})],
)
def test_a_client_that_left_is_not_encoded_for(served, path, body):
    port, batcher, slow = served
    first = threading.Thread(target=ask, args=(port, path, json.loads(json.dumps(body))))
    first.start()
    until(lambda: slow.seen)
    with socket.create_connection(("127.0.0.1", port)) as leaving:
        leaving.sendall(request_bytes(path, json.loads(json.dumps(body).replace("TEXT", "gone"))))
        until(lambda: batcher.depth == 1)
    until(lambda: batcher.depth == 0)
    slow.gate.set()
    first.join()
    assert ask(port, path, body)[0] == 200
    assert "gone" not in slow.seen


def test_when_the_queue_is_full_the_answer_is_429_and_when_to_come_back(served):
    port, batcher, slow = served
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(ask(port, "/v1/search", {"text": "a"})))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    until(lambda: len(answers) == 12 - 1 - 4)
    assert batcher.depth == 4
    for status, retry_after, told in answers:
        assert (status, told["error"]["code"]) == (429, "busy")
        assert told["error"]["type"] == "rate_limit_error"
        assert int(retry_after) >= 1
    slow.gate.set()
    for thread in threads:
        thread.join()
    assert Counter(status for status, _, _ in answers) == {429: 7, 200: 5}

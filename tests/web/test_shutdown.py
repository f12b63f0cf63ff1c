"""The end of a server: who was let in is answered, and it does end."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn

from scrubjay.web import shutdown
from scrubjay.web.shutdown import shut
from tests.web.load import Load

SERVER = """
import asyncio, random, socket, sys, time
import uvicorn
from scrubjay.web import shutdown

shutdown.HARD_S = 1.0

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] in ("/never", "/thread"):
        print("begun", flush=True)
    if scope["path"] == "/slow":
        await asyncio.sleep(random.uniform(0.0, 0.3))
    elif scope["path"] == "/never":
        await asyncio.sleep(60)
    elif scope["path"] == "/thread":
        await asyncio.to_thread(time.sleep, 60)
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})

config = uvicorn.Config(app, lifespan="off", log_level="warning")
with socket.create_server(("127.0.0.1", 0)) as listening:
    print(listening.getsockname()[1], flush=True)
    server = shutdown.GracefulServer(config, shutdown_s=float(sys.argv[1]))
    server.run([listening])
"""


@contextmanager
def served(shutdown_s: float) -> Iterator[tuple[subprocess.Popen[str], int]]:
    command = [sys.executable, "-c", SERVER, str(shutdown_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            client.request("GET", "/")
            assert client.getresponse().read() == b"ok"
            client.close()
            yield process, port
        finally:
            process.kill()


def begun(process: subprocess.Popen[str]) -> None:
    """Wait until a request has come to the application."""
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"


@pytest.mark.parametrize("path", ["/", "/slow"])
@pytest.mark.parametrize("keep", [True, False], ids=["kept connections", "new connections"])
def test_under_load_a_signal_drops_no_request(path: str, keep: bool) -> None:
    with served(10) as (process, port):
        load = Load(port, path=path, clients=12, keep=keep).start()
        load.until(200)
        process.send_signal(signal.SIGTERM)
        load.join()
        ended = process.wait(60)
    assert load.dropped == []
    assert set(load.statuses) == {200}
    assert ended == 0
    assert load.refused == 12, "each client was told to leave, and then not let in"


def test_work_that_does_not_end_is_cancelled_after_the_time_it_has() -> None:
    with served(0.5) as (process, port):
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"GET /never HTTP/1.1\r\nhost: a\r\n\r\n")
        begun(process)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(50)  # seconds; the work takes a minute
        assert time.monotonic() - began > 0.4


def test_a_thread_that_cannot_be_interrupted_does_not_keep_the_process() -> None:
    with served(0.5) as (process, port):
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(b"GET /thread HTTP/1.1\r\nhost: a\r\n\r\n")
        begun(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(50) == 1  # seconds; the thread takes a minute


def test_a_process_that_goes_on_after_its_server_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def app(scope: object, receive: object, send: object) -> None:
        pass

    ended: list[int] = []
    monkeypatch.setattr(shutdown, "HARD_S", 0.3)
    monkeypatch.setattr(shutdown.os, "_exit", ended.append)
    config = uvicorn.Config(app, port=0, lifespan="off", log_level="warning")
    server = shutdown.GracefulServer(config, shutdown_s=0.0)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    server.should_exit = True
    thread.join(60)
    assert not thread.is_alive()
    time.sleep(0.5)
    assert ended == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a filter of Linux' kernel")
def test_a_shut_door_keeps_who_is_inside_and_ignores_who_knocks() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        inside = socket.create_connection(listening.getsockname())
        shut(listening.fileno())
        with pytest.raises(TimeoutError):
            socket.create_connection(listening.getsockname(), timeout=0.3)
        inside.sendall(b"hello")
        accepted, _ = listening.accept()
        assert accepted.recv(5) == b"hello"
        inside.close()
        accepted.close()

"""Processes bench/serve.py starts: the servers, and workers that answer a line with a line."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE_S = 600.0
QUIET = {"HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1", "INFINITY_ANONYMOUS_USAGE_STATS": "0"}
PEER = ("v2", "--engine", "torch", "--device", "cpu", "--served-model-name", "bench")
SCRUBJAY = (sys.executable, "-m", "scrubjay")


@contextmanager
def ours(home: Path, log: Path) -> Iterator[tuple[int, int]]:
    """`scrubjay serve` and when it is ready: its port and process id."""
    port = free_port()
    command = [*SCRUBJAY, "serve", "--port", str(port), "--home", str(home)]
    with running(command, log) as process:
        wait(process, port, "/readyz", log)
        yield port, process.pid


@contextmanager
def peer(python: Path, model: Path, log: Path) -> Iterator[int]:
    """infinity-emb, ready: its port."""
    port = free_port()
    command = [str(python.with_name("infinity_emb")), *PEER, "--model-id", str(model)]
    with running([*command, "--host", "127.0.0.1", "--port", str(port)], log) as process:
        wait(process, port, "/health", log)
        yield port


@contextmanager
def running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **QUIET}
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def worker(command: list[str]) -> Iterator[Callable[[Any], Any]]:
    """A process that answers each order in JSON with figures in JSON."""
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ}
    )

    def ask(order: Any) -> Any:  # noqa: ANN401 - JSON
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the worker has no pipes")
        print(json.dumps(order), file=process.stdin, flush=True)
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{command} ended")
        return json.loads(line)

    try:
        yield ask
    finally:
        process.communicate()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    """Until a server says yes."""
    began = time.monotonic()
    while time.monotonic() < began + PATIENCE_S:
        if process.poll() is not None:
            break
        try:
            if asked(port, "GET", path)[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.005)
    raise RuntimeError(f"a server did not start:\n{log.read_text(errors='replace')[-3000:]}")


def asked(port: int, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """Status and JSON of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = answer.read()
        return answer.status, json.loads(said) if said.startswith(b"{") else said
    finally:
        connection.close()


def memory_mib(pid: int, what: str = "VmRSS") -> float:
    """Of a process: `VmRSS` now, `VmHWM` at most so far."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"{what}:\s*(\d+) kB", status)
    return int(found[1]) / 1024 if found else float("nan")


def loads_torch(pid: int) -> bool:
    return "libtorch" in Path(f"/proc/{pid}/maps").read_text()

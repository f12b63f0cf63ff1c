"""`scrubjay serve` as people start it: a process of its own."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Server:
    """A server that runs; `said` is what it told a person, `lines` its log."""

    process: subprocess.Popen[str]
    began: float
    said: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    port: int = 0

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Content-Type": "application/json"}
            data = None if body is None else json.dumps(body)
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def first_answer(self, path: str, within_s: float = 100.0) -> tuple[int, bytes]:
        """Ask until somebody listens."""
        while True:
            assert self.process.poll() is None, "".join(self.said + self.lines)
            assert time.monotonic() < self.began + within_s, "".join(self.said + self.lines)
            if self.port:
                try:
                    return self.ask("GET", path)
                except OSError:
                    pass
            time.sleep(0.01)

    def until_ready(self, within_s: float = 100.0) -> float:
        """Wait until `/readyz` agrees; seconds since the process began."""
        while self.first_answer("/readyz", within_s)[0] != 200:
            assert time.monotonic() < self.began + within_s, "".join(self.said + self.lines)
            time.sleep(0.01)
        return time.monotonic() - self.began


@contextmanager
def started(home: Path, *arguments: str, **environment: str) -> Iterator[Server]:
    """Start `scrubjay serve` at a free port; it is ended, and must end well, at the end."""
    command = [sys.executable, "-m", "scrubjay", "serve", "--port", "0", "--home", str(home)]
    process = subprocess.Popen(
        [*command, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    server = Server(process, time.monotonic())

    def listen() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            server.said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                server.port = int(found[1])

    def keep() -> None:
        assert process.stdout is not None
        server.lines.extend(process.stdout)

    threads = [threading.Thread(target=one, daemon=True) for one in (listen, keep)]
    for thread in threads:
        thread.start()
    try:
        yield server
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        for thread in threads:
            thread.join(10)

"""An HTTP server on loopback that keeps what it is sent, and answers as it is told."""

from __future__ import annotations

import json
import socket
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


class Listener:
    """Answers every request; `status` may be one code, or a list of codes used up in order."""

    def __init__(
        self, status: int | list[int] = 200, *, silence_s: float = 0.0, drip: bool = False
    ):
        self.received: list[Received] = []
        self._statuses = [status] if isinstance(status, int) else list(status)
        self._silence_s = silence_s
        self._drip = drip
        self._ended = threading.Event()
        listener = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                listener.received.append(
                    Received(self.path, dict(self.headers), self.rfile.read(length))
                )
                listener._ended.wait(listener._silence_s)
                self.send_response(listener._next())
                self.send_header("Location", f"{listener.url('http', '/elsewhere')}")
                self.send_header("Content-Length", "1000" if listener._drip else "0")
                self.end_headers()
                while listener._drip and not listener._ended.wait(0.1):
                    self.wfile.write(b".")
                    self.wfile.flush()

            do_GET = do_PUT = do_POST

            def log_message(self, *arguments: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer((HOST, 0), Answer)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def _next(self) -> int:
        return self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]

    def url(self, scheme: str = "json", path: str = "/hook", user: str = "") -> str:
        return f"{scheme}://{user}{HOST}:{self.port}{path}"

    def wait_for(self, count: int, seconds: float = 60.0) -> list[Received]:
        until = time.monotonic() + seconds
        while len(self.received) < count and time.monotonic() < until:
            time.sleep(0.01)
        return self.received

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()


_HELD = socket.socket()
"""Bound, so that no other process is given its port, and never listening."""


def dead_port() -> int:
    """A port nobody listens on."""
    if _HELD.getsockname()[1] == 0:
        _HELD.bind((HOST, 0))
    return int(_HELD.getsockname()[1])

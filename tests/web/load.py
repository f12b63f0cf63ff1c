"""Clients that ask without pause, and say what became of each of their requests."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Load:
    """Closed-loop clients, each on a connection of its own.

    A request counts as dropped when it was sent on a connection that had been accepted, and no
    whole answer came. Whoever is not let in any more is refused, and stops.

    Attributes:
        keep: whether connections are kept for the next request, as long as the server likes.
    """

    port: int
    method: str = "GET"
    path: str = "/"
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    clients: int = 8
    keep: bool = True
    statuses: Counter[int] = field(default_factory=Counter)
    dropped: list[str] = field(default_factory=list)
    refused: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> Load:
        self._threads = [threading.Thread(target=self._client) for _ in range(self.clients)]
        for thread in self._threads:
            thread.start()
        return self

    @property
    def answered(self) -> int:
        return sum(self.statuses.values())

    def until(self, answered: int, *, within_s: float = 120.0) -> None:
        ends = time.monotonic() + within_s
        while self.answered < answered:
            assert time.monotonic() < ends, f"{self.answered} answers in {within_s} s"
            time.sleep(0.005)

    def join(self, *, within_s: float = 120.0) -> None:
        for thread in self._threads:
            thread.join(within_s)
            assert not thread.is_alive(), "a client still waits for its answer"

    def stop(self) -> None:
        self._stop.set()
        self.join()

    def _client(self) -> None:
        connection: http.client.HTTPConnection | None = None
        while not self._stop.is_set():
            if connection is None:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                try:
                    connection.connect()
                except OSError:
                    with self._lock:
                        self.refused += 1
                    return
            try:
                connection.request(self.method, self.path, self.body, self.headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                with self._lock:
                    self.dropped.append(repr(error))
                return
            with self._lock:
                self.statuses[answer.status] += 1
            if answer.will_close or not self.keep:
                connection.close()
                connection = None

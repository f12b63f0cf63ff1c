"""HTTP/1.1 whose heads end: uvicorn's own protocol with bounds on what comes before a request.

uvicorn's fast parser keeps as many header bytes as a client likes to send, and waits for them as
long as the client likes. Both happen before any application sees a request.
"""

from __future__ import annotations

from asyncio import TimerHandle, Transport
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD: Final = 64 * 1024
"""Bytes of request line and headers; one read from the socket may come on top."""

HEAD_S: Final = 20.0
"""Seconds from the connection, or from a request's first byte, to the end of its headers."""

MAX_CONNECTIONS: Final = 1000
"""Beyond, uvicorn answers 503."""


class BoundedHttp(HttpToolsProtocol):
    """Closes connections whose heads are too long (431) or too slow (408); drops trailers."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - uvicorn's
        """Pass everything on."""
        super().__init__(*arguments, **options)
        self._in_head = False
        self._head_bytes = 0
        self._trailer_bytes = 0
        self._head_timer: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Expect a head soon."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, then see whether the head is getting too long."""
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD:
                self._refuse(431, b"Request Header Fields Too Large")
        elif self._waits() and self._head_timer is None:
            self._expect_head()  # bytes between requests, such as empty lines, buy no time

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._in_head = True
        self._head_bytes = self._trailer_bytes = 0
        if self._head_timer is None:
            self._expect_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; drop a trailer, which would pass for one that was checked."""
        if self._in_head:
            super().on_header(name, value)
            return
        self._trailer_bytes += len(name) + len(value)
        if self._trailer_bytes > MAX_HEAD:
            raise ValueError("trailers without an end")

    def on_headers_complete(self) -> None:
        """The head has ended."""
        self._in_head = False
        self._stop_timer()
        super().on_headers_complete()

    def _expect_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_S, self._refuse, 408, b"Request Timeout")

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _refuse(self, status: int, phrase: bytes) -> None:
        self._stop_timer()
        if self.transport.is_closing():
            return
        # Browsers open connections in advance: to those an answer would be one too many.
        if self._in_head and self._waits():
            self.transport.write(
                b"HTTP/1.1 %d %s\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
                % (status, phrase)
            )
        self.transport.close()

    def _waits(self) -> bool:
        """Whether no request is being answered."""
        # There is no cycle before the first request, whatever its type says.
        return self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]


BOUNDS: Final[dict[str, Any]] = {
    "http": BoundedHttp,
    "ws": "none",
    "limit_concurrency": MAX_CONNECTIONS,
}
"""What `uvicorn.Config` is given wherever Scrubjay listens."""

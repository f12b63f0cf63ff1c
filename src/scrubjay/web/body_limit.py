"""Bodies end: in size, whatever Content-Length said or left out, and in time."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from scrubjay.web.refusal import refuse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from scrubjay.web.context import Context

IDLE_S: Final = 30.0
"""Longest pause within a body."""

LEAST_RATE: Final = 1024
"""Bytes a second a body must come with, after IDLE_S of waiting for it in all."""

LINGER_BYTES: Final = 512 * 1024
"""Read and thrown away after an answer that came before the body's end, so that the client, which
is still sending, gets to see the answer; then the connection is closed."""

LINGER_S: Final = 2.0


class BodyLimit:
    """Answers 413 to a body that is too large, and 408 to one that does not come.

    A Content-Length over the limit is refused before anything is read. A body without one is
    counted; nothing behind the limit reaches the application, whatever the application makes of it.
    """

    def __init__(self, app: ASGIApp, *, context: Context) -> None:
        """Put it around an application; the limit is `max_body` of the context's settings."""
        self._app = app
        self._limit = context.settings.max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its body counted."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        body = _Body(receive, send, self._limit)
        if _length(scope) > self._limit:
            body.refusal = _too_large(self._limit)
        else:
            await self._run(scope, body)
        if body.refusal is not None and not body.started:
            status, message, code = body.refusal
            await refuse(scope, body.receive, body.send, status, message, code=code)
        await body.end()

    async def _run(self, scope: Scope, body: _Body) -> None:
        try:
            await self._app(scope, body.receive, body.send_unless_refused)
        except Exception:
            # The application stumbled over the missing rest; the refusal is the answer.
            if body.refusal is None or body.started:
                raise


_Refusal = tuple[int, str, str]
"""Status, message, and code for programs."""

_TOO_SLOW: Final[_Refusal] = (408, "what was sent did not come in time; send it again", "too_slow")


class _Body:
    """One request's body as it comes, and the answer as it goes."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._limit = limit
        self._read = 0
        self._waited = 0.0
        self._ended = False
        self._held: Message | None = None
        self.refusal: _Refusal | None = None
        self.started = False

    async def receive(self) -> Message:
        """The next piece; a disconnect once it was refused."""
        if self.refusal is not None:
            return {"type": "http.disconnect"}
        if self._ended:
            return await self._receive()
        message = await self._next()
        if message is None:
            self.refusal = _TOO_SLOW
            return {"type": "http.disconnect"}
        if self._read > self._limit:
            self.refusal = _too_large(self._limit)
            return {"type": "http.disconnect"}
        return message

    async def _next(self) -> Message | None:
        allowance = IDLE_S + self._read / LEAST_RATE - self._waited
        began = time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, min(IDLE_S, allowance))):
                message = await self._receive()
        except TimeoutError:
            return None
        self._waited += time.monotonic() - began
        self._read += len(message.get("body", b""))
        self._ended = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def send_unless_refused(self, message: Message) -> None:
        """Pass the application's answer on, unless it is an answer to a body cut off."""
        if self.refusal is None or self.started:
            await self.send(message)

    async def send(self, message: Message) -> None:
        """Pass an answer on; hold its end back while the client is still sending."""
        if message["type"] == "http.response.start":
            self.started = True
            if not self._ended:
                headers = [*message.get("headers", ()), (b"connection", b"close")]
                message = {**message, "headers": headers}
        elif not self._ended and not message.get("more_body", False):
            self._held = {"type": "http.response.body", "body": b"", "more_body": False}
            message = {**message, "more_body": True}
        await self._send(message)

    async def end(self) -> None:
        """Let the client finish, within bounds, and finish the answer."""
        if self._held is None:
            return
        left = LINGER_BYTES
        try:
            async with asyncio.timeout(LINGER_S):
                while left > 0 and not self._ended:
                    message = await self._receive()
                    left -= len(message.get("body", b""))
                    self._ended = not message.get("more_body", False)
        except TimeoutError:
            pass
        await self._send(self._held)


def _too_large(limit: int) -> _Refusal:
    return 413, f"what was sent is over the limit of {limit:,} bytes", "too_large"


def _has_body(scope: Scope) -> bool:
    names = {name for name, _ in scope["headers"]}
    return b"transfer-encoding" in names or _length(scope) > 0


def _length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0

"""Every request gets an id, is counted, and leaves one line of JSON.

A line says who asked for which route and how it ended. It never holds a header, a body or a token;
the query string, where a page's search words are, only when somebody asked for it.
"""

from __future__ import annotations

import json
import logging
import random
import re
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, Final

from scrubjay.web.metrics import OTHER

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from scrubjay.web.context import Context

REQUEST_ID: Final = "scrubjay.request_id"
"""Where a request's id is in its scope."""
WENT_AWAY: Final = 499
"""The status of a request whose client left before the answer began."""

_HEADER: Final = b"x-request-id"
_FITTING: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class RequestLog:
    """Names, counts and logs each request; outermost, so that it sees how each one ends.

    A client's own `X-Request-ID` is taken where it is short and plain; the answer carries the id.
    """

    def __init__(self, app: ASGIApp, *, context: Context, stream: IO[str] | None = None) -> None:
        """Put it around an application.

        Args:
            context: its metrics count, its settings say what may be logged.
            stream: where lines go; by default standard output, as it is when a line is written.
        """
        self._app = app
        self._metrics = context.metrics
        self._write_lines = context.settings.access_log
        self._write_queries = context.settings.log_queries
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass on what is none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = scope[REQUEST_ID] = _id_of(scope)
        header = (_HEADER, request_id.encode())
        status, sent = WENT_AWAY, 0

        async def watched(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), header]
            elif message["type"] == "http.response.body":
                sent += len(message.get("body", b""))
            await send(message)

        metrics = self._metrics
        if metrics is not None:
            metrics.under_way.inc()
        try:
            await self._app(scope, receive, watched)
        except Exception:
            if status == WENT_AWAY:
                status = 500
            raise
        finally:
            took = time.perf_counter() - began
            route = _route_of(scope)
            if metrics is not None:
                metrics.under_way.dec()
                metrics.on_request(scope["method"], route, status, took)
            if self._write_lines:
                self._write(scope, request_id, route, status, took, sent)

    def _write(
        self, scope: Scope, request_id: str, route: str, status: int, took: float, sent: int
    ) -> None:
        client = scope.get("client")
        line: dict[str, Any] = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": "error" if status >= 500 else "info",
            "event": "request",
            "request": request_id,
            "client": client[0] if client else None,
            "method": scope["method"],
            "path": scope["path"],
            "route": route,
            "status": status,
            "ms": round(1000 * took, 3),
            "bytes": sent,
        }
        if self._write_queries and scope.get("query_string"):
            line["query"] = scope["query_string"].decode("latin-1")
        write_line(line, self._stream)


def request_id(scope: Mapping[str, Any]) -> str | None:
    """The id of the request a scope belongs to; None outside of `RequestLog`."""
    return scope.get(REQUEST_ID)


def write_line(line: Mapping[str, Any], stream: IO[str] | None = None) -> None:
    """One JSON object a line, in one call, so that two writers never mix theirs.

    What nobody reads any more (a closed pipe, a full disk) is lost; no request fails for it.
    """
    try:
        out = sys.stdout if stream is None else stream
        # ASCII: a control character or a surrogate in a path must not break the line.
        out.write(f"{json.dumps(line)}\n")
        out.flush()
    except (OSError, ValueError):
        return


class JsonLines(logging.Handler):
    """The lines of Python's own logging, in the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; of an error also where it was raised."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info:
            line["trace"] = logging.Formatter().formatException(record.exc_info)
        write_line(line)


def log_config(level: str = "INFO") -> dict[str, Any]:
    """A logging configuration under which the server's own lines are JSON, too."""
    handler = {"class": f"{JsonLines.__module__}.{JsonLines.__qualname__}"}
    said = {"handlers": ["lines"], "level": level, "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"lines": handler},
        "loggers": {"uvicorn": said, "scrubjay": said},
    }


def _id_of(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == _HEADER and _FITTING.fullmatch(value):
            return bytes(value).decode()
    # Two must not meet in one log; nothing is kept secret by them.
    return f"{random.getrandbits(64):016x}"


def _route_of(scope: Scope) -> str:
    """A route's template; what matches none is not named by the path a stranger wrote."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    return path if isinstance(path, str) else OTHER

"""What a client is told when something is wrong: OpenAI's shape for programs, a page for people."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from scrubjay.core.errors import (
    BadMedia,
    Conflict,
    LeaseHeld,
    MissingExtra,
    NotReady,
    ScrubjayError,
    UnknownName,
    UnsupportedModality,
    WrongUse,
)
from scrubjay.web.batcher import Busy

LOG = logging.getLogger("scrubjay.web")

STATUS: tuple[tuple[type[ScrubjayError], int], ...] = (
    (UnknownName, 404),
    (WrongUse, 400),
    (BadMedia, 422),
    (UnsupportedModality, 422),
    (NotReady, 503),
    (Conflict, 409),
    (LeaseHeld, 409),
    (Busy, 429),
    (MissingExtra, 501),
)
"""The first that fits counts; every other error is a 500 that says nothing of the inside."""

RETRY_AFTER_S = 5
"""After `NotReady`: preparing takes some seconds."""

INSIDE = "something went wrong inside Scrubjay; the log of the server says what"

TYPES: Mapping[int, str] = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}
"""OpenAI's `type` by status; other 4xx are `invalid_request_error`, 5xx `server_error`."""


def status_of(error: ScrubjayError) -> int:
    """The HTTP status of an error."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def problem(
    status: int,
    message: str,
    *,
    param: str | None = None,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The documented JSON object: `{"error": {"message", "type", "param", "code"}}`."""
    kind = TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    error = {"message": message, "type": kind, "param": param, "code": code}
    return JSONResponse({"error": error}, status_code=status, headers=dict(headers or {}))


def add_problem_handlers(app: FastAPI) -> None:
    """Make every error an answer of one shape."""
    app.add_exception_handler(ScrubjayError, _on_scrubjay_error)
    app.add_exception_handler(RequestValidationError, _on_wrong_body)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_defect)


async def _on_scrubjay_error(request: Request, error: Exception) -> Response:
    raise NotImplementedError


async def _on_wrong_body(request: Request, error: Exception) -> Response:
    raise NotImplementedError


async def _on_http_error(request: Request, error: Exception) -> Response:
    raise NotImplementedError


async def _on_defect(request: Request, error: Exception) -> Response:
    raise NotImplementedError

"""What a client is told when something is wrong: OpenAI's shape for programs, a page for people."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from scrubjay.core.errors import (
    BadFilter,
    BadMedia,
    Conflict,
    LeaseHeld,
    MissingExtra,
    ModelNotFound,
    NotReady,
    RemoteFailed,
    ScrubjayError,
    UnknownItem,
    UnknownName,
    UnsupportedModality,
    WrongUse,
)
from scrubjay.web.batcher import Busy

LOG = logging.getLogger("scrubjay.web")

STATUS: tuple[tuple[type[ScrubjayError], int, str | None], ...] = (
    (UnknownItem, 404, "item_not_found"),
    (UnknownName, 404, "not_found"),
    (BadFilter, 400, "bad_filter"),
    (WrongUse, 400, None),
    (BadMedia, 422, "bad_media"),
    (UnsupportedModality, 422, "unsupported_modality"),
    (NotReady, 503, "not_ready"),
    (Conflict, 409, "conflict"),
    (LeaseHeld, 409, "lease_held"),
    (Busy, 429, "busy"),
    (MissingExtra, 501, "missing_extra"),
    (RemoteFailed, 502, "remote_failed"),
    (ModelNotFound, 501, "model_not_found"),
)
"""Status and `code`; the first that fits counts. Other errors are a 500 without details."""

NOT_READY_RETRY_S = 5.0
"""Preparing and opening take some seconds."""

CLIENT_LEFT = 499

INSIDE = "something went wrong inside Scrubjay; the server's log says what"

TYPES: Mapping[int, str] = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}
"""OpenAI's `type` by status; other 4xx are `invalid_request_error`, 5xx `server_error`."""


def problem(
    status: int,
    message: str,
    *,
    param: str | None = None,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The documented JSON object: `{"error": {"message", "type", "param", "code"}}`."""
    body = problem_body(status, message, param=param, code=code)
    return JSONResponse(body, status_code=status, headers=dict(headers or {}))


def problem_body(
    status: int, message: str, *, param: str | None = None, code: str | None = None
) -> dict[str, dict[str, str | None]]:
    """The object itself, for an answer that has begun already."""
    kind = TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def described(error: ScrubjayError) -> tuple[int, str, str | None, dict[str, str]]:
    """Status, message, code and headers for an error of ours."""
    for kind, status, code in STATUS:
        if isinstance(error, kind):
            return status, str(error), code, _retry_after(error)
    return 500, INSIDE, None, {}


def _retry_after(error: ScrubjayError) -> dict[str, str]:
    if isinstance(error, Busy):
        return {"Retry-After": str(math.ceil(error.retry_after_s))}
    if isinstance(error, NotReady):
        return {"Retry-After": str(math.ceil(NOT_READY_RETRY_S))}
    return {}


def add_problem_handlers(app: FastAPI) -> None:
    """Make every error an answer of one shape."""
    app.add_exception_handler(ScrubjayError, _on_scrubjay_error)
    app.add_exception_handler(RequestValidationError, _on_wrong_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(ClientDisconnect, _on_leaving)
    app.add_exception_handler(Exception, _on_defect)


def _answer(request: Request) -> Callable[..., Response]:
    """What the asker can read: a page or JSON."""
    from scrubjay.web.problem_page import problem_answer

    return partial(problem_answer, request.scope)


async def _on_scrubjay_error(request: Request, error: Exception) -> Response:
    status, message, code, headers = described(cast("ScrubjayError", error))
    if status == 500:
        LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _answer(request)(status, message, code=code, headers=headers)


async def _on_wrong_request(request: Request, error: Exception) -> Response:
    first = cast("RequestValidationError", error).errors()[0]
    where = [str(part) for part in first["loc"]]
    param = ".".join(where[1:]) or None
    return _answer(request)(400, f"{param or 'the request'}: {first['msg']}", param=param)


async def _on_http_error(request: Request, error: Exception) -> Response:
    wrong = cast("HTTPException", error)
    message = wrong.detail or HTTPStatus(wrong.status_code).phrase
    return _answer(request)(wrong.status_code, message, headers=wrong.headers)


async def _on_leaving(request: Request, error: Exception) -> Response:
    """Nobody reads it; the log shows that the client left (nginx's 499)."""
    return Response(status_code=CLIENT_LEFT)


async def _on_defect(request: Request, error: Exception) -> Response:
    """The last net; Starlette raises the error on after this, for the log."""
    return _answer(request)(500, INSIDE)

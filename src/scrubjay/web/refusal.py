"""What is answered to a request that never reaches a route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from scrubjay.web.problem_page import problem_answer

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

API: Final = "/v1/"
"""Programs ask here, with a bearer token; pages and their forms are everywhere else."""

POLICY_VIOLATED: Final = 1008
"""The close code of a socket that is not let in (RFC 6455, 7.4.1)."""


def header(scope: Scope, name: bytes) -> str | None:
    """A request header's value; None when it is missing or there more than once.

    Whoever sends a header twice hopes that two readers disagree about it.
    """
    values = [value for key, value in scope["headers"] if key == name]
    return values[0].decode("latin-1") if len(values) == 1 else None


def is_sent(scope: Scope, name: bytes) -> bool:
    """Whether a request has the header at all."""
    return any(key == name for key, _ in scope["headers"])


def wants_page(scope: Scope) -> bool:
    """Whether a person's browser asks, to show the answer."""
    return (
        scope["type"] == "http"
        and scope["method"] in {"GET", "HEAD"}
        and not scope["path"].startswith(API)
        and "text/html" in (header(scope, b"accept") or "")
    )


async def refuse(
    scope: Scope,
    receive: Receive,
    send: Send,
    status: int,
    message: str,
    *,
    code: str,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Answer with a problem, to people as a page, and its machine-readable code; close a socket."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": POLICY_VIOLATED})
        return
    response = problem_answer(scope, status, message, code=code, headers=headers)
    await response(scope, receive, send)

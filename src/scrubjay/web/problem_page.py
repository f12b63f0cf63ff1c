"""A problem as an answer: JSON for programs, a page in plain words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from fastapi.responses import HTMLResponse, Response

from scrubjay.web.problems import problem

if TYPE_CHECKING:
    from starlette.types import Scope

    from scrubjay.web.pages.templates import Shell

API: Final = "/v1/"
TITLES: Final[Mapping[int, str]] = {
    400: "That did not work",
    401: "Log in first",
    403: "This was not sent from here",
    404: "It is not here",
    405: "That cannot be done here",
    408: "It took too long to arrive",
    409: "Something else came first",
    413: "That is too large",
    422: "This cannot be used",
    429: "Too much at once",
    501: "A part is not installed",
    503: "Not ready yet",
}
ELSE: Final = "Something went wrong"


def problem_answer(
    scope: Scope,
    status: int,
    message: str,
    *,
    param: str | None = None,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """What whoever asked can read: a page, a part of one for its scripts, or JSON."""
    asked = {name: value.decode("latin-1") for name, value in scope["headers"]}
    for_people = "text/html" in asked.get(b"accept", "") and not scope["path"].startswith(API)
    if not for_people:
        return problem(status, message, param=param, code=code, headers=headers)
    from scrubjay.web.pages.templates import render
    from scrubjay.web.pages.words import sentence
    from scrubjay.web.request_log import request_id

    part = asked.get(b"hx-request-type") == "partial"
    page = render(
        "problem_part.html" if part else "problem.html",
        _shell(scope),
        title=TITLES.get(status, ELSE),
        message=sentence(message),
        request_id=request_id(scope) if status >= 500 else None,
    )
    return HTMLResponse(page, status, headers=dict(headers or {}))


def _shell(scope: Scope) -> Shell:
    from starlette.requests import Request

    from scrubjay.web.bigger import here, is_bigger
    from scrubjay.web.guard import Access
    from scrubjay.web.pages.templates import Shell

    bigger = is_bigger(Request(scope).cookies)
    visit = scope.get("state", {}).get("visit")
    if visit is None:
        return Shell(current="", open=False, bigger=bigger)
    inside = visit.access is not Access.OPEN
    return Shell(
        current="",
        csrf=visit.csrf_token,
        open=inside,
        logged_in=visit.signed_in,
        bigger=bigger,
        here=here(scope),
    )

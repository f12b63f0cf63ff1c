"""Form tokens: what only our own pages can know must come with everything a browser may change.

A browser sends its cookies along with requests that other sites make it send. So whatever a cookie
lets in, and every form of a page, must also carry the token that page was given: as the header
`X-CSRF-Token` (htmx, fetch) or as the form field `csrf`, which comes first in a form that
uploads files. A bearer token is never sent by a browser on its own; it needs no second one.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from scrubjay.web.guard import Access, Visit
from scrubjay.web.refusal import API, header, refuse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from scrubjay.web.context import Context

FIELD: Final = "csrf"
HEADER: Final = b"x-csrf-token"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
WITHIN: Final = 64 * 1024
"""Bytes of a form that are looked through for the field."""


class FormTokens:
    """Answers 403 to what a cookie let in, or a form sent, without the page's token."""

    def __init__(self, app: ASGIApp, *, context: Context) -> None:
        """Put it around an application, inside the guard."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or say what is missing."""
        if scope["type"] != "http" or not _needs_token(scope):
            await self._app(scope, receive, send)
            return
        visit: Visit = scope["state"]["visit"]
        shown = header(scope, HEADER)
        if shown is None:
            shown, receive = await _field_of(scope, receive)
        wanted = visit.csrf_token.encode()
        if not wanted or not hmac.compare_digest((shown or "").encode("utf-8", "replace"), wanted):
            await refuse(
                scope,
                receive,
                send,
                403,
                "this form was not sent from a page of this server, or the page is too old: reload "
                "the page and send it again (cookies must be allowed)"
                if not scope["path"].startswith(API)
                else "a request that a log-in cookie lets in also needs the page's token in the "
                "header X-CSRF-Token; programs send `Authorization: Bearer TOKEN` instead",
                code="invalid_csrf_token",
            )
            return
        await self._app(scope, receive, send)


def _needs_token(scope: Scope) -> bool:
    if scope["method"] in SAFE_METHODS:
        return False
    access = scope["state"]["visit"].access
    if access is Access.SESSION:
        return True
    return access is not Access.BEARER and not scope["path"].startswith(API)


async def _field_of(scope: Scope, receive: Receive) -> tuple[str | None, Receive]:
    """The form's token, and what reads the body from its beginning again."""
    from scrubjay.web.form_field import FieldReader

    reader = FieldReader(FIELD, header(scope, b"content-type") or "")
    taken: list[Message] = []
    left = WITHIN
    while left > 0 and not reader.done:
        message = await receive()
        taken.append(message)
        if message["type"] != "http.request":
            break
        body = message.get("body", b"")
        reader.feed(body[:left], last=not message.get("more_body", False))
        left -= len(body)
    again = iter(taken)

    async def replayed() -> Message:
        return next(again, None) or await receive()

    return reader.value, replayed

"""What a browser is told not to do with our answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scrubjay.web.problems import INSIDE
from scrubjay.web.refusal import API, refuse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from scrubjay.web.context import Context

PAGE_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
"""Scripts and styles from our own files alone, none written into a page; pictures and recordings
also from memory, where a page shows what is about to be searched with or uploaded."""

API_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox"
"""What a stranger uploaded is never a page, even when somebody opens its address."""

ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"microphone=(self), camera=(), geolocation=(), payment=(), usb=()"),
)
UNLESS_SAID: Final = b"cache-control"
"""A route that says how long its answer may be kept is believed; others are not kept."""


class SecurityHeaders:
    """Adds the headers to every answer, problems and refusals included."""

    def __init__(self, app: ASGIApp, *, context: Context) -> None:
        """Put it around an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; add to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = API_POLICY if scope["path"].startswith(API) else PAGE_POLICY
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = list(message.get("headers", ()))
                said = {name.lower() for name, _ in headers}
                headers += [one for one in ALWAYS if one[0] not in said]
                if b"content-security-policy" not in said:
                    headers.append((b"content-security-policy", policy.encode()))
                if UNLESS_SAID not in said:
                    headers.append((UNLESS_SAID, b"no-store"))
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:
            # Answered here, for these headers; raised on for the log.
            if not started:
                await refuse(scope, receive, sending, 500, INSIDE, code="defect")
            raise

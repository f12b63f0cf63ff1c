"""Lets in who showed the token, and says to the routes who that was."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from starlette.datastructures import MutableHeaders

from scrubjay.web.auth import Keys
from scrubjay.web.refusal import API, header, is_sent, refuse, wants_page
from scrubjay.web.sessions import COOKIE, Session, Sessions

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from scrubjay.web.context import Context

OPEN_PATHS: Final = frozenset({"/healthz", "/login", "/bigger"})
"""Answered to everybody: that the server is alive, the form that asks for the token, and the switch
that makes that form larger."""

OPEN_FOLDERS: Final = ("/static/",)
"""What the log-in page needs: files of the package, the same for everybody."""

VISITOR: Final = "scrubjay_visitor"
"""The cookie a browser without a session carries, so that forms can be bound to it."""

_MAX_COOKIES: Final = 16 * 1024


class Access(StrEnum):
    """How a request came to be let in."""

    LOCAL = "local"
    """There is no token: whoever reaches this machine's loopback may ask."""
    BEARER = "bearer"
    SESSION = "session"
    OPEN = "open"
    """The path is open to everybody."""


@dataclass(frozen=True)
class Visit:
    """Who asks. Routes and templates find it at `request.state.visit`.

    Attributes:
        csrf_token: what this visitor's forms must carry, as field `csrf` or as header
            `X-CSRF-Token`.
        session: the log-in, when a cookie showed one.
    """

    access: Access
    csrf_token: str
    session: Session | None
    keys: Keys
    sessions: Sessions
    secure: bool

    @property
    def needs_token(self) -> bool:
        """Whether the server has a token at all, so that logging in and out means something."""
        return self.keys.token is not None

    @property
    def signed_in(self) -> bool:
        """Whether there is a session to log out of."""
        return self.session is not None


def visit_of(request: Request) -> Visit:
    """Who asks, as the guard found out."""
    visit: Visit = request.state.visit
    return visit


class Guard:
    """Answers 401 to everything but open paths unless the token was shown.

    A request with an Authorization header is judged by it alone; a valid cookie beside a wrong
    token does not help.
    """

    def __init__(self, app: ASGIApp, *, context: Context) -> None:
        """Put it around an application; the token is the one in the context's settings."""
        self._app = app
        self._keys = Keys.of(context.settings.token)
        self._sessions = Sessions(self._keys.session)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or say what is missing."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        cookies = _cookies(scope)
        session = self._sessions.recognise(cookies.get(COOKIE, ""))
        access = self._access(scope, session)
        if access is None:
            await self._turn_away(scope, receive, send)
            return
        visitor = session.id if session else cookies.get(VISITOR, "")
        if not visitor and wants_page(scope):
            visitor = secrets.token_hex(16)
            send = _with_cookie(send, visitor, secure=scope["scheme"] == "https")
        scope.setdefault("state", {})["visit"] = Visit(
            access,
            _form_token(self._keys, visitor) if visitor else "",
            session,
            self._keys,
            self._sessions,
            scope["scheme"] == "https",
        )
        await self._app(scope, receive, send)

    def _access(self, scope: Scope, session: Session | None) -> Access | None:
        if self._keys.token is None:
            return Access.LOCAL
        if is_sent(scope, b"authorization"):
            scheme, _, token = (header(scope, b"authorization") or "").partition(" ")
            if scheme.lower() == "bearer" and self._keys.knows(token.strip()):
                return Access.BEARER
        elif session is not None:
            return Access.SESSION
        path = scope["path"]
        if path in OPEN_PATHS or path.startswith(OPEN_FOLDERS):
            return Access.OPEN
        return None

    async def _turn_away(self, scope: Scope, receive: Receive, send: Send) -> None:
        if wants_page(scope) and not is_sent(scope, b"authorization"):
            from starlette.responses import RedirectResponse

            to = _log_in_at(scope)
            await RedirectResponse(to, 303)(scope, receive, send)
            return
        headers = {"WWW-Authenticate": 'Bearer realm="scrubjay"'}
        if is_sent(scope, b"hx-request"):
            headers["HX-Redirect"] = "/login"
        sent = "is wrong" if is_sent(scope, b"authorization") else "is missing"
        await refuse(
            scope,
            receive,
            send,
            401,
            f"the token {sent}: send it as `Authorization: Bearer TOKEN`"
            + ("" if scope["path"].startswith(API) else ", or log in at /login"),
            code="invalid_token",
            headers=headers,
        )


def _form_token(keys: Keys, visitor: str) -> str:
    return hmac.digest(keys.form, visitor.encode("utf-8", "surrogateescape"), "sha256").hex()


def _log_in_at(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    wanted = quote(scope["path"], safe="/") + (f"?{query}" if query else "")
    return "/login" if wanted == "/" else f"/login?next={quote(wanted, safe='/')}"


def _cookies(scope: Scope) -> dict[str, str]:
    text = "; ".join(
        value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie"
    )
    if len(text) > _MAX_COOKIES:
        return {}
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.strip().partition("=")
        # The first counts: a browser sends the cookie of the longer path, ours, first.
        found.setdefault(name, value)
    return found


def _with_cookie(send: Send, visitor: str, *, secure: bool) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).append(
                "set-cookie",
                f"{VISITOR}={visitor}; Path=/; HttpOnly; SameSite=Strict"
                + ("; Secure" if secure else ""),
            )
        await send(message)

    return sending

"""Whose page a request comes from, and under which name this server was asked for.

A page of another site may send requests to this server, and may even be given this server's address
under its own name (DNS rebinding). Browsers say so: in Host, Origin and Sec-Fetch-Site, which
scripts cannot change. Programs that are not browsers send no Origin and are judged by their token.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from scrubjay.web.auth import is_loopback
from scrubjay.web.refusal import header, is_sent, refuse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from scrubjay.web.context import Context

LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})

_HOST: Final = re.compile(
    r"(\[[0-9a-f:.]{2,45}\]|[0-9a-z_](?:[0-9a-z_.-]{0,253}))(?::([0-9]{1,5}))?"
)
_DEFAULT_PORT: Final = {"http": "80", "https": "443"}


class OriginCheck:
    """Refuses foreign names (421) and foreign pages (403).

    On loopback only loopback's own names and those in the settings are answered. Off loopback every
    name is, unless the settings name some: then those, loopback's, and literal addresses, which no
    foreign name can stand for.
    """

    def __init__(self, app: ASGIApp, *, context: Context) -> None:
        """Put it around an application."""
        self._app = app
        names = frozenset(name.lower() for name in context.settings.names)
        self._names = names
        self._known = names | LOOPBACK_NAMES
        self._local = is_loopback(context.settings.host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or say what is wrong about where it comes from."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        host = _parsed_host(header(scope, b"host") or "")
        if host is None or not self._answers_to(host[0]):
            name = "" if host is None else f" {host[0]}"
            await refuse(
                scope,
                receive,
                send,
                421,
                f"this server does not answer to the name{name}: use localhost, or start it with "
                f"--name NAME for every name it is to be known by",
                code="wrong_host",
            )
            return
        if self._is_foreign(scope, host):
            await refuse(
                scope,
                receive,
                send,
                403,
                "a page of another site may not ask here",
                code="wrong_origin",
            )
            return
        await self._app(scope, receive, send)

    def _answers_to(self, name: str) -> bool:
        if name in self._known:
            return True
        return not self._local and (not self._names or _is_address(name))

    def _is_foreign(self, scope: Scope, host: tuple[str, str | None]) -> bool:
        if is_sent(scope, b"origin"):
            return not self._is_own(scope, header(scope, b"origin") or "", host)
        site = header(scope, b"sec-fetch-site")
        if site is None and not is_sent(scope, b"sec-fetch-site"):
            return False
        if site in {"same-origin", "none"}:
            return False
        # A link somebody followed from elsewhere, to look at: harmless, and people expect it.
        followed = header(scope, b"sec-fetch-mode") == "navigate"
        shown = header(scope, b"sec-fetch-dest") == "document"
        return not (followed and shown and scope.get("method") in {"GET", "HEAD"})

    def _is_own(self, scope: Scope, origin: str, host: tuple[str, str | None]) -> bool:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        wanted = _parsed_host(parts.netloc)
        if wanted is None or parts.scheme not in _DEFAULT_PORT or origin.count("/") != 2:
            return False
        if scope["scheme"] in {"https", "wss"} and parts.scheme != "https":
            return False
        if wanted[0] in self._names:
            return True
        default = _DEFAULT_PORT[parts.scheme]
        return wanted[0] == host[0] and (wanted[1] or default) == (host[1] or default)


def _parsed_host(text: str) -> tuple[str, str | None] | None:
    found = _HOST.fullmatch(text.lower())
    if found is None:
        return None
    return found[1].rstrip("."), found[2]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True

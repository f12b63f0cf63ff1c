"""Big targets: a cookie that says so, read by every page and set by the switch on each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from starlette.types import Scope

COOKIE: Final = "scrubjay_bigger"
LIFETIME_S: Final = 365 * 24 * 3600


def is_bigger(cookies: Mapping[str, str]) -> bool:
    """Whether somebody wants every control large, and nothing beside another.

    Args:
        cookies: as they were sent.
    """
    return cookies.get(COOKIE) == "1"


def cookie(on: bool, *, secure: bool) -> str:
    """The Set-Cookie header that keeps the choice, or takes it away."""
    kept = f"1; Max-Age={LIFETIME_S}" if on else "; Max-Age=0"
    return f"{COOKIE}={kept}; Path=/; HttpOnly; SameSite=Lax{'; Secure' if secure else ''}"


def here(scope: Scope) -> str:
    """The address a page was asked for at, to come back to after the switch.

    A page that only a form can ask for stands at the address of that form.
    """
    query: str = scope["query_string"].decode("latin-1")
    return quote(scope["path"], safe="/") + (f"?{query}" if query else "")

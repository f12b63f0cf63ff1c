"""Refuses paths that no honest client writes, before anything looks for a file or a route."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from scrubjay.web.refusal import refuse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from scrubjay.web.context import Context

MAX_PATH: Final = 2048
MAX_QUERY: Final = 16 * 1024

_BROKEN_PERCENT: Final = re.compile(rb"%(?![0-9a-fA-F]{2})")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\ufffd]")


class AddressCheck:
    """Answers 400 to a path with broken percent-encoding, control characters, or `..` parts.

    `.` and `..` parts are refused however they are written (`%2e%2e`, with backslashes), so that no
    two readers of a path can differ about where it leads.
    """

    def __init__(self, app: ASGIApp, *, context: Context) -> None:
        """Put it around an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or say what is wrong with its address."""
        if scope["type"] in {"http", "websocket"} and (wrong := _wrong(scope)) is not None:
            await refuse(scope, receive, send, wrong[0], wrong[1], code="wrong_address")
            return
        await self._app(scope, receive, send)


def _wrong(scope: Scope) -> tuple[int, str] | None:
    raw, query, path = scope.get("raw_path") or b"", scope["query_string"], scope["path"]
    if len(raw) > MAX_PATH or len(query) > MAX_QUERY:
        return 414, f"the address is too long: a path may have {MAX_PATH} characters"
    if _BROKEN_PERCENT.search(raw) or _BROKEN_PERCENT.search(query):
        return 400, "the address has a % that two hexadecimal digits do not follow"
    if _CONTROL.search(path) or not path.startswith("/"):
        return 400, "the address is not UTF-8 text, or has control characters in it"
    if any(part in {".", ".."} for part in path.replace("\\", "/").split("/")):
        return 400, "the address has . or .. as a part; write it out"
    return None

"""Sessions in a signed cookie: nothing is kept on the server but those logged out of early."""

from __future__ import annotations

import base64
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

COOKIE: Final = "scrubjay_session"
LIFETIME_S: Final = 12 * 3600
_MAX_COOKIE: Final = 256
_MAX_ENDED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who showed the token.

    Attributes:
        id: random, 32 hex digits; form tokens are bound to it.
        expires: seconds since 1970.
    """

    id: str
    expires: int


class Sessions:
    """Begins, recognises and ends sessions.

    A session is over when its time is up, when the token changes, or when it was logged out of; of
    the last this process remembers the newest 10,000 until they would have expired anyway.
    """

    def __init__(
        self, key: bytes, *, lifetime_s: int = LIFETIME_S, clock: Callable[[], float] = time.time
    ) -> None:
        self._key = key
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._ended: dict[str, int] = {}

    def begin(self) -> tuple[Session, str]:
        """A new session and the cookie's value."""
        session = Session(secrets.token_hex(16), int(self._clock()) + self._lifetime_s)
        said = f"1.{session.expires}.{session.id}"
        return session, f"{said}.{self._signature(said)}"

    def recognise(self, value: str) -> Session | None:
        """The session a cookie's value stands for; None when forged, over or anything else."""
        said, dot, signature = value.rpartition(".")
        parts = said.split(".")
        if not dot or len(value) > _MAX_COOKIE or len(parts) != 3 or parts[0] != "1":
            return None
        if not hmac.compare_digest(self._signature(said).encode(), signature.encode()):
            return None
        session = Session(parts[2], int(parts[1]))
        if session.expires <= self._clock() or session.id in self._ended:
            return None
        return session

    def end(self, session: Session) -> None:
        """Refuse a session from now on, whoever kept its cookie."""
        now = self._clock()
        self._ended = {one: until for one, until in self._ended.items() if until > now}
        while len(self._ended) >= _MAX_ENDED:
            del self._ended[next(iter(self._ended))]
        self._ended[session.id] = session.expires

    def cookie(self, value: str, *, secure: bool) -> str:
        """The Set-Cookie header; an empty value takes the cookie away."""
        age = self._lifetime_s if value else 0
        rest = "; Secure" if secure else ""
        return f"{COOKIE}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{rest}"

    def _signature(self, said: str) -> str:
        digest = hmac.digest(self._key, said.encode("utf-8", "surrogateescape"), "sha256")
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

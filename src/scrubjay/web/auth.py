"""Who may ask: one token, shown as a bearer header or once at log-in and then by a cookie.

The token is the only secret. The keys that sign cookies and form tokens are made from it (HMAC with
SHA-256), so that several servers with one token know each other's sessions, and a new token ends
every session. Without a token (on loopback only) there is nothing to log in to; form tokens are
then signed with a key that lives as long as the process.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from scrubjay.core.errors import WrongUse

TOKEN_VARIABLE: Final = "SCRUBJAY_TOKEN"  # noqa: S105 - the variable's name
MIN_TOKEN: Final = 20
MAX_TOKEN: Final = 1024
MAKE_ONE: Final = "openssl rand -base64 32"


@dataclass(frozen=True)
class Keys:
    """What a server checks and signs with. Nothing of it is ever shown, by `repr` either."""

    token: str | None = field(repr=False)
    session: bytes = field(repr=False)
    form: bytes = field(repr=False)

    @classmethod
    def of(cls, token: str | None) -> Keys:
        """The keys of a token, or keys of this process alone."""
        root = token.encode() if token else secrets.token_bytes(32)
        return cls(
            token,
            hmac.digest(root, b"scrubjay session cookie v1", "sha256"),
            hmac.digest(root, b"scrubjay form token v1", "sha256"),
        )

    def knows(self, token: str) -> bool:
        """Whether this is the token, in a time that says nothing about where they differ."""
        if self.token is None:
            return False
        shown = sha256(token.encode("utf-8", "surrogateescape")).digest()
        return hmac.compare_digest(shown, sha256(self.token.encode()).digest())


def read_token(file: Path | None = None, environment: Mapping[str, str] = os.environ) -> str | None:
    """The token in a file, else in $SCRUBJAY_TOKEN, else None.

    White space around it is dropped.

    Raises:
        WrongUse: the file cannot be read, or what it or the variable holds is no usable token.
            The message never shows it.
    """
    if file is not None:
        try:
            with file.open("rb") as stream:
                text = stream.read(MAX_TOKEN * 4).decode("utf-8", "replace")
        except OSError as error:
            raise WrongUse(
                f"the token file {file} cannot be read: {error.strerror}; write a token into it "
                f"with `{MAKE_ONE} > {file}` and let only its owner read it"
            ) from error
        return _checked(text, f"the token in {file}")
    text = environment.get(TOKEN_VARIABLE, "")
    return _checked(text, f"the token in ${TOKEN_VARIABLE}") if text else None


def _checked(text: str, where: str) -> str:
    token = text.strip()
    if not all("!" <= one <= "~" for one in token):
        raise WrongUse(
            f"{where} holds characters a header cannot carry; make one with `{MAKE_ONE}`"
        )
    if not MIN_TOKEN <= len(token) <= MAX_TOKEN:
        raise WrongUse(
            f"{where} has {len(token)} characters; it must have {MIN_TOKEN} to {MAX_TOKEN}: make "
            f"one with `{MAKE_ONE}`"
        )
    return token


def is_loopback(host: str) -> bool:
    """Whether a server bound to this host can be reached from this machine alone."""
    bare = host.strip("[]").partition("%")[0]
    if bare.lower() in {"localhost", "localhost."}:
        return True
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def require_token(host: str, token: str | None) -> None:
    """Refuse to be reachable from other machines by whoever likes.

    Raises:
        WrongUse: the host is not loopback and there is no token.
    """
    if token is None and not is_loopback(host):
        raise WrongUse(
            f"refusing to serve {host} without a token: everybody who can reach it could see, "
            f"change and delete your items; set ${TOKEN_VARIABLE} or give --token-file (make one "
            f"with `{MAKE_ONE}`), or serve this machine alone with --host 127.0.0.1"
        )

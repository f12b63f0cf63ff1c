"""Names a server answers to, off loopback too; and which pages are its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from scrubjay.core.errors import BadConfig
from scrubjay.web.origin import OriginCheck
from scrubjay.web.settings import ServeSettings

TOKEN = "a-token-of-at-least-twenty-characters"
LET_IN = 200


@dataclass(frozen=True)
class Asked:
    settings: ServeSettings

    def status(self, scheme: str = "http", method: str = "GET", **headers: str) -> int:
        """What a request with these headers gets; 200 where it is let through."""
        sent: list[Any] = []

        async def let_in(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": LET_IN, "headers": []})

        async def send(message: Any) -> None:
            sent.append(message)

        raw = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
        scope = {
            "type": "http",
            "method": method,
            "path": "/",
            "scheme": scheme,
            "headers": raw,
            "query_string": b"",
            "raw_path": b"/",
        }
        context: Any = SimpleNamespace(settings=self.settings)
        asyncio.run(OriginCheck(let_in, context=context)(scope, None, send))  # type: ignore[arg-type]
        return int(sent[0]["status"])


LOCAL = Asked(ServeSettings())
NAMED_LOCAL = Asked(ServeSettings(names=("pictures.example.org",)))
ANYWHERE = Asked(ServeSettings(host="0.0.0.0", token=TOKEN))
NAMED = Asked(ServeSettings(host="0.0.0.0", token=TOKEN, names=("Pictures.example.org",)))


@pytest.mark.parametrize(
    ("host", "local", "named_local", "anywhere", "named"),
    [
        ("localhost", 200, 200, 200, 200),
        ("127.0.0.1:8000", 200, 200, 200, 200),
        ("[::1]:8000", 200, 200, 200, 200),
        ("localhost.:8000", 200, 200, 200, 200),
        ("pictures.example.org", 421, 200, 200, 200),
        ("PICTURES.example.org:8443", 421, 200, 200, 200),
        ("10.1.2.3:8000", 421, 421, 200, 200),
        ("[fe80::1]", 421, 421, 200, 200),
        ("evil.example", 421, 421, 200, 421),
        ("pictures.example.org.evil.example", 421, 421, 200, 421),
        ("10.1.2.3.nip.io", 421, 421, 200, 421),
        ("evil.example/localhost", 421, 421, 421, 421),
        ("local host", 421, 421, 421, 421),
        ("", 421, 421, 421, 421),
    ],
)
def test_names(host: str, local: int, named_local: int, anywhere: int, named: int) -> None:
    found = [one.status(host=host) for one in (LOCAL, NAMED_LOCAL, ANYWHERE, NAMED)]
    assert found == [local, named_local, anywhere, named]


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("localhost:8000", "http://localhost:8000", 200),
        ("localhost:8000", "http://localhost:8001", 403),
        ("localhost:8000", "http://127.0.0.1:8000", 403),
        ("localhost", "http://localhost", 200),
        ("localhost", "http://localhost:80", 200),
        ("pictures.example.org", "https://pictures.example.org", 200),
        ("pictures.example.org", "http://pictures.example.org", 200),
        ("localhost:8000", "https://pictures.example.org", 200),
        ("pictures.example.org", "https://evil.example", 403),
        ("pictures.example.org", "https://pictures.example.org.evil.example", 403),
        ("pictures.example.org", "null", 403),
        ("pictures.example.org", "", 403),
        ("pictures.example.org", "ftp://pictures.example.org", 403),
        ("pictures.example.org", "https://pictures.example.org/a", 403),
    ],
)
def test_origins(host: str, origin: str, status: int) -> None:
    """A proxy that ends TLS may pass its own name on, or not."""
    for method in ("GET", "POST"):
        assert NAMED_LOCAL.status(host=host, origin=origin, method=method) == status


def test_a_plain_page_is_foreign_to_one_behind_tls() -> None:
    host = "localhost:8000"
    assert LOCAL.status("https", host=host, origin="https://localhost:8000") == LET_IN
    assert LOCAL.status("https", host=host, origin="http://localhost:8000") == 403


@pytest.mark.parametrize(
    ("site", "mode", "dest", "method", "status"),
    [
        ("same-origin", "cors", "empty", "POST", 200),
        ("none", "navigate", "document", "GET", 200),
        ("cross-site", "navigate", "document", "GET", 200),
        ("cross-site", "navigate", "document", "POST", 403),
        ("cross-site", "navigate", "iframe", "GET", 403),
        ("cross-site", "no-cors", "image", "GET", 403),
        ("same-site", "no-cors", "audio", "GET", 403),
        ("nonsense", "cors", "empty", "GET", 403),
    ],
)
def test_other_sites_may_link_here_and_nothing_else(
    site: str, mode: str, dest: str, method: str, status: int
) -> None:
    headers = {"sec_fetch_site": site, "sec_fetch_mode": mode, "sec_fetch_dest": dest}
    assert LOCAL.status(host="localhost", method=method, **headers) == status


@pytest.mark.parametrize("name", ["https://a.example", "a.example:80", "a b", "", "a/b", "*"])
def test_what_is_no_name_is_refused_as_one(name: str) -> None:
    with pytest.raises(BadConfig, match=r"serve\.names"):
        ServeSettings(names=(name,))

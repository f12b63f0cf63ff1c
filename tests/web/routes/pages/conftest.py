"""A visitor: a client that asks as a browser does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from scrubjay.web.csrf import FIELD
from tests.web.routes.pages.markup import Markup

HTML = {"Accept": "text/html,application/xhtml+xml"}
PART = {"Accept": "text/html", "HX-Request": "true", "HX-Request-Type": "partial"}


@dataclass
class Visitor:
    """Somebody with a browser; without scripts unless `part` is asked for."""

    client: TestClient

    def get(self, path: str, *, part: bool = False) -> Response:
        return self.client.get(path, headers=PART if part else HTML)

    def page(self, path: str) -> Markup:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text[:500]
        return Markup.of(answer.text)

    def token(self) -> str:
        """What the forms of this visitor's pages carry."""
        found = re.search(f'name="{FIELD}" value="([0-9a-f]+)"', self.get("/upload").text)
        assert found is not None
        return found[1]

    def post(self, path: str, *, part: bool = False, files: object = None, **data: str) -> Response:
        sent = {FIELD: self.token(), **data}
        headers = PART if part else HTML
        return self.client.post(path, data=sent, files=files, headers=headers)  # type: ignore[arg-type]


@pytest.fixture
def visitor(shared_client: TestClient) -> Visitor:
    """Looks at the home that all share, and changes nothing."""
    return Visitor(shared_client)


@pytest.fixture
def visiting(serve: Callable[..., TestClient]) -> Callable[..., Visitor]:
    """`visiting(home, **settings)`: a visitor of a server of their own."""
    return lambda home, **settings: Visitor(serve(home, **settings))

"""What browsers are told goes with every answer, and the pages keep to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.responses import Response
from fastapi.testclient import TestClient

import scrubjay.web
from scrubjay.core.config import Settings
from scrubjay.store.home import Home
from scrubjay.web.headers import ALWAYS, API_POLICY, PAGE_POLICY
from scrubjay.web.server import create_app
from scrubjay.web.settings import ServeSettings

WEB = Path(scrubjay.web.__file__).parent
TEMPLATES = sorted((WEB / "templates").glob("*.html"))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    home = Home(Settings(home=tmp_path_factory.mktemp("home"), threads=1, builtin=False))
    app = create_app(home, ServeSettings(watch_s=0, access_log=False))
    with_defects(app)
    with TestClient(app, "http://localhost", raise_server_exceptions=False) as client:
        yield client


def with_defects(app: FastAPI) -> None:
    @app.get("/broken")
    @app.get("/v1/broken")
    def broken() -> None:
        raise RuntimeError("the secret of the inside")

    @app.get("/v1/own")
    def own() -> Response:
        said = {"Content-Security-Policy": "default-src 'self'", "Cache-Control": "private"}
        return Response(b"", headers=said)


@pytest.mark.parametrize("path", ["/broken", "/v1/broken"])
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_a_defect_has_them_too_and_says_nothing_of_the_inside(
    client: TestClient, path: str, accept: str
) -> None:
    answer = client.get(path, headers={"Accept": accept})
    assert answer.status_code == 500
    for name, value in ALWAYS:
        assert answer.headers[name.decode()] == value.decode()
    policy = API_POLICY if path.startswith("/v1/") else PAGE_POLICY
    assert answer.headers["content-security-policy"] == policy
    assert "secret" not in answer.text
    assert "RuntimeError" not in answer.text


def test_a_route_s_own_word_counts(client: TestClient) -> None:
    said = client.get("/v1/own").headers
    assert said.get_list("content-security-policy") == ["default-src 'self'"]
    assert said.get_list("cache-control") == ["private"]
    assert said["x-content-type-options"] == "nosniff"


def test_the_server_does_not_say_what_it_is(client: TestClient) -> None:
    said = client.get("/healthz").headers
    assert "server" not in said
    assert "x-powered-by" not in said


def test_pages_may_use_nothing_from_elsewhere_and_nothing_inline() -> None:
    rules = dict(one.split(" ", 1) for one in PAGE_POLICY.split("; "))
    assert rules["default-src"] == "'none'"
    for name in ("script-src", "style-src", "connect-src", "form-action"):
        assert rules[name] == "'self'"
    assert set(" ".join(rules.values()).split()) == {"'none'", "'self'", "blob:", "data:"}
    assert "data:" not in rules["media-src"] + rules["script-src"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_inline_script_or_style(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style\b|\sstyle=", text)
    assert not re.search(r"\son[a-z]+=|javascript:", text)
    assert not re.search(r"\bhx-on\b|\|\s*safe\b|autoescape false", text)


def test_scripts_make_no_code_from_text() -> None:
    for path in sorted((WEB / "static").glob("*.js")):
        if path.name != "htmx.min.js":
            assert not re.search(r"\beval\(|new Function\(|\.innerHTML\s*=", path.read_text()), path

"""Every route, every method: who gets in and who does not.

The table below is what is promised. A route or method that is not in it, or that is gone, fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from scrubjay.core.config import Settings
from scrubjay.store.home import Home
from scrubjay.web.server import create_app
from scrubjay.web.settings import ServeSettings

TOKEN = "a-token-of-at-least-twenty-characters"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")

TABLE: dict[str, str] = {
    # Open to everybody: no token, no session.
    "/healthz": "GET",
    "/login": "GET POST",
    "/bigger": "POST",
    "/static/{digest}/{name}": "GET",
    # The token, as a bearer header; or a session, and then what changes needs the form token.
    "/openapi.json": "GET HEAD",
    "/readyz": "GET",
    "/metrics": "GET",
    "/v1/embeddings": "POST",
    "/v1/search": "POST",
    "/v1/chat/completions": "POST",
    "/v1/models": "GET",
    "/v1/audio/transcriptions": "POST",
    "/v1/audio/speech": "POST",
    "/v1/items": "GET POST",
    "/v1/items/facets": "GET",
    "/v1/items/{item_id:path}": "GET DELETE",
    "/v1/items/{item_id:path}/media": "GET",
    "/v1/items/{item_id:path}/thumb": "GET",
    "/v1/items/{item_id:path}/moments": "GET",
    "/v1/uploads/{upload_id}": "GET",
    "/v1/feedback": "GET POST",
    "/v1/champion": "GET POST",
    # Pages: also what changes without a token on loopback needs the form token.
    "/": "GET POST",
    "/ask": "GET POST",
    "/ask/spoken/{name}": "GET",
    "/favicon.ico": "GET",
    "/items": "GET",
    "/items/{item_id:path}": "GET",
    "/items/{item_id:path}/delete": "GET POST",
    "/upload": "GET POST",
    "/upload/{upload_id}": "GET",
    "/review": "GET",
    "/review/hit": "POST",
    "/review/caption": "POST",
    "/models": "GET",
    "/models/job": "GET",
    "/models/rollback": "GET POST",
    "/models/{version}/promote": "GET POST",
    "/runs": "GET",
    "/runs/{run_id}": "GET",
    "/runs/{run_id}/progress": "GET",
    "/runs/{run_id}/report": "GET",
    "/logout": "POST",
}
OPEN = {"/healthz", "/login", "/bigger", "/static/{digest}/{name}"}
KEPT = {"/static/{digest}/{name}", "/favicon.ico"}
"""Whatever the answer, nobody's media is in it."""
SAFE = {"GET", "HEAD", "OPTIONS"}
CASES = [(path, method) for path, methods in TABLE.items() for method in methods.split()]
CLOSED = [case for case in CASES if case[0] not in OPEN]
CHANGING = [case for case in CASES if case[1] not in SAFE]

STANDS_FOR = {
    "{digest}": "0",
    "{name}": "base.css",
    "{item_id:path}": "an-item",
    "{version}": "a-version",
    "{run_id}": "a-run",
    "{upload_id}": "an-upload",
}


def address(path: str) -> str:
    for name, value in STANDS_FOR.items():
        path = path.replace(name, value)
    assert "{" not in path, f"say in STANDS_FOR what stands for the parameter of {path}"
    return path


def routes(of: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Every (path, method) an application answers, routers within routers included."""
    for route in of:
        if hasattr(route, "effective_candidates"):
            yield from routes(route.effective_candidates())
            yield from routes(route.effective_low_priority_routes())
            continue
        assert route.methods, f"{route.path} is no route with methods; the table knows no other"
        yield from ((route.path, method) for method in route.methods)


def application(tmp_path_factory: pytest.TempPathFactory, **settings: Any) -> FastAPI:
    home = Home(Settings(home=tmp_path_factory.mktemp("home"), threads=1, builtin=False))
    return create_app(home, ServeSettings(watch_s=0, access_log=False, **settings))


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server with a token."""
    app = application(tmp_path_factory, token=TOKEN)
    with TestClient(app, "http://localhost:8000", raise_server_exceptions=False) as client:
        client.follow_redirects = False
        yield client


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A server without one, on loopback."""
    app = application(tmp_path_factory)
    with TestClient(app, "http://localhost:8000", raise_server_exceptions=False) as client:
        client.follow_redirects = False
        yield client


@pytest.fixture(autouse=True)
def _no_cookies(request: pytest.FixtureRequest) -> None:
    for name in {"closed", "local"} & set(request.fixturenames):
        request.getfixturevalue(name).cookies.clear()


def code(response: Response) -> str | None:
    return response.json()["error"]["code"] if response.content else None


def session(client: TestClient) -> str:
    """Log in as a browser does; the form token of the session's pages."""
    token = form_token(client, "/login")
    answer = client.post("/login", data={"csrf": token, "token": TOKEN})
    assert answer.status_code == 303, answer.text
    return form_token(client, "/upload")


def form_token(client: TestClient, path: str) -> str:
    page = client.get(path, headers=BROWSER)
    assert page.status_code == 200, page.text
    return page.text.partition('name="csrf" value="')[2].partition('"')[0]


def let_in(response: Response) -> bool:
    return response.status_code not in {401, 403, 408, 413, 421}


def test_the_table_names_every_route_and_method(closed: TestClient) -> None:
    assert isinstance(closed.app, FastAPI)
    there = set(routes(closed.app.routes))
    assert there == set(CASES), "say in TABLE who may ask what is new here"


def test_a_new_route_would_be_noticed(tmp_path_factory: pytest.TempPathFactory) -> None:
    app = application(tmp_path_factory)
    app.get("/v1/new")(lambda: None)
    app.post("/v1/search/again")(lambda: None)
    assert set(routes(app.routes)) - set(CASES) == {
        ("/v1/new", "GET"),
        ("/v1/search/again", "POST"),
    }


@pytest.mark.parametrize(("path", "method"), CLOSED)
def test_nobody_gets_in_without_the_token(closed: TestClient, path: str, method: str) -> None:
    answer = closed.request(method, address(path))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert method == "HEAD" or code(answer) == "invalid_token"
    for wrong in (f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", "Bearer", f"Basic {TOKEN}", TOKEN):
        assert (
            closed.request(method, address(path), headers={"Authorization": wrong}).status_code
            == 401
        )


@pytest.mark.parametrize(("path", "method"), CLOSED)
def test_people_are_asked_to_log_in(closed: TestClient, path: str, method: str) -> None:
    answer = closed.request(method, address(path), headers=BROWSER)
    if path.startswith("/v1/") or method not in {"GET", "HEAD"}:
        assert answer.status_code == 401
    else:
        assert answer.status_code == 303
        wanted = "" if path == "/" else f"?next={address(path)}"
        assert answer.headers["location"] == f"/login{wanted}"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", [*TABLE, "/nothing", "/v1/nothing", "/docs", "/redoc"])
def test_no_other_method_or_path_is_open_either(closed: TestClient, path: str, method: str) -> None:
    answer = closed.request(method, address(path))
    if path in OPEN:
        assert answer.status_code == 405 or (path, method) in CASES or code(answer) is not None
    else:
        assert answer.status_code == 401


@pytest.mark.parametrize(("path", "method"), CASES)
def test_the_token_lets_in(closed: TestClient, path: str, method: str) -> None:
    answer = closed.request(method, address(path), headers=BEARER)
    assert let_in(answer) or ((path, method) == ("/login", "POST") and "<form" in answer.text)


@pytest.mark.parametrize(("path", "method"), CASES)
def test_foreign_names_and_pages_do_not_get_in(
    closed: TestClient, local: TestClient, path: str, method: str
) -> None:
    for client in (closed, local):
        for host in ("evil.example", "localhost.evil.example", "10.0.0.1", "127.0.0.1.nip.io"):
            answer = client.request(method, address(path), headers={**BEARER, "Host": host})
            assert answer.status_code == 421
        for origin in (
            "https://evil.example",
            "null",
            "http://localhost:3000",
            "http://127.0.0.1:8000",
        ):
            answer = client.request(method, address(path), headers={**BEARER, "Origin": origin})
            assert answer.status_code == 403
            assert method == "HEAD" or code(answer) == "wrong_origin"
            assert "access-control-allow-origin" not in answer.headers
        for site in ("cross-site", "same-site"):
            answer = client.request(
                method, address(path), headers={**BEARER, "Sec-Fetch-Site": site}
            )
            assert answer.status_code == 403


@pytest.mark.parametrize(("path", "method"), CASES)
def test_the_own_page_gets_in(closed: TestClient, path: str, method: str) -> None:
    own = {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}
    token = session(closed)
    if method not in SAFE:
        own["X-CSRF-Token"] = token
    answer = closed.request(method, address(path), headers=own)
    # A log-in without the token is asked to try again, by the route itself.
    assert let_in(answer) or ((path, method) == ("/login", "POST") and "<form" in answer.text)


@pytest.mark.parametrize(("path", "method"), CHANGING)
def test_a_session_changes_nothing_without_the_form_token(
    closed: TestClient, path: str, method: str
) -> None:
    session(closed)
    other = "0" * 64
    for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": other}):
        answer = closed.request(method, address(path), headers=headers)
        assert answer.status_code == 403
        assert code(answer) == "invalid_csrf_token"
    if method == "POST":
        for field in ({"csrf": other}, {"csrf": ""}, {"token": TOKEN}):
            assert closed.post(address(path), data=field).status_code == 403
            assert closed.post(address(path), data=field, files={"a": b"b"}).status_code == 403


@pytest.mark.parametrize(("path", "method"), CHANGING)
def test_without_a_token_forms_need_theirs_and_programs_none(
    local: TestClient, path: str, method: str
) -> None:
    answer = local.request(method, address(path))
    assert let_in(answer) if path.startswith("/v1/") else code(answer) == "invalid_csrf_token"
    token = form_token(local, "/upload")
    assert let_in(local.request(method, address(path), headers={"X-CSRF-Token": token}))
    local.cookies.clear()
    if not path.startswith("/v1/"):
        answer = local.request(method, address(path), headers={"X-CSRF-Token": token})
        assert answer.status_code == 403, "a form token is worth nothing to another visitor"


@pytest.mark.parametrize(("path", "method"), CASES)
def test_every_answer_tells_browsers_what_not_to_do(
    closed: TestClient, path: str, method: str
) -> None:
    for headers in ({}, BEARER, {"Host": "evil.example"}, {"Origin": "null"}):
        said = closed.request(method, address(path), headers=headers).headers
        assert said["x-content-type-options"] == "nosniff"
        assert said["x-frame-options"] == "DENY"
        assert said["cross-origin-resource-policy"] == "same-origin"
        policy = said["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        if path not in KEPT:
            assert said["cache-control"] == "no-store"

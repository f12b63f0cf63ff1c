"""Logging in and out as a browser does, without any script."""

from __future__ import annotations

from collections.abc import Iterator
from http.cookies import SimpleCookie

import pytest
from fastapi.testclient import TestClient

from scrubjay.core.config import Settings
from scrubjay.store.home import Home
from scrubjay.web.routes.login import local_address
from scrubjay.web.server import create_app
from scrubjay.web.sessions import COOKIE, LIFETIME_S
from scrubjay.web.settings import ServeSettings

TOKEN = "a-token-of-at-least-twenty-characters"
BROWSER = {"Accept": "text/html"}


def started(tmp_path_factory: pytest.TempPathFactory, token: str | None) -> TestClient:
    home = Home(Settings(home=tmp_path_factory.mktemp("home"), threads=1, builtin=False))
    app = create_app(home, ServeSettings(token=token, watch_s=0, access_log=False))
    client = TestClient(app, "http://localhost:8000", headers=BROWSER)
    client.follow_redirects = False
    return client


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with started(tmp_path_factory, TOKEN) as client:
        yield client


@pytest.fixture
def client(shared: TestClient) -> TestClient:
    shared.cookies.clear()
    return shared


def hidden(page: str, name: str) -> str:
    """The value of a hidden field in what the page is about."""
    about = page.partition("<main")[2]
    return about.partition(f'name="{name}" value="')[2].partition('"')[0]


def log_in(client: TestClient, token: str = TOKEN, wanted: str = "/items?kind=image") -> object:
    form = client.get("/login", params={"next": wanted})
    assert form.status_code == 200
    filled = {name: hidden(form.text, name) for name in ("csrf", "next")}
    return client.post("/login", data={**filled, "token": token})


def test_who_asks_for_a_page_logs_in_and_gets_there(client: TestClient) -> None:
    sent_away = client.get("/items?kind=image")
    assert sent_away.status_code == 303
    form = client.get(sent_away.headers["location"])
    assert hidden(form.text, "next") == "/items?kind=image"
    assert "frame-ancestors 'none'" in form.headers["content-security-policy"]
    there = log_in(client)
    assert there.headers["location"] == "/items?kind=image"
    assert client.get("/items?kind=image").status_code == 200
    assert client.get("/login?next=/models").headers["location"] == "/models"


def test_the_cookies_are_closed_to_scripts_and_other_sites(client: TestClient) -> None:
    form = client.get("/login")
    for header in (form.headers["set-cookie"], log_in(client).headers["set-cookie"]):
        (morsel,) = SimpleCookie(header).values()
        assert morsel["httponly"]
        assert morsel["samesite"] == "Strict"
        assert morsel["path"] == "/"
        assert not morsel["domain"]
        assert not morsel["secure"]
        assert morsel.key != COOKIE or morsel["max-age"] == str(LIFETIME_S)
        assert TOKEN not in header


def test_behind_tls_they_are_for_tls_alone(shared: TestClient) -> None:
    secure = TestClient(shared.app, "https://localhost", headers=BROWSER)
    secure.follow_redirects = False
    assert "; Secure" in secure.get("/login").headers["set-cookie"]
    assert "; Secure" in log_in(secure).headers["set-cookie"]


@pytest.mark.parametrize("wrong", ["", "x", TOKEN + "x", TOKEN.upper(), "<script>", "\u0000"])
def test_a_wrong_token_is_asked_for_again(client: TestClient, wrong: str) -> None:
    answer = log_in(client, wrong)
    assert answer.status_code == 401
    assert "not the token" in answer.text
    assert "<script>" not in answer.text.partition("<form")[2]
    assert "set-cookie" not in answer.headers
    assert client.get("/items").status_code == 303


def test_after_logging_out_the_cookie_is_worth_nothing(client: TestClient) -> None:
    log_in(client)
    kept = client.cookies[COOKIE]
    page = client.get("/upload")
    out = client.post("/logout", data={"csrf": hidden(page.text, "csrf")})
    assert out.headers["location"] == "/login"
    assert COOKIE not in client.cookies
    client.cookies.set(COOKIE, kept)
    assert client.get("/upload").status_code == 303


def test_logging_out_needs_the_form_token(client: TestClient) -> None:
    log_in(client)
    answer = client.post("/logout")
    assert answer.status_code == 403
    assert "reload the page" in answer.text
    assert client.get("/upload").status_code == 200


def test_nobody_is_logged_in_by_another_visitor_s_form(client: TestClient) -> None:
    theirs = hidden(client.get("/login").text, "csrf")
    client.cookies.clear()
    client.get("/login")
    assert client.post("/login", data={"csrf": theirs, "token": TOKEN}).status_code == 403


def test_without_a_token_there_is_nothing_to_log_in_to(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with started(tmp_path_factory, None) as client:
        assert client.get("/login?next=/items").headers["location"] == "/items"
        assert client.get("/items").status_code == 200


@pytest.mark.parametrize(
    ("wanted", "address"),
    [
        ("/items?a=b", "/items?a=b"),
        ("", "/"),
        ("items", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\/evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: b", "/"),
        ("/\t/evil.example", "/"),
        ("/ä", "/"),
    ],
)
def test_nobody_is_sent_elsewhere(client: TestClient, wanted: str, address: str) -> None:
    assert local_address(wanted) == address
    assert log_in(client, wanted=wanted).headers["location"] == address


def test_the_log_knows_no_secret(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    home = Home(Settings(home=tmp_path_factory.mktemp("home"), threads=1, builtin=False))
    app = create_app(home, ServeSettings(token=TOKEN, watch_s=0, access_log=True))
    with TestClient(app, "http://localhost:8000", headers=BROWSER) as client:
        log_in(client)
        cookie = client.cookies[COOKIE]
        client.get("/v1/items", headers={"Authorization": f"Bearer {TOKEN}"})
        client.get(f"/items?token={TOKEN}")
        form_token = hidden(client.get("/upload").text, "csrf")
        client.post("/logout", data={"csrf": form_token})
    written = "".join(capsys.readouterr())
    assert written.count('"event": "request"') >= 6
    for secret in (TOKEN, cookie, cookie.rpartition(".")[2], form_token):
        assert secret not in written

"""Alive, ready, counted: what a cluster asks before it sends anybody."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from scrubjay import __version__
from scrubjay.core.config import Settings
from scrubjay.store.home import Home
from scrubjay.web.server import create_app
from scrubjay.web.settings import ServeSettings
from tests.web.conftest import LOOPBACK, Serve, ServedHome

TOKEN = "operations-need-this-token"


@pytest.fixture
def empty(tmp_path: Path) -> TestClient:
    app = create_app(Home(Settings(home=tmp_path / "home", builtin=False)), ServeSettings())
    return TestClient(app, base_url=LOOPBACK, raise_server_exceptions=False)


def test_a_server_that_answers_is_alive_and_ready_and_names_its_pair(
    shared_client: TestClient, served_home: ServedHome
) -> None:
    assert shared_client.get("/healthz").json() == {"status": "ok", "scrubjay": __version__}
    assert shared_client.get("/healthz", params={"ready": True}).status_code == 200
    ready = shared_client.get("/readyz").json()
    assert ready["status"] == "ready"
    assert ready["version"] == served_home.version
    assert ready["behind"] is None


def test_before_a_champion_it_is_alive_and_not_ready_and_says_what_to_do(
    empty: TestClient,
) -> None:
    with empty:
        assert empty.get("/healthz").status_code == 200
        for path in ("/readyz", "/healthz?ready=true"):
            answer = empty.get(path)
            assert answer.status_code == 503
            assert "scrubjay" in answer.json()["error"]["message"]
            assert int(answer.headers["retry-after"]) > 0
        assert "scrubjay_champion_info" not in empty.get("/metrics").text.replace("# ", "#\n")


def test_with_a_token_only_health_is_open(serve: Serve, served_home: ServedHome) -> None:
    client = serve(served_home, token=TOKEN)
    assert client.get("/healthz").status_code == 200
    assert client.get("/healthz?ready=true").status_code == 200
    mine = {"Authorization": f"Bearer {TOKEN}"}
    for path in ("/readyz", "/metrics"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers=mine).status_code == 200


def test_nothing_but_reading_is_offered(shared_client: TestClient) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            assert shared_client.request(method, path).status_code in {403, 405}


def test_every_answer_names_its_request(shared_client: TestClient) -> None:
    sent = {"X-Request-ID": "probe-7"}
    assert shared_client.get("/healthz", headers=sent).headers["x-request-id"] == "probe-7"
    for path in ("/readyz", "/metrics", "/nowhere", "/v1/nowhere"):
        assert shared_client.get(path).headers["x-request-id"]

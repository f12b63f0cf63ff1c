"""A container's health: of the server where there is one, of the home where there is none."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from scrubjay.web import probe


@contextmanager
def answering(status: int, body: bytes = b"{}") -> Iterator[tuple[int, list[str]]]:
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port, asked
        server.shutdown()
        thread.join()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that nobody listens on, and nobody can while it is held."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


def test_a_server_that_answers_searches_is_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with answering(200) as (port, asked):
        assert probe.main([str(port)]) == 0
    assert asked == ["/healthz?ready=true"]


def test_a_server_that_does_not_is_ill_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    with answering(503, b'{"error": {"message": "nothing serves yet"}}') as (port, _):
        assert probe.main([str(port)]) == 1
    assert "nothing serves yet" in capsys.readouterr().err


def test_a_server_that_hangs_is_ill(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "PATIENCE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        assert probe.main([str(hanging.getsockname()[1])]) == 1
    assert "does not answer" in capsys.readouterr().err


def test_where_no_server_listens_the_home_is_asked(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    silent_port: int,
) -> None:
    monkeypatch.setenv("SCRUBJAY_HOME", str(tmp_path / "home"))
    assert probe.main([str(silent_port)]) == 0
    (tmp_path / "file").touch()
    monkeypatch.setenv("SCRUBJAY_HOME", str(tmp_path / "file"))
    assert probe.main([str(silent_port)]) == 1
    assert "is a file" in capsys.readouterr().err


def test_asking_a_server_loads_nothing_of_it() -> None:
    heavy = "{'fastapi', 'uvicorn', 'numpy', 'prometheus_client', 'lancedb'}"
    code = f"import sys, scrubjay.web.probe; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)

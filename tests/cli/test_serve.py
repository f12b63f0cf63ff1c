"""What `scrubjay serve` takes, and what it says when it cannot."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from scrubjay.ask.settings import AskSettings
from scrubjay.cli.main import app
from scrubjay.core.errors import WrongUse

WITHOUT_FASTAPI = """
import sys
sys.modules["fastapi"] = None
sys.argv = ["scrubjay", "serve", "--home", sys.argv[1]]
from scrubjay.cli.main import main
main()
"""


@pytest.fixture
def listened(monkeypatch):
    """What the server would have been started with."""
    heard = []
    monkeypatch.setattr(
        "scrubjay.web.server.serve",
        lambda home, settings, *, asking, tell: heard.append((home, settings, asking)),
    )
    return heard


def serve(*arguments):
    return CliRunner().invoke(app, ["serve", *arguments])


def test_options_reach_the_server(listened, tmp_path, monkeypatch):
    monkeypatch.delenv("SCRUBJAY_TOKEN", raising=False)
    token = tmp_path / "token"
    token.write_text("a-token-of-enough-letters\n")
    result = serve(
        *("--host", "0.0.0.0", "--port", "81", "--home", str(tmp_path / "home")),
        *("--token-file", str(token), "--name", "a.example", "--name", "b.example"),
        "--log-queries",
    )
    assert result.exit_code == 0, result.output
    ((home, settings, asking),) = listened
    assert home.path == tmp_path / "home"
    assert (settings.host, settings.port) == ("0.0.0.0", 81)
    assert settings.token == "a-token-of-enough-letters"
    assert settings.names == ("a.example", "b.example")
    assert settings.log_queries is True
    assert asking == AskSettings()


def test_alone_it_is_for_this_machine(listened, tmp_path, monkeypatch):
    monkeypatch.delenv("SCRUBJAY_TOKEN", raising=False)
    serve("--home", str(tmp_path))
    settings = listened[0][1]
    assert (settings.host, settings.port, settings.token) == ("127.0.0.1", 8000, None)
    assert settings.log_queries is False


def test_a_token_that_cannot_be_used_is_said(listened, tmp_path):
    result = serve("--token-file", str(tmp_path / "none"))
    assert isinstance(result.exception, WrongUse)
    assert listened == []


def test_without_the_extra_it_says_how_to_install_it(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_FASTAPI, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "pip install 'scrubjay[serve]'" in done.stderr


def test_help_has_an_example():
    words = " ".join(serve("--help").output.split())
    assert "Example: scrubjay serve" in words


def test_preparing_a_home_that_serves_changes_nothing(champion_home):
    done = CliRunner().invoke(
        app, ["champion", "prepare", "--home", str(champion_home.path), "--json"]
    )
    assert json.loads(done.stdout)["version"] == champion_home.version

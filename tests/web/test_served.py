"""The real thing: `scrubjay serve` as docs/service.md tells of it, and how it ends."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import typer

from scrubjay.cli.main import app
from tests.deploy.commands import blocks
from tests.web.conftest import ServedHome
from tests.web.load import Load
from tests.web.process import Server, started

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "service.md").read_text()
TOKEN = "the-token-of-the-documented-server"


def until_ready(server: Server) -> Server:
    """Wait by the route that needs no token."""
    while server.first_answer("/healthz?ready=true")[0] != 200:
        time.sleep(0.05)
    return server


def test_the_documented_options_are_those_of_the_command() -> None:
    command = typer.main.get_command(app).commands["serve"]  # type: ignore[attr-defined]
    named = {name for one in command.params for name in one.opts if name.startswith("-")}
    options = named - {"--help"}
    assert set(re.findall(r"^\| `(--[a-z-]+)` \|", TEXT, re.MULTILINE)) == options


def test_every_curl_of_the_documentation_is_answered(own_home: ServedHome, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not on this machine")
    shell = [body for language, body in blocks(TEXT) if language == "sh"]
    commands = "\n".join(body for body in shell if not body.startswith("URL="))
    assert commands.count("curl ") >= 16
    shutil.copyfile(own_home.folder / "3.png", tmp_path / "picture.png")
    fakes = [f"{room}=fake" for room in ("vlm", "ocr", "asr", "tts")]
    with started(own_home.path, *fakes, SCRUBJAY_TOKEN=TOKEN) as server:
        until_ready(server)
        script = (
            f"set -euo pipefail\nURL=http://127.0.0.1:{server.port}\nSCRUBJAY_TOKEN={TOKEN}\n"
            'AUTH="Authorization: Bearer $SCRUBJAY_TOKEN"\n'
            'curl() { command curl --fail-with-body --write-out "\\n" "$@"; }\n' + commands
        )
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr}"
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [len(one["hits"]) for one in answers if "hits" in one] == [5, 10]
    assert [len(one["data"]) for one in answers if "data" in one] == [2]
    assert (tmp_path / "first-bytes").stat().st_size == 100
    assert (tmp_path / "small.webp").read_bytes()[8:12] == b"WEBP"
    assert any("forgotten" in one for one in answers)
    asked = [one["scrubjay"] for one in answers if "choices" in one]
    assert [one["steps"][0]["name"] for one in asked] == ["find", "read"]
    heard = [one["text"] for one in answers if "segments" in one]
    assert heard == ["which picture shows a red circle?"]
    assert "# TYPE scrubjay_http_requests_total counter" in done.stdout
    lines = [json.loads(line) for line in server.lines]
    asked = {line["route"] for line in lines if line["event"] == "request"}
    assert {"/v1/search", "/v1/embeddings", "/v1/items", "/metrics", "/readyz"} <= asked
    assert TOKEN not in "".join(server.lines + server.said)


@pytest.mark.slow
@pytest.mark.parametrize("keep", [True, False], ids=["kept connections", "new connections"])
def test_a_signal_under_load_drops_no_search(served_home: ServedHome, keep: bool) -> None:
    body = json.dumps({"text": "a red circle", "k": 3}).encode()
    headers = {"Content-Type": "application/json"}
    with started(served_home.path) as server:
        until_ready(server)
        load = Load(
            server.port,
            method="POST",
            path="/v1/search",
            body=body,
            headers=headers,
            clients=8,
            keep=keep,
        ).start()
        load.until(100)
        server.process.send_signal(signal.SIGTERM)
        load.join()
        ended = server.process.wait(60)
    assert ended == 0
    assert load.dropped == []
    assert set(load.statuses) == {200}
    logged = [json.loads(line) for line in server.lines]
    searches = [line for line in logged if line.get("route") == "/v1/search"]
    assert len(searches) == load.answered, "who was answered is who was let in"

"""`scrubjay serve` starts fast, without torch, and in a home that is not there yet."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scrubjay.cli.main import app
from scrubjay.core.errors import WrongUse
from scrubjay.web.server import _bound
from tests.web.process import started

FORBIDDEN = ("torch", "lightning", "hydra", "transformers", "wandb", "lance_namespace_urllib3")

STAND = """
import json, sys
from fastapi.testclient import TestClient
from pathlib import Path
from scrubjay.ask.settings import AskSettings, Choice
from scrubjay.cli.compose import ask_settings
from scrubjay.core.config import Settings
from scrubjay.store.home import Home
from scrubjay.web.server import create_app
from scrubjay.web.settings import ServeSettings

home = Home(Settings(home=Path(sys.argv[1]), threads=1))
assert ask_settings(home.path, ()) == AskSettings()
fakes = AskSettings(*[Choice("fake")] * 4)
app = create_app(home, ServeSettings(), asking=fakes)
with TestClient(app, base_url="http://127.0.0.1") as client:
    picture, sound = json.load(sys.stdin)
    question = {"messages": [{"role": "user", "content": "where is something red?"}]}
    asked = {"input": ["a red thing", {"image": picture}, {"audio": sound}]}
    answers = [
        client.get("/readyz"),
        client.post("/v1/search", json={"text": "a red thing"}),
        client.post("/v1/search", json={"image": picture, "speech": sound}),
        client.post("/v1/embeddings", json=asked),
        client.post("/v1/chat/completions", json=question),
        client.get("/metrics"),
        client.get("/openapi.json"),
        client.get("/", headers={"accept": "text/html"}),
    ]
print(json.dumps([[answer.status_code for answer in answers], sorted(sys.modules)]))
"""


def data_url(path: Path, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def test_serving_never_imports_torch(served_home):
    media = [
        data_url(served_home.folder / "1.png", "image/png"),
        data_url(served_home.folder / "low.wav", "audio/wav"),
    ]
    done = subprocess.run(
        [sys.executable, "-c", STAND, str(served_home.path)],
        input=json.dumps(media),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    statuses, modules = json.loads(done.stdout.splitlines()[-1])
    assert statuses == [200] * 8
    assert [name for name in modules if name.startswith(FORBIDDEN)] == []


def processor_seconds(pid: int) -> float:
    """What a process has used so far; a busy machine does not make it more."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_it_starts_with_the_built_in_model_and_says_how_fast(served_home, capsys):
    with started(served_home.path, OMP_NUM_THREADS="1") as server:
        wall = server.until_ready()
        used = processor_seconds(server.process.pid)
        memory = Path(f"/proc/{server.process.pid}/status").read_text()
        resident = next(line.split()[1] for line in memory.splitlines() if "VmRSS" in line)
        status, told = server.ask("POST", "/v1/search", {"text": "a red thing", "k": 3})
    with capsys.disabled():
        print(
            f"\nready {wall:.2f} s after the start of the process, {used:.2f} s of processor "
            f"time, {int(resident) / 1024:.0f} MB resident"
        )
    assert status == 200
    assert len(json.loads(told)["hits"]) == 3
    assert "Scrubjay is at http://127.0.0.1:" in "".join(server.said)


@pytest.mark.slow
def test_a_new_home_prepares_the_built_in_encoder_in_a_process_of_its_own(tmp_path, served_home):
    with started(tmp_path / "new", SCRUBJAY_BUILTIN="1", OMP_NUM_THREADS="1") as server:
        server.until_ready(250)
        status, told = server.ask("POST", "/v1/search", {"text": "a red thing"})
        maps = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert status == 200
    answer = json.loads(told)
    assert (answer["version"], answer["hits"]) == (served_home.version, [])
    assert "is prepared now, once" in "".join(server.said)
    assert "libtorch" not in maps


def test_without_the_built_in_encoder_a_new_home_says_what_to_do(tmp_path):
    with started(tmp_path / "new", SCRUBJAY_BUILTIN="0") as server:
        status, told = server.first_answer("/readyz")
        assert status == 503
        assert "scrubjay add FOLDER" in json.loads(told)["error"]["message"]


def test_a_port_that_is_taken_is_said_before_anything_is_opened():
    with _bound("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(WrongUse, match="--port"):
            _bound("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(WrongUse, match="cannot be listened at"):
        _bound("203.0.113.1", 0)  # nobody's: kept for examples


def test_off_loopback_it_does_not_start_without_a_token(tmp_path, monkeypatch):
    monkeypatch.delenv("SCRUBJAY_TOKEN", raising=False)
    result = CliRunner().invoke(
        app, ["serve", "--host", "0.0.0.0", "--port", "0", "--home", str(tmp_path / "new")]
    )
    assert isinstance(result.exception, WrongUse)
    assert "token" in str(result.exception)


def test_models_that_cannot_be_chosen_are_said_before_anything_listens(tmp_path):
    home = ["--home", str(tmp_path / "home")]
    for wrong, says in (("vlm=nobodys", "nobodys"), ("vlm.smell=1", "smell"), ("k=0", "k must be")):
        done = CliRunner().invoke(app, ["serve", *home, wrong])
        assert isinstance(done.exception, WrongUse)
        assert says in str(done.exception)

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from scrubjay.core.errors import ModelNotFound
from scrubjay.models.pretrained.source import find_model


def model_folder(folder: Path, weights: str = "model.safetensors") -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "clip"}))
    (folder / weights).write_bytes(b"x")
    return folder


def cached(cache: Path, name: str) -> Path:
    """A snapshot as the hub's own client leaves it in its cache."""
    repository = cache / f"models--{name.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0" * 40)
    return model_folder(repository / "snapshots" / ("0" * 40))


def run_isolated(program: str, **environment: str) -> str:
    """In a process of its own: the hub's client reads its environment when it is imported."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    ).stdout


def test_a_directory_is_taken_first_whatever_it_is_called(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = model_folder(tmp_path / "openai" / "clip-vit-base-patch32")
    assert find_model("openai/clip-vit-base-patch32").resolve() == folder


def test_a_home_directory_is_expanded(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = model_folder(tmp_path / "clip")
    assert find_model("~/clip") == folder


@pytest.mark.parametrize("source", ["/no/such", "./clip", "~/clip", "a/b/c", "", "what is this"])
def test_a_path_that_is_not_there_is_not_looked_for_in_the_hub(source: str) -> None:
    with pytest.raises(ModelNotFound, match="there is no directory"):
        find_model(source)


def test_a_hub_id_in_the_cache_is_found_without_a_network(tmp_path) -> None:
    folder = cached(tmp_path, "acme/owl")
    program = """
        import socket
        def refuse(*_): raise AssertionError("network")
        socket.socket.connect = refuse
        from scrubjay.models.pretrained.source import find_model
        print(find_model("acme/owl"), end="")
    """
    for offline in ("0", "1"):
        found = run_isolated(program, HF_HUB_CACHE=str(tmp_path), HF_HUB_OFFLINE=offline)
        assert found == str(folder)


@pytest.mark.parametrize(
    ("offline", "download", "message"),
    [
        ("0", False, "encoder.download=true"),
        ("1", False, "HF_HUB_OFFLINE is set"),
        ("1", True, "HF_HUB_OFFLINE is set"),
    ],
)
def test_a_hub_id_that_is_not_here_says_what_to_do(
    tmp_path, offline: str, download: bool, message: str
) -> None:
    program = f"""
        import socket
        def refuse(*_): raise AssertionError("network")
        socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
        from scrubjay.core.errors import ModelNotFound
        from scrubjay.models.pretrained.source import find_model
        try:
            find_model("acme/owl", download={download})
        except ModelNotFound as error:
            print(error)
    """
    said = run_isolated(program, HF_HUB_CACHE=str(tmp_path), HF_HUB_OFFLINE=offline)
    assert "'acme/owl' is not on this machine" in said
    assert "hf download acme/owl" in said
    assert message in said


def test_asking_to_download_is_the_only_way_onto_the_network(tmp_path) -> None:
    """Online and allowed, it tries; a network that fails is reported, not raised raw."""
    program = """
        import socket
        tried = []
        def refuse(*address, **_):
            tried.append(address)
            raise OSError("no route")
        socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
        from scrubjay.core.errors import ModelNotFound
        from scrubjay.models.pretrained.source import find_model
        for download in (False, True):
            try:
                find_model("acme/owl", download=download)
            except ModelNotFound as error:
                print(len(tried) > 0, "check the name and the network" in str(error))
    """
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "")
    said = run_isolated(program, HF_HUB_CACHE=str(tmp_path), HF_HUB_OFFLINE="0", **proxies)
    assert said.split("\n")[:2] == ["False False", "True True"]


def test_pickled_weights_are_refused_with_how_to_convert(tmp_path) -> None:
    folder = model_folder(tmp_path / "clip", "pytorch_model.bin")
    marker = tmp_path / "ran"

    class Bomb:
        def __reduce__(self):
            return (open, (str(marker), "w"))

    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ModelNotFound, match=r"pytorch_model\.bin.*save_pretrained"):
        find_model(folder)
    assert not marker.exists()


def test_a_directory_without_weights_or_config_is_named(tmp_path) -> None:
    with pytest.raises(ModelNotFound, match=r"config\.json is missing"):
        find_model(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelNotFound, match="no weights"):
        find_model(tmp_path)

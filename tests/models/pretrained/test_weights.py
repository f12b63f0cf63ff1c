from __future__ import annotations

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from scrubjay.core.errors import Damaged
from scrubjay.models.pretrained import weights
from scrubjay.models.pretrained.weights import folder_fingerprint


@pytest.fixture
def folder(tmp_path):
    save_file(
        {"a": np.arange(9000, dtype=np.float32), "b": np.ones((70, 70), np.float32)},
        tmp_path / "model.safetensors",
    )
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}")
    return tmp_path


@pytest.mark.parametrize("read_whole", [0, 64 * 2**20], ids=["sampled", "whole"])
def test_it_follows_files_options_and_any_trained_tensor(folder, read_whole, monkeypatch) -> None:
    monkeypatch.setattr(weights, "READ_WHOLE", read_whole)
    first = folder_fingerprint(folder, "none")
    assert folder_fingerprint(folder, "none") == first
    seen = {first, folder_fingerprint(folder, "4bit")}
    (folder / "chat_template.jinja").write_text("{{ messages[0] }}")
    seen.add(folder_fingerprint(folder, "none"))
    for name in ("a", "b"):
        tensors = {
            "a": np.arange(9000, dtype=np.float32),
            "b": np.ones((70, 70), np.float32),
        }
        tensors[name] = tensors[name] + np.float32(1e-3)
        save_file(tensors, folder / "model.safetensors")
        seen.add(folder_fingerprint(folder, "none"))
    assert len(seen) == 5


def test_a_file_that_holds_no_tensors_is_refused(folder, monkeypatch) -> None:
    monkeypatch.setattr(weights, "READ_WHOLE", 0)
    path = folder / "model.safetensors"
    for header in (b"nonsense", json.dumps({"a": 1}).encode(), b"[1]"):
        path.write_bytes(len(header).to_bytes(8, "little") + header)
        with pytest.raises(Damaged, match="copy it again"):
            folder_fingerprint(folder, "none")
    path.write_bytes(b"\xff" * 100)
    with pytest.raises(Damaged, match="copy it again"):
        folder_fingerprint(folder, "none")

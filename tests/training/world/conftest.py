"""A tiny built-in encoder and a few spoken captions."""

from __future__ import annotations

import ctypes.util
from pathlib import Path
from typing import Any

import pytest
import torch

from scrubjay.models.load import load_trainable
from scrubjay.training.world import clips

FEW = 64
"""Clips in a shard of these tests."""
SIZES: dict[str, Any] = {
    "width": 32,
    "layers": 1,
    "heads": 2,
    "ffn": 2,
    "dim": 32,
    "image_size": 48,
    "stem_channels": [8, 16],
    "buckets": 2048,
    "text_width": 16,
}
STEADY = {"speech": {"tempo": 0.0, "bend": 0.0, "shift": 0}}
"""Nothing moves in time: what is said stays where it is labelled."""


def tiny(**more: Any) -> Any:
    torch.set_num_threads(1)
    return load_trainable("builtin", **{**SIZES, "inputs": STEADY, **more})


@pytest.fixture(scope="session")
def espeak() -> None:
    if ctypes.util.find_library("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed (Debian: apt-get install espeak-ng)")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(clips, "SHARD", FEW)
    return FEW


@pytest.fixture(scope="session")
def spoken(espeak: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose `clips` holds one small shard, as a run's does."""
    folder = tmp_path_factory.mktemp("spoken")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clips, "SHARD", FEW)
        hear = tiny().preprocess("speech", train=False)
        clips.write_clips(folder / "clips", FEW, seed=3, hear=hear)
    return folder

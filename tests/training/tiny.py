"""A three-tower encoder of a few thousand parameters: enough to learn colours, tones and words."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from scrubjay.core.errors import UnsupportedModality
from scrubjay.core.protocols import Batch, Preprocess
from scrubjay.core.types import EncoderSpec, Media, Modality

WORDS, MELS, SIDE = 256, 64, 8


class TinyEncoder:
    """Colours by mean pooling, words by hashing, tones by their spectrum."""

    def __init__(self, *, dim: int = 32, dropout: float = 0.0, shared: bool = False) -> None:
        self.head = nn.Linear(dim, dim) if shared else None
        tail = [self.head] if self.head is not None else []
        self.towers: dict[Modality, nn.Module] = {
            Modality.IMAGE: _Tower(
                "pixels",
                nn.Linear(3 * SIDE * SIDE, dim),
                nn.BatchNorm1d(dim),
                nn.ReLU(),
                nn.Dropout(dropout),
                nn.Linear(dim, dim),
                *tail,
            ),
            Modality.TEXT: _Tower(
                "words", nn.Linear(WORDS, dim), nn.ReLU(), nn.Linear(dim, dim), *tail
            ),
            Modality.SPEECH: _Tower(
                "spectrum", nn.Linear(MELS, dim), nn.ReLU(), nn.Linear(dim, dim), *tail
            ),
        }
        self.spec = EncoderSpec("tiny", "", dim, frozenset(Modality), "0" * 64, 32, 2.0)
        for tower in self.towers.values():
            tower.eval()

    def tower(self, modality: Modality) -> nn.Module:
        if modality not in self.towers:
            raise UnsupportedModality("tiny", modality, [])
        return self.towers[modality]

    def preprocess(self, modality: Modality, *, train: bool) -> Preprocess:
        def ready(media: Sequence[Media]) -> Batch:
            rows = np.stack([INPUTS[modality](one) for one in media]).astype(np.float32)
            if train:
                noise = np.random.default_rng(torch.initial_seed() % 2**63)
                rows = rows + noise.normal(0, 0.01, rows.shape).astype(np.float32)
            return {NAMES[modality]: rows}

        return ready

    def encode(self, modality: Modality, batch: Sequence[Media]) -> np.ndarray:
        if not batch:
            return np.zeros((0, self.spec.dim), np.float32)
        inputs = self.preprocess(modality, train=False)(batch)
        tower = self.tower(modality).eval()
        with torch.no_grad():
            rows = tower(**{name: torch.from_numpy(array) for name, array in inputs.items()})
        return functional.normalize(rows, dim=-1).numpy()

    def logit_scale_init(self) -> tuple[float, float]:
        return float(np.log(1 / 0.07)), 0.0

    def save_pretrained(self, folder: Path) -> None:
        raise NotImplementedError

    def export(self, folder: Path) -> None:
        raise NotImplementedError


NAMES = {Modality.IMAGE: "pixels", Modality.TEXT: "words", Modality.SPEECH: "spectrum"}


class _Tower(nn.Module):
    def __init__(self, name: str, *layers: nn.Module) -> None:
        super().__init__()
        self.name = name
        self.layers = nn.Sequential(*layers)

    def forward(self, **inputs: torch.Tensor) -> torch.Tensor:
        return self.layers(inputs[self.name])


def _pixels(media: Any) -> np.ndarray:
    height, width, _ = media.shape
    down, across = (np.arange(SIDE) * height // SIDE, np.arange(SIDE) * width // SIDE)
    return (media[down][:, across].astype(np.float32) / 127.5 - 1).reshape(-1)


def _words(media: Any) -> np.ndarray:
    counts = np.zeros(WORDS, np.float32)
    for word in media.lower().split():
        counts[zlib.crc32(word.encode()) % WORDS] += 1
    return counts


def _spectrum(media: Any) -> np.ndarray:
    power = np.abs(np.fft.rfft(media, n=16000))[:8000].reshape(MELS, -1).mean(1)
    return np.log1p(power)


INPUTS = {Modality.IMAGE: _pixels, Modality.TEXT: _words, Modality.SPEECH: _spectrum}

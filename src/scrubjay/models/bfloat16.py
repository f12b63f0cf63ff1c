"""How far bfloat16 takes a tower's vectors from float32's, measured when it is exported.

A family may ask its exports to stay near the library the model is from. bfloat16 keeps eight bits
of every factor of a matrix product, and how much of that reaches the vectors is the network's own:
it is measured on a few media, written beside the graph, and decides what the graph is served in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from scrubjay.core.types import Media, Modality
from scrubjay.models.compiled import CompiledTower, has_bf16
from scrubjay.models.inputs import TowerInput
from scrubjay.models.pretrained.texts import PROBES

USABLE: Final = 0.5
"""Share of the distance allowed that the farthest probe may take; the rest is for other media."""


@dataclass(frozen=True, slots=True)
class Nearness:
    """What was asked of a tower in bfloat16, and what was found.

    Attributes:
        asked: cosine with its float32 vectors.
        lowest: the lowest of the probes'; None where nothing was measured, as on a processor
            without bfloat16.
    """

    asked: float
    lowest: float | None

    @property
    def enough(self) -> bool:
        """Whether it may be served in bfloat16."""
        return self.lowest is not None and 1 - self.lowest <= USABLE * (1 - self.asked)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"asked": self.asked, "lowest": self.lowest}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Nearness:
        """Read back; raises KeyError, TypeError or ValueError of what is none."""
        lowest = values["lowest"]
        return cls(float(values["asked"]), None if lowest is None else float(lowest))


def measured(
    graph: Path, reads: TowerInput, dim: int, *, modality: Modality, asked: float
) -> Nearness:
    """A graph in bfloat16 against itself in float32.

    Args:
        graph: the .xml file.
        reads: media to its inputs.
        dim: length of a vector.
        modality: that it encodes; without probes nothing is measured.
        asked: cosine it should keep.
    """
    media = probes(modality)
    if not media or not has_bf16():
        return Nearness(asked, None)
    # By one thread: an export has the same figure, and its version the same id, every time.
    exact, rounded = (
        CompiledTower(graph, reads, dim, threads=1, precision=precision)(media).astype(np.float64)
        for precision in ("f32", "bf16")
    )
    norms = np.linalg.norm(exact, axis=1) * np.linalg.norm(rounded, axis=1)
    cosines = (exact * rounded).sum(axis=1) / np.maximum(norms, np.finfo(np.float64).tiny)
    # What is no number is near nothing.
    return Nearness(asked, math.floor(1e6 * float(np.nan_to_num(cosines).min())) / 1e6)


def probes(modality: Modality) -> Sequence[Media]:
    """Pictures or texts of very different kinds; empty for any other modality."""
    return {Modality.TEXT: list[Media](PROBES), Modality.IMAGE: _pictures()}.get(modality, [])


def _pictures() -> list[Media]:
    """Plain, striped, sloping, noisy: (96, 128, 3) uint8 each."""
    down, across = np.mgrid[0:96, 0:128]
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (6, 8, 3), np.uint8).repeat(16, 0).repeat(16, 1)
    grey = [
        np.full((96, 128), 128),
        2 * across,
        255 * ((down // 8 + across // 8) % 2),
        np.where((abs(down - 48) < 16) & (abs(across - 64) < 16), 255, 20),
    ]
    return [
        random.integers(0, 256, (96, 128, 3), np.uint8),
        coarse,
        np.broadcast_to(np.array([200, 30, 40], np.uint8), (96, 128, 3)).copy(),
        np.stack([2 * across, 2 * down, 255 - across], axis=-1).astype(np.uint8),
        *(np.stack([one] * 3, axis=-1).astype(np.uint8) for one in grey),
    ]

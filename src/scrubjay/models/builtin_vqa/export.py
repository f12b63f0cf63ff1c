"""The trained networks as graphs that run without torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scrubjay.models.builtin_vqa.files import ANSWERER, EYE
from scrubjay.models.builtin_vqa.lexicon import SLOTS
from scrubjay.models.builtin_vqa.network import Answerer, Eye
from scrubjay.models.graph import export_graph

EXAMPLES, TOKENS = 3, 7
"""Of the batch the networks are traced with; both may be otherwise when they are used."""


def export_networks(folder: Path, eye: Eye, answerer: Answerer) -> None:
    """Write both graphs into an existing folder, weights as float16."""
    size = eye.network.settings.image_size
    random = np.random.default_rng(0)
    pixels = random.normal(0, 1, (EXAMPLES, 3, size, size)).astype(np.float32)
    export_graph(eye, {"pixel_values": pixels}, folder / EYE)
    seen = random.random((EXAMPLES, eye.across**2, eye.layout.width)).astype(np.float32)
    words = np.ones((EXAMPLES, TOKENS), np.int64)
    words[0, TOKENS - 2 :] = 0
    export_graph(
        answerer,
        {"seen": seen, "words": words, "slots": np.zeros((EXAMPLES, TOKENS, SLOTS), np.int64)},
        folder / ANSWERER,
        dynamic={"words": (1,), "slots": (1,)},
    )

"""What float32 costs where an open_clip version is served: nearness and speed of both precisions.

    python bench/open_clip_serving.py [--architecture ViT-B-32] [--scales 1,2] [--rounds 7] [--json]

Random weights, since none are fetched: as open_clip begins, and every matrix larger (`--scales`),
which bfloat16 takes further away. Each is exported and served in both precisions, one thread, in
turns; processor time, median of the rounds and their range.
"""

from __future__ import annotations

import argparse
import json
import logging
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from scrubjay.core.protocols import Encoder
from scrubjay.core.types import Media, Modality
from scrubjay.models.export import ENCODER_FILE
from scrubjay.models.load import load_encoder, load_trainable
from scrubjay.models.torchvision_operators import mend_torchvision

MEDIA: dict[Modality, list[Media]] = {
    Modality.IMAGE: list(np.random.default_rng(1).integers(0, 256, (32, 240, 320, 3), np.uint8)),
    Modality.TEXT: [f"a photo of {n} small dogs beside a red house" for n in range(32)],
}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--architecture", default="ViT-B-32")
    asked.add_argument("--scales", default="1,2")
    asked.add_argument("--rounds", type=int, default=7)
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    logging.disable(logging.WARNING)  # open_clip says that the weights are random
    told = {
        scale: measured(given.architecture, float(scale), given.rounds)
        for scale in given.scales.split(",")
    }
    if given.json:
        print(json.dumps(told))
        return
    for scale, towers in told.items():
        for modality, one in towers.items():
            rates = ", ".join(
                f"{way} {one[way][0]:.1f}/s ({one[way][1]:.1f} to {one[way][2]:.1f})"
                for way in ("f32", "bf16")
            )
            print(f"x {scale} {modality:6} lowest cosine {one['lowest']}  {rates}")


def measured(architecture: str, scale: float, rounds: int) -> dict[str, dict[str, Any]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save(architecture, scale, folder)
        load_trainable("open_clip", architecture=architecture, source=folder).export(folder)
        towers = json.loads((folder / ENCODER_FILE).read_text())["towers"]
        ways = {
            way: load_encoder("exported", source=folder, threads=1, precision=way)
            for way in ("f32", "bf16")
        }
        told: dict[str, dict[str, Any]] = {}
        for modality, media in MEDIA.items():
            rates: dict[str, list[float]] = {way: [] for way in ways}
            for encoder in ways.values():
                encoder.encode(modality, media)
            for _ in range(rounds):
                for way, encoder in ways.items():
                    rates[way].append(rate(encoder, modality, media))
            told[modality.value] = {"lowest": towers[modality.value]["bf16"]["lowest"]} | {
                way: (statistics.median(of), min(of), max(of)) for way, of in rates.items()
            }
    return told


def save(architecture: str, scale: float, folder: Path) -> None:
    mend_torchvision()
    import torch
    from open_clip import create_model
    from safetensors.torch import save_file

    torch.manual_seed(4)
    model = create_model(architecture)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(scale)
    tensors = {name: one.contiguous() for name, one in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors")


def rate(encoder: Encoder, modality: Modality, media: list[Media]) -> float:
    begun = time.process_time()
    encoder.encode(modality, media)
    return len(media) / (time.process_time() - begun)


if __name__ == "__main__":
    main()

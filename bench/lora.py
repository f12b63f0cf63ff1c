"""What adapters cost beside training everything: parameters, memory, seconds a step, megabytes.

    python bench/lora.py [--steps 3] [--batch 16] [--json]

A CLIP of ViT-B/32's sizes with random weights; each way trains in a process of its own, whose peak
memory is told beside what it held before the first step.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from distill import scenes
from lit import save_vit_b32
from scrubjay.cli.compose import compose
from scrubjay.core.protocols import TrainableEncoder
from scrubjay.core.types import Modality, Split
from scrubjay.training.fit import fit

WAYS = {"everything": ["experiment=tickets_clip", "freeze=[]"], "adapters": ["experiment=lora"]}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--steps", type=int, default=3)
    asked.add_argument("--batch", type=int, default=16)
    asked.add_argument("--json", action="store_true")
    asked.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.one:
        print(json.dumps(measured(given.one[0], given.one[1], given.steps, given.batch)))
        return
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "clip"
        save_vit_b32(source)
        for way in WAYS:
            size = ["--steps", str(given.steps), "--batch", str(given.batch)]
            done = subprocess.run(
                [sys.executable, __file__, "--one", way, str(source), *size],
                check=True,
                capture_output=True,
                text=True,
            )
            told[way] = json.loads(done.stdout.splitlines()[-1])
    if given.json:
        print(json.dumps(told))
        return
    for name in told["everything"]:
        print(f"{name:24}" + "".join(f"{told[way][name]:>16,}" for way in WAYS))


def measured(way: str, source: str, steps: int, batch: int) -> dict[str, Any]:
    items, files, _ = scenes(steps * batch, seed=11, captions=True)
    items = [item for item in items if item.split is Split.TRAIN]
    where = "encoder.base.source" if way == "adapters" else "encoder.source"
    with tempfile.TemporaryDirectory() as run:
        config = compose(
            [
                *(*WAYS[way], f"{where}={source}", "logger=none", "callbacks=none", "keep=last"),
                *("trainer.accelerator=cpu", "trainer.max_epochs=1"),
                f"datamodule.batch_size={batch}",
            ]
        )
        provided = {"items": items, "read": files.__getitem__}
        begun = time.process_time()
        fitted = fit(config, run=Path(run), provided=provided)
        took = time.process_time() - begun
        encoder, trainer = fitted.objects["encoder"], fitted.objects["trainer"]
        assert isinstance(encoder, TrainableEncoder)
        towers = [encoder.tower(one) for one in (Modality.IMAGE, Modality.TEXT)]
        every = [one for tower in towers for one in tower.parameters()]
        learning = [one for one in every if one.requires_grad]
        states = [
            one
            for optimizer in trainer.optimizers  # type: ignore[attr-defined]
            for state in optimizer.state.values()
            for one in state.values()
            if isinstance(one, torch.Tensor)
        ]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "parameters": sum(one.numel() for one in every),
        "learning": sum(one.numel() for one in learning),
        "gradients and moments MB": megabytes([*learning, *states]),
        "peak of the process MB": round(peak / 1e6),
        "processor ms a step": round(1000 * took / steps),
    }


def megabytes(tensors: list[torch.Tensor]) -> int:
    return round(sum(one.numel() * one.element_size() for one in tensors) / 1e6)


if __name__ == "__main__":
    main()

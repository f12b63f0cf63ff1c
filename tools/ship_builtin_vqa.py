"""Put a trained question model into the package: graphs, words, and limits set on its own world.

    python tools/ship_builtin_vqa.py HOME/runs/20261121-180000-1a2b [FOLDER]

The folder is a run of `scrubjay train experiment=builtin_vqa`. Then `python bench/builtin_vqa.py
--write` measures what was shipped and writes its card.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
import yaml  # type: ignore[import-untyped]

from scrubjay.models.builtin_vqa.answering import QuestionModel
from scrubjay.models.builtin_vqa.export import export_networks
from scrubjay.models.builtin_vqa.files import Limits, write_model
from scrubjay.models.builtin_vqa.shipped import FOLDER
from scrubjay.models.image_input import ImageInput
from scrubjay.training.checkpoints import load_checkpoint
from scrubjay.training.instantiate import instantiate
from scrubjay.training.world.vqa_measure import limits_of
from scrubjay.training.world.vqa_module import VqaModule

LARGEST_MB = 12
LEAST_SCENES = 3000


def main(run: Path, folder: Path) -> None:
    """Export, then set the limits with what was exported."""
    torch.set_num_threads(1)
    config = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
    module = instantiate({"model": config["model"]})["model"]
    if not isinstance(module, VqaModule):
        sys.exit(f"{run} trained something else than the question model")
    checkpoint = load_checkpoint(run / "checkpoints" / "last.ckpt")
    module.load_state_dict(checkpoint["state_dict"])
    folder.mkdir(parents=True, exist_ok=True)
    ship(module, folder)
    size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) / 1e6
    if size > LARGEST_MB:
        sys.exit(f"{folder} takes {size:.1f} MB; the package has room for {LARGEST_MB}")
    sys.stdout.write(f"{folder}: {size:.1f} MB, after {checkpoint['global_step']} steps\n")


def ship(module: VqaModule, folder: Path, *, scenes: int = LEAST_SCENES) -> None:
    """Graphs and model.json into a folder."""
    export_networks(folder, module.eye.eval(), module.answerer.eval())
    size = module.eye.network.settings.image_size
    about = {
        "lexicon": module.lexicon,
        "input": ImageInput(size=size, resize="squash"),
        "across": module.eye.across,
        "features": module.eye.layout.features.stop,
    }
    write_model(folder, limits=Limits(), **about)
    limits = limits_of(QuestionModel.open(folder, threads=1), n=scenes)
    write_model(folder, limits=limits, **about)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else FOLDER)

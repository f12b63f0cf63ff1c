"""What keeping the vectors of a locked picture tower saves: seconds of processor, whole trainings.

    python bench/lit.py [--pictures 128] [--epochs 4] [--json]

A CLIP of ViT-B/32's sizes with random weights learns captions of drawn scenes, once as
`experiment=lit` does and once with every picture encoded every time it is shown.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from distill import scenes
from scrubjay.cli.compose import compose
from scrubjay.core.types import Split
from scrubjay.training.fit import fit

TEXT = {"hidden_size": 512, "intermediate_size": 2048, "num_attention_heads": 8}
VISION = {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12}
LAYERS = 12


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--pictures", type=int, default=128)
    asked.add_argument("--epochs", type=int, default=4)
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    items, files, _ = scenes(given.pictures, seed=11, captions=True)
    items = [item for item in items if item.split is Split.TRAIN]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "clip"
        save_vit_b32(source)
        took: dict[str, float] = {}
        losses: dict[str, float] = {}
        for name, room in (("each time", 0), ("kept", 4096)):
            config = compose(
                [
                    *("experiment=lit", f"encoder.source={source}", "logger=none", "keep=last"),
                    *("callbacks=none", "trainer.accelerator=cpu", "datamodule.batch_size=32"),
                    f"datamodule.vectors_mb={room}",
                    f"trainer.max_epochs={given.epochs}",
                ]
            )
            begun = time.process_time()
            provided = {"items": items, "read": files.__getitem__}
            fitted = fit(config, run=Path(folder) / name, provided=provided)
            took[name] = time.process_time() - begun
            losses[name] = fitted.metrics["train/loss"]
    figures = {
        "pictures": given.pictures,
        "epochs": given.epochs,
        "seconds": {name: round(value, 1) for name, value in took.items()},
        "last loss": {name: round(value, 5) for name, value in losses.items()},
        "times faster": round(took["each time"] / took["kept"], 2),
    }
    print(json.dumps(figures) if given.json else "\n".join(f"{k}: {v}" for k, v in figures.items()))


def save_vit_b32(folder: Path) -> None:
    """Random weights in the shape of OpenAI's ViT-B/32, as the transformers library saves it."""
    from transformers import CLIPConfig, CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    tokenizer = letters()
    text = {
        **TEXT,
        "num_hidden_layers": LAYERS,
        "vocab_size": len(tokenizer),
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {**VISION, "num_hidden_layers": LAYERS, "image_size": 224, "patch_size": 32}
    torch.manual_seed(0)
    config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=512)
    CLIPModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    CLIPImageProcessorPil().save_pretrained(folder)


def letters() -> Any:  # noqa: ANN401 - a CLIPTokenizer
    """A tokenizer that spells."""
    from transformers import CLIPTokenizer

    known = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    tokens = [*known, *(f"{one}</w>" for one in known), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={one: at for at, one in enumerate(tokens)}, merges=[])


if __name__ == "__main__":
    main()

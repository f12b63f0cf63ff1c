"""Registered versions of real families with few and random weights, and fits of a month."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from scrubjay.cli.compose import compose
from scrubjay.core.types import Split
from scrubjay.models.load import load_trainable
from tests.models.pretrained_models import save_clip
from tests.training.collection import Collection, make

SMALL = {
    "modalities": ["image", "text"],
    "width": 32,
    "layers": 2,
    "heads": 2,
    "dim": 24,
    "image_size": 32,
    "stem_channels": [8, 16],
    "stem_strides": [2, 2, 2],
    "words": 6,
    "buckets": 512,
    "text_width": 16,
}
INPUTS = {"image": {"crop": 0.0, "stretch": 0.0}}


def champion(family: str, folder: Path) -> Path:
    """A version's folder as the registry holds one: native weights and `export/` beside them."""
    if family == "builtin":
        encoder = load_trainable("builtin", seed=3, inputs=INPUTS, **SMALL)
    else:
        source = save_clip(folder.with_name(f"{folder.name}-base"))
        encoder = load_trainable("transformers", source=source, crop=(1.0, 1.0), flip=False)
    (folder / "export").mkdir(parents=True)
    encoder.save_pretrained(folder)
    encoder.export(folder / "export")
    return folder


def asked(*overrides: str, batch: int = 8, epochs: int = 2) -> dict[str, Any]:
    """A month's fit as composed: its encoder node is the base, `encoder=builtin`."""
    config = compose(
        [
            "encoder=builtin",
            "logger=none",
            "~callbacks.panel",
            "trainer.accelerator=cpu",
            f"trainer.max_epochs={epochs}",
            f"datamodule.batch_size={batch}",
            "model.lr=0.003",
            "trust=[tests]",
            *overrides,
        ]
    )
    config["encoder"] |= {**SMALL, "inputs": INPUTS}
    return config


def month(*, old: int = 12, new: int = 8, val_every: int = 4) -> tuple[Collection, frozenset[str]]:
    """Pictures with captions, the last `new` of them this month's; every fourth is held out."""
    made = make(old + new, val_every=val_every)
    months = ["2026-10"] * old + ["2026-11"] * new
    made.items[:] = [replace(one, month=at) for one, at in zip(made.items, months, strict=True)]
    return made, frozenset(one.id for one in made.items[old:])


def groups(items: Any, split: Split = Split.TRAIN) -> set[str]:
    return {one.group for one in items if one.split is split}

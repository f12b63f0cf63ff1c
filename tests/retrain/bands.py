"""A world small enough to be learned in seconds: flags of three bands and what they are called.

A month is a folder with images/ and a manifest that holds a third out. Every flag is one content
group; a flag never comes twice.
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = {
    "red": (210, 40, 40),
    "green": (40, 160, 60),
    "blue": (40, 70, 200),
    "yellow": (230, 210, 50),
    "white": (240, 240, 240),
    "black": (20, 20, 20),
    "orange": (240, 140, 30),
    "purple": (130, 50, 160),
    "pink": (250, 160, 190),
    "brown": (110, 70, 40),
}
SIDE = 48


def flags(colours: tuple[str, ...], *, among: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every flag of three different colours that shows one of `colours` (and others of `among`)."""
    return [
        three
        for three in product((*colours, *among), repeat=3)
        if len(set(three)) == 3 and set(three) & set(colours)
    ]


def write_flag(path: Path, flag: tuple[str, ...], seed: int) -> None:
    """A PNG of three bands with a little noise."""
    random = np.random.default_rng([seed, *map(ord, "".join(flag))])
    bands = np.array([COLOURS[one] for one in flag], np.float32)
    picture = np.repeat(bands, SIDE // 3, axis=0)[:, None, :].repeat(SIDE, axis=1)
    noisy = picture + random.normal(0, 8, picture.shape)
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(path)


def write_month(
    folder: Path,
    colours: tuple[str, ...],
    *,
    among: tuple[str, ...] = (),
    most: int = 400,
    seed: int = 0,
    shuffled: bool = False,
    broken: float = 0.0,
    judged: int = 1,
) -> int:
    """A month of flags; return how many.

    Args:
        shuffled: captions change places between pictures.
        broken: share of the pictures whose file is cut short.
        judged: of three flags in a row, so many are held out.
    """
    random = np.random.default_rng([seed, 7])
    chosen = flags(colours, among=among)
    chosen = [chosen[int(at)] for at in random.permutation(len(chosen))[:most]]
    (folder / "images").mkdir(parents=True)
    said = [" ".join(("a flag of", flag[0], flag[1], "and", flag[2])) for flag in chosen]
    if shuffled:
        said = [said[int(at)] for at in random.permutation(len(said))]
    rows = []
    for number, (flag, caption) in enumerate(zip(chosen, said, strict=True)):
        path = folder / "images" / f"{'-'.join(flag)}.png"
        write_flag(path, flag, seed)
        if number < broken * len(chosen):
            path.write_bytes(path.read_bytes()[:60])
        split = "test" if number % 3 >= 3 - judged else "val" if number % 10 == 0 else "train"
        rows.append({"image": f"images/{path.name}", "caption": caption, "split": split})
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "manifest.jsonl").write_text(text, encoding="utf-8")
    return len(chosen)


SMALL = [
    "experiment=tickets",
    "encoder.width=48",
    "encoder.layers=2",
    "encoder.heads=3",
    "encoder.dim=32",
    "encoder.image_size=48",
    "encoder.stem_channels=[16]",
    "encoder.stem_strides=[4,4]",
    "encoder.words=12",
    "encoder.buckets=512",
    "encoder.text_width=32",
    "encoder.inputs.image.crop=0.0",
    "encoder.inputs.image.stretch=0.0",
    "model.lr=0.003",
    "datamodule.batch_size=32",
    "datamodule.val_views=200",
    "trainer.max_epochs=40",
    "logger=none",
    "callbacks=last",
    "gate.minimum_n=10",
]
"""Overrides of `scrubjay retrain` for a network that learns a month in seconds."""

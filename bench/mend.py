"""One failing slice, mended: what is above what, before and after `hard_negatives`.

    python bench/mend.py
    python bench/mend.py --seeds 3 --processes 2 --json

Pictures of two coloured shapes, one above the other. Few ordinary batches ask which is above: the
two things alone tell most pictures apart, so that a small encoder trained the ordinary way learns
it late, if at all (large ones: Yuksekgonul et al. 2023). The same encoder, pictures, seed and
number of steps with `model.kinds=[relation]` is asked the same held-out captions: with the place
turned into its opposite (learned from), with both things exchanged (never learned from), and for
ordinary retrieval (R@1: a picture of the same two things, whichever is above). Which shapes and
colours are held out together is settled beforehand. The world and the number of steps were chosen
on other seeds than those asked; with half the steps both ways may end at chance.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import sys
import tempfile
import time
import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from scrubjay.cli.compose import compose
from scrubjay.core.errors import BadMedia
from scrubjay.core.protocols import TrainableEncoder
from scrubjay.core.types import Item, Kind, Modality, Split
from scrubjay.evaluate.bootstrap import bootstrap_mean
from scrubjay.evaluate.english import article_for
from scrubjay.evaluate.minimal_pairs import PairKind, every_pair
from scrubjay.evaluate.paired import paired_gain
from scrubjay.evaluate.retrieval import TIE
from scrubjay.media.world.shapes import COLOURS, OUTLINES
from scrubjay.training.fit import fit

SIDE = 32
FIRST_SEED = 10
TRAIN, TEST = 1500, 800
HELD_OUT = 5
"""Of so many choices of two shapes and two colours one is never learned from, however coloured."""
NAMES = ("circle", "square", "triangle", "cross", "ring", "star", "heart", "diamond")
PAINTS = ("red", "yellow", "green", "blue", "black")
PLACES = {"below": 0.25, "above": 0.75}
"""Where the first thing is, seen from the second; in turns from the right, downwards first."""
SMALL = (
    "encoder=builtin",
    "encoder.modalities=[image,text]",
    "encoder.width=64",
    "encoder.layers=2",
    "encoder.ffn=2",
    "encoder.heads=4",
    "encoder.dim=64",
    f"encoder.image_size={SIDE}",
    "encoder.stem_channels=[16,32]",
    "encoder.stem_strides=[2,2,2]",
    "encoder.words=16",
    "encoder.buckets=512",
    "encoder.text_width=48",
    "encoder.inputs.image.crop=0.1",
)
COMMON = (
    "logger=none",
    "callbacks=last",
    "keep=last",
    "datamodule.batch_size=64",
    "model.lr=0.002",
    "model.weight_decay=0.05",
    "trainer.accelerator=cpu",
)
ARMS = {
    "plain": ("model=contrastive", "datamodule=pairs"),
    "hard_negatives": (
        "experiment=hard_negatives",
        "model.kinds=[relation]",
        "datamodule.hard=0",
    ),
}


class Shapes:
    """Pictures of two shapes in two colours, and the bytes behind them."""

    def __init__(self, seed: int) -> None:
        """Draw both parts, each from a source of chance of its own."""
        self.files: dict[str, bytes] = {}
        self.items: list[Item] = []
        for split, n in ((Split.TRAIN, TRAIN), (Split.TEST, TEST)):
            random = np.random.default_rng([seed, list(Split).index(split)])
            for number in range(n):
                self._add(split, number, random)

    def _add(self, split: Split, number: int, random: np.random.Generator) -> None:
        while True:
            shapes = [NAMES[at] for at in random.choice(len(NAMES), 2, replace=False)]
            colours = [PAINTS[at] for at in random.choice(len(PAINTS), 2, replace=False)]
            together = " ".join(sorted([*shapes, *colours]))
            if (zlib.crc32(together.encode()) % HELD_OUT == 0) == (split is Split.TEST):
                break
        things = [f"{a} {b}" for a, b in zip(colours, shapes, strict=True)]
        place = list(PLACES)[int(random.integers(len(PLACES)))]
        out = io.BytesIO()
        painted(shapes, colours, PLACES[place], random).save(out, "PNG")
        uri = f"{split.value}-{number}"
        self.files[uri] = out.getvalue()
        self.items.append(
            Item(
                id=uri,
                kind=Kind.IMAGE,
                uris=(uri,),
                sha256=uri,
                group=meaning(things, place),
                tags=(" and ".join(sorted(things)),),
                split=split,
                month="2026-11",
                size=len(self.files[uri]),
                captions=(f"{named(things[0])} {place} {named(things[1])}",),
            )
        )

    def read(self, uri: str) -> bytes:
        """The bytes of a picture."""
        if uri not in self.files:
            raise BadMedia("no such picture", uri)
        return self.files[uri]


def meaning(things: Sequence[str], place: str) -> str:
    """The same for captions that say the same."""
    one, other = things
    return f"{other} above {one}" if place == "below" else f"{one} above {other}"


def named(thing: str) -> str:
    """A thing with its article."""
    return f"{article_for(thing)} {thing}"


def painted(
    shapes: Sequence[str], colours: Sequence[str], angle: float, random: np.random.Generator
) -> Image.Image:
    """Both shapes in their colours on a light ground, the first at about this angle, in turns."""
    scale = 4
    picture = Image.new("RGB", (SIDE * scale, SIDE * scale), (225, 225, 225))
    pen = ImageDraw.Draw(picture)
    turn = 2 * math.pi * (angle + random.uniform(-0.05, 0.05))
    for side, (shape, colour) in enumerate(zip(shapes, colours, strict=True)):
        towards = turn + side * math.pi
        radius = random.uniform(5.5, 7.0) * scale
        x, y = (SIDE / 2 * scale + 8 * scale * one(towards) for one in (math.cos, math.sin))
        pen.polygon([(x + radius * u, y + radius * v) for u, v in OUTLINES[shape]], COLOURS[colour])
        if shape == "ring":
            hole = radius * 0.55
            pen.ellipse((x - hole, y - hole, x + hole, y + hole), (225, 225, 225))
    return picture.resize((SIDE, SIDE), Image.Resampling.BOX)


def trained(shapes: Shapes, arm: str, *, seed: int, epochs: int) -> TrainableEncoder:
    """The small encoder after so many epochs of one arm."""
    config = compose([*ARMS[arm], *SMALL, *COMMON, f"seed={seed}", f"trainer.max_epochs={epochs}"])
    learned = [one for one in shapes.items if one.split is Split.TRAIN]
    with tempfile.TemporaryDirectory() as folder:
        fitted = fit(
            config,
            run=Path(folder),
            provided={"items": learned, "read": shapes.read, "negatives": {}},
        )
    encoder = fitted.objects["encoder"]
    assert isinstance(encoder, TrainableEncoder)
    return encoder


def asked(shapes: Shapes, encoder: TrainableEncoder) -> dict[str, NDArray[np.float64]]:
    """What is right of the held-out part: (n,) 0 or 1 of minimal pairs, and of R@1."""
    items = [one for one in shapes.items if one.split is Split.TEST]
    pictures = [np.asarray(Image.open(io.BytesIO(shapes.files[one.uri]))) for one in items]
    captions = [one.captions[0] for one in items]
    seen = encoder.encode(Modality.IMAGE, pictures)
    said = encoder.encode(Modality.TEXT, captions)
    right: dict[str, NDArray[np.float64]] = {}
    for kind in (PairKind.RELATION, PairKind.ORDER):
        wrong = [every_pair(one, kind)[0].wrong for one in captions]
        ahead = said - encoder.encode(Modality.TEXT, wrong)
        right[kind.value] = ((ahead * seen).sum(axis=1) > TIE).astype(np.float64)
        right[f"{kind.value}, blindly"] = (ahead @ seen.mean(axis=0) > TIE).astype(np.float64)
    things = np.array([one.tags[0] for one in items])
    right["R@1"] = (things[(said @ seen.T).argmax(axis=1)] == things).astype(np.float64)
    return right


def answered(
    seed: int, arm: str, epochs: int
) -> tuple[dict[str, NDArray[np.float64]], list[str], float]:
    """What one arm gets right with one seed, the groups asked, and the CPU seconds it learned."""
    torch.set_num_threads(1)
    shapes = Shapes(seed)
    begun = time.process_time()
    encoder = trained(shapes, arm, seed=seed, epochs=epochs)
    seconds = time.process_time() - begun
    right = asked(shapes, encoder)
    told = {name: round(float(one.mean()), 3) for name, one in right.items()}
    sys.stderr.write(f"seed {seed} {arm}: {told}, {seconds:.0f} s\n")
    groups = [f"{seed} {one.tags[0]}" for one in shapes.items if one.split is Split.TEST]
    return right, groups, seconds


def main() -> None:
    """Train both arms with every seed, and print what each gets right."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    answers: dict[str, list[Mapping[str, NDArray[np.float64]]]] = {arm: [] for arm in ARMS}
    groups: dict[str, list[str]] = {arm: [] for arm in ARMS}
    seconds: dict[str, float] = dict.fromkeys(ARMS, 0.0)
    with ProcessPoolExecutor(given.processes, mp_context=get_context("spawn")) as pool:
        runs = [
            (arm, pool.submit(answered, seed, arm, given.epochs))
            for seed in range(FIRST_SEED, FIRST_SEED + given.seeds)
            for arm in ARMS
        ]
        for arm, run in runs:
            right, asked_of, spent = run.result()
            answers[arm].append(right)
            groups[arm] += asked_of
            seconds[arm] += spent
    report(answers, groups["plain"], seconds, given.epochs, as_json=given.json)


def report(
    answers: Mapping[str, Sequence[Mapping[str, NDArray[np.float64]]]],
    groups: Sequence[str],
    seconds: Mapping[str, float],
    epochs: int,
    *,
    as_json: bool,
) -> None:
    """Print each figure with its interval, and what changed."""
    names = list(answers["plain"][0])
    codes = np.unique(np.array(groups), return_inverse=True)[1].astype(np.int64)
    figures: dict[str, Any] = {
        "pictures": TRAIN,
        "epochs": epochs,
        "steps": epochs * -(-TRAIN // 64),
        "asked": len(groups),
        "cpu_s": {arm: round(one, 1) for arm, one in seconds.items()},
    }
    for name in names:
        by_arm = {arm: np.concatenate([one[name] for one in answers[arm]]) for arm in ARMS}
        before, after = by_arm["plain"], by_arm["hard_negatives"]
        gain = paired_gain(before, after, groups)
        figures[name] = {
            **{
                arm: bootstrap_mean(values[:, None], codes)[0].to_json()
                for arm, values in by_arm.items()
            },
            "gain": gain.to_json(),
        }
    if as_json:
        sys.stdout.write(json.dumps(figures, indent=1) + "\n")
        return
    lines = [
        f"{TRAIN} pictures, {figures['steps']} steps of 64, {len(groups)} held-out captions; CPU "
        + ", ".join(f"{arm} {one:.0f} s" for arm, one in figures["cpu_s"].items())
    ]
    lines += [
        f"{name:20}" + "  ".join(f"{arm} {_told(one)}" for arm, one in figures[name].items())
        for name in names
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _told(one: Mapping[str, float]) -> str:
    return f"{one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"


if __name__ == "__main__":
    main()

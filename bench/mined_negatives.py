"""The mined half of `hard_negatives` by itself: batches of look-alikes against batches of chance.

    python bench/mined_negatives.py
    python bench/mined_negatives.py --seeds 2 --processes 2 --json

Twins: pictures of two coloured shapes, one above, below, left or right of the other, of which eight
show the same shapes and colours and say the same words in another order: which shape has which
colour, and what is where. A small encoder learns them the ordinary way and is served: its index
holds what it takes for alike, from which `search/hard_negatives.py` mines. Then it goes on from
those weights twice, with the same pictures, seed, rates and number of steps: in ordinary batches,
and in batches with mined negatives and no made ones (`model.kinds=[]`). Captions of shapes and
colours that were never learned from together then search all held-out pictures, their twins among
them: R@1 of the very picture, and of any of the twins. Intervals resample content groups, here
whole families of twins. The world, the steps and the settings were chosen on seeds below those
asked here.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tempfile
import time
import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import combinations, product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from mend import NAMES, PAINTS, SMALL, named, painted
from scrubjay.cli.compose import compose
from scrubjay.core.config import Settings
from scrubjay.core.errors import BadMedia
from scrubjay.core.protocols import TrainableEncoder
from scrubjay.core.types import Item, Kind, Modality, Split
from scrubjay.evaluate.bootstrap import bootstrap_mean
from scrubjay.evaluate.paired import paired_gain
from scrubjay.search.hard_negatives import CEILING, NEAREST, hard_negatives
from scrubjay.store.home import Home
from scrubjay.store.index import Row
from scrubjay.training.fit import fit

FIRST_SEED = 10
HELD_OUT = 4
"""Of so many families one is never learned from."""
PLACES = {
    "to the left of": 0.5,
    "to the right of": 0.0,
    "above": 0.75,
    "below": 0.25,
}
"""Where the first thing is, seen from the second; in turns from the right, downwards first."""
COMMON = (
    "loss=infonce",
    "logger=none",
    "callbacks=last",
    "keep=last",
    "datamodule.batch_size=64",
    "model.weight_decay=0.05",
    "trainer.accelerator=cpu",
)
PLAIN, MINED = "ordinary", "mined"
ARMS = {
    PLAIN: ("model=finetune", "datamodule=pairs"),
    MINED: ("model=hard_negatives", "model.kinds=[]", "datamodule=hard_negatives"),
}
ASKED = ("text to picture", "picture to text", "any twin")


class Twins:
    """Pictures of two coloured shapes, each with seven that differ in small things."""

    def __init__(self, seed: int) -> None:
        """Draw one picture of every arrangement of every family."""
        random = np.random.default_rng(seed)
        self.files: dict[str, bytes] = {}
        self.items: list[Item] = []
        self.families: dict[str, str] = {}
        for shapes in combinations(NAMES, 2):
            for colours in combinations(PAINTS, 2):
                family = " ".join((*shapes, *colours))
                split = Split.TRAIN if zlib.crc32(family.encode()) % HELD_OUT else Split.TEST
                for worn, place in product((colours, colours[::-1]), PLACES):
                    self._add(family, split, shapes, worn, place, random)

    def _add(
        self,
        family: str,
        split: Split,
        shapes: Sequence[str],
        colours: Sequence[str],
        place: str,
        random: np.random.Generator,
    ) -> None:
        out = io.BytesIO()
        painted(shapes, colours, PLACES[place], random).save(out, "PNG")
        one, other = (named(f"{a} {b}") for a, b in zip(colours, shapes, strict=True))
        uri = f"twin-{len(self.items)}"
        self.files[uri], self.families[uri] = out.getvalue(), family
        self.items.append(
            Item(
                id=uri,
                kind=Kind.IMAGE,
                uris=(uri,),
                sha256=uri,
                group=uri,
                split=split,
                month="2026-11",
                size=len(self.files[uri]),
                captions=(f"{one} {place} {other}",),
            )
        )

    def of(self, split: Split) -> list[Item]:
        """The items of one part."""
        return [one for one in self.items if one.split is split]

    def read(self, uri: str) -> bytes:
        """The bytes of a picture."""
        if uri not in self.files:
            raise BadMedia("no such picture", uri)
        return self.files[uri]

    def pictures(self, items: Sequence[Item]) -> list[NDArray[np.uint8]]:
        """Decoded."""
        return [np.asarray(Image.open(io.BytesIO(self.files[one.uri]))) for one in items]


def trained(
    twins: Twins, settings: Sequence[str], negatives: Mapping[str, Sequence[str]]
) -> TrainableEncoder:
    """The encoder after a fit with these settings."""
    config = compose([*settings, *COMMON])
    with tempfile.TemporaryDirectory() as folder:
        fitted = fit(
            config,
            run=Path(folder),
            provided={
                "items": twins.of(Split.TRAIN),
                "read": twins.read,
                "negatives": negatives,
            },
        )
    encoder = fitted.objects["encoder"]
    assert isinstance(encoder, TrainableEncoder)
    return encoder


def mined(
    twins: Twins, encoder: TrainableEncoder, *, nearest: int, ceiling: float
) -> tuple[dict[str, tuple[str, ...]], dict[str, float]]:
    """What an index of the encoder's rows holds for alike, and what that is like."""
    items = twins.of(Split.TRAIN)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Settings(home=Path(folder), threads=1, builtin=False))
        rows = encoder.encode(Modality.IMAGE, twins.pictures(items))
        generation = home.generations.create("served", dim=rows.shape[1], attribute_types={})
        generation.add([Row(one, Modality.IMAGE, "served") for one in items], rows)
        table = hard_negatives(items, generation, nearest=nearest, ceiling=ceiling)
    family = np.array([twins.families[one.uri] for one in items])
    near = (rows @ rows.T)[(family[:, None] == family) & ~np.eye(len(items), dtype=bool)]
    named_twins = [
        sum(twins.families[other] == twins.families[group] for other in others[:7])
        for group, others in table.items()
    ]
    return table, {
        "groups with negatives": len(table) / len(items),
        "twins among the first seven": float(np.mean(named_twins)) if named_twins else 0.0,
        "cosine of twins, median": float(np.median(near)),
        "twins above the ceiling": float((near > ceiling).mean()),
    }


def asked(twins: Twins, encoder: TrainableEncoder) -> dict[str, NDArray[np.float64]]:
    """What is right of the held-out part: (n,) 0 or 1 of every item."""
    items = twins.of(Split.TEST)
    seen = encoder.encode(Modality.IMAGE, twins.pictures(items))
    said = encoder.encode(Modality.TEXT, [one.captions[0] for one in items])
    cosine = said @ seen.T
    family = np.array([twins.families[one.uri] for one in items])
    own = np.arange(len(items))
    right = (cosine.argmax(axis=1) == own, cosine.argmax(axis=0) == own)
    found = (*right, family[cosine.argmax(axis=1)] == family)
    return {name: one.astype(np.float64) for name, one in zip(ASKED, found, strict=True)}


def answered(seed: int, given: argparse.Namespace) -> dict[str, Any]:
    """What the encoder gets right before and after, by arm, and how long each took."""
    torch.set_num_threads(1)
    twins = Twins(seed)
    begun = time.process_time()
    first = [*SMALL, "model=contrastive", "datamodule=pairs", "model.lr=0.002", f"seed={seed}"]
    start = trained(twins, [*first, f"trainer.max_epochs={given.before}"], {})
    seconds = {"before": time.process_time() - begun}
    right = {"before": asked(twins, start)}
    table, about = mined(twins, start, nearest=given.nearest, ceiling=given.ceiling)
    with tempfile.TemporaryDirectory() as folder:
        start.save_pretrained(Path(folder))
        for arm, chosen in ARMS.items():
            begun = time.process_time()
            settings = [
                *chosen,
                "encoder=builtin_folder",
                f"encoder.source='{folder}'",
                f"model.lr={given.lr}",
                f"trainer.max_epochs={given.epochs}",
                f"seed={seed}",
                *([f"datamodule.hard={given.hard}"] if arm == MINED else []),
            ]
            right[arm] = asked(twins, trained(twins, settings, table))
            seconds[arm] = time.process_time() - begun
    told = {
        arm: {name: round(float(one.mean()), 3) for name, one in found.items()}
        for arm, found in right.items()
    }
    sys.stderr.write(f"seed {seed}: {told}, {about}\n")
    families = [f"{seed} {twins.families[one.uri]}" for one in twins.of(Split.TEST)]
    return {"right": right, "families": families, "seconds": seconds, "mined": about}


def main() -> None:
    """Train with every seed, and print what each arm gets right."""
    given = arguments()
    with ProcessPoolExecutor(given.processes, mp_context=get_context("spawn")) as pool:
        seeds = range(given.first_seed, given.first_seed + given.seeds)
        runs = [pool.submit(answered, seed, given) for seed in seeds]
        found = [run.result() for run in runs]
    figures = summed(found)
    if given.json:
        sys.stdout.write(json.dumps(figures, indent=1) + "\n")
        return
    lines = [f"{figures['asked']} held-out captions, {figures['families']} families of eight twins"]
    lines += [f"{name}: {value:.3f}" for name, value in figures["mined"].items()]
    lines += [
        f"{name:16}" + "  ".join(f"{arm} {_told(one)}" for arm, one in figures[name].items())
        for name in ASKED
    ]
    lines.append("CPU s: " + ", ".join(f"{arm} {one}" for arm, one in figures["cpu_s"].items()))
    sys.stdout.write("\n".join(lines) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--before", type=int, default=30, help="epochs of what is served")
    parser.add_argument("--epochs", type=int, default=20, help="epochs of each arm")
    parser.add_argument("--lr", type=float, default=0.001, help="of each arm")
    parser.add_argument("--hard", type=float, default=0.5, help="datamodule.hard")
    parser.add_argument("--nearest", type=int, default=NEAREST, help="named for each, at most")
    parser.add_argument("--ceiling", type=float, default=CEILING, help="above it is the same")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def summed(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """All seeds together: each figure with its interval, and what changed."""
    families = [one for run in found for one in run["families"]]
    codes = np.unique(np.array(families), return_inverse=True)[1].astype(np.int64)
    figures: dict[str, Any] = {
        "asked": len(families),
        "families": len(set(families)),
        "mined": {
            name: float(np.mean([r["mined"][name] for r in found])) for name in found[0]["mined"]
        },
        "cpu_s": {
            arm: round(sum(r["seconds"][arm] for r in found), 1) for arm in found[0]["seconds"]
        },
    }
    for name in ASKED:
        right = {
            arm: np.concatenate([run["right"][arm][name] for run in found])
            for arm in ("before", *ARMS)
        }
        figures[name] = {
            arm: bootstrap_mean(values[:, None], codes)[0].to_json()
            for arm, values in right.items()
        } | {"gain": paired_gain(right[PLAIN], right[MINED], families).to_json()}
    return figures


def _told(one: Mapping[str, float]) -> str:
    return f"{one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"


if __name__ == "__main__":
    main()

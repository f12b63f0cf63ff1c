"""A small student of the encoder in the box: how much of its recall, at what cost.

    python bench/distill.py [--pictures 2000] [--epochs 40] [--seed 11] [--json]

Pictures are scenes of coloured shapes, each with an English caption that only --captions shows to
the student; without, it takes the teacher's text tower. Recall is of the captions of held-out
scenes among their pictures, by the exported graphs on one thread.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scrubjay.cli.compose import compose
from scrubjay.core.protocols import Encoder, TrainableEncoder
from scrubjay.core.types import Item, Kind, Modality, Split
from scrubjay.evaluate.agreement import mean_cosine, shared_neighbours
from scrubjay.evaluate.retrieval import recall_at_k
from scrubjay.evaluate.wilson import wilson
from scrubjay.media.image import decode_picture
from scrubjay.media.world.captions import caption
from scrubjay.media.world.draw import draw
from scrubjay.media.world.scene import Sampler
from scrubjay.media.world.things import Language
from scrubjay.models.load import load_encoder, load_trainable
from scrubjay.training.fit import fit

HELD_OUT = 500
SMALL = (
    "encoder.base.image_size=48",
    "encoder.base.stem_channels=[32]",
    "encoder.base.stem_strides=[4,2]",
    "datamodule.batch_size=64",
    "trainer.check_val_every_n_epoch=10",
)
"""The student looks at a quarter of the pixels, with half the width and three of four layers."""


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    asked.add_argument("--pictures", type=int, default=2000)
    asked.add_argument("--epochs", type=int, default=40)
    asked.add_argument("--seed", type=int, default=11, help="of the scenes and of the training")
    asked.add_argument("--captions", action="store_true")
    asked.add_argument("--json", action="store_true")
    asked.add_argument("--set", action="append", default=[], help="an override of the recipe")
    given = asked.parse_args()
    items, files, texts = scenes(given.pictures, seed=given.seed, captions=given.captions)
    begun = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder)
        config = compose(
            [
                *("experiment=distill", "teacher.family=builtin", "teacher.source=shipped"),
                *("trainer=bf16", "logger=none", "~callbacks.panel", "trainer.accelerator=cpu"),
                f"trainer.max_epochs={given.epochs}",
                f"seed={given.seed}",
                *SMALL,
                *given.set,
            ]
        )
        provided = {"items": items, "read": files.__getitem__}
        fitted = fit(config, run=run / "run", provided=provided)
        taught_s = time.process_time() - begun
        student = fitted.objects["encoder"]
        assert isinstance(student, TrainableEncoder)
        teacher = load_trainable("builtin", source="shipped")
        held_out = [item for item in items if item.split is Split.VAL]
        pictures = [decode_picture(files[item.uri]) for item in held_out]
        captions = [texts[item.id] for item in held_out]
        told = {}
        vectors = {}
        for name, encoder in (("teacher", teacher), ("student", student)):
            export = run / name
            export.mkdir()
            encoder.export(export)
            served = load_encoder("exported", source=export, threads=1)
            vectors[name] = served.encode(Modality.IMAGE, pictures)
            told[name] = measured(served, vectors[name], pictures, captions, export)
    both = vectors["student"], vectors["teacher"]
    figures: dict[str, Any] = {
        "pictures": given.pictures,
        "epochs": given.epochs,
        "seed": given.seed,
        "captions": given.captions,
        "taught_s": round(taught_s),
        "agreement": round(mean_cosine(*both), 3),
        "neighbours": round(shared_neighbours(*both) or 0, 3),
        **told,
    }
    print(json.dumps(figures) if given.json else table(figures))


def scenes(
    n: int, *, seed: int, captions: bool
) -> tuple[list[Item], dict[str, bytes], dict[str, str]]:
    """Scenes, n to learn from and HELD_OUT others: items, their files, a caption of each."""
    random = np.random.default_rng(seed)
    items: list[Item] = []
    files: dict[str, bytes] = {}
    texts: dict[str, str] = {}
    for number in range(n + HELD_OUT):
        scene = Sampler(shapes=1.0).scene(random)
        out = io.BytesIO()
        Image.fromarray(draw(scene, random).picture).save(out, "JPEG", quality=90)
        data, text = out.getvalue(), caption(scene, Language.ENGLISH, random).text
        digest = hashlib.sha256(data).hexdigest()
        item = Item(
            id=digest[:16],
            kind=Kind.IMAGE,
            uris=(f"scene-{number}",),
            sha256=digest,
            group=f"scene-{number}",
            split=Split.TRAIN if number < n else Split.VAL,
            month="2026-11",
            size=len(data),
            captions=(text,) if captions else (),
        )
        items.append(item)
        files[item.uri], texts[item.id] = data, text
    return items, files, texts


def measured(
    served: Encoder,
    vectors: NDArray[np.float32],
    pictures: list[Any],
    captions: list[str],
    export: Path,
) -> dict[str, float]:
    places = np.arange(len(pictures))
    asked = served.encode(Modality.TEXT, captions)
    found = recall_at_k(asked, vectors, places, places, (1, 10))
    best = min(timed(served, pictures[:128]) for _ in range(5))
    size = (export / "image.bin").stat().st_size
    return {
        "R@1": round(found[1], 3),
        "R@10": round(found[10], 3),
        "pictures_a_second": round(128 / best),
        "image_graph_mb": round(size / 2**20, 2),
    }


def timed(served: Encoder, pictures: list[Any]) -> float:
    begun = time.perf_counter()
    served.encode(Modality.IMAGE, pictures)
    return time.perf_counter() - begun


def table(figures: dict[str, Any]) -> str:
    teacher, student = figures["teacher"], figures["student"]
    how = "with captions" if figures["captions"] else "pictures alone"
    lines = [
        f"{figures['pictures']} scenes, {how}, {figures['epochs']} epochs, seed {figures['seed']}, "
        f"{figures['taught_s']} s",
        f"agreement {figures['agreement']}, neighbours {figures['neighbours']}",
    ]
    lines += [f"{name:20} {teacher[name]:>10} {student[name]:>10}" for name in teacher]
    for name in ("R@1", "R@10"):
        low, high = wilson(student[name], HELD_OUT)
        lines.append(f"{name} of the student, 95% interval: {low:.3f} to {high:.3f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()

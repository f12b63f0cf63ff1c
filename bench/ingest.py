"""Picture ingestion on one core, against sentence-transformers over the same JPEGs.

    python bench/ingest.py --pictures 256 --rounds 5

Ours is decode -> encode -> write: `search.ingest` into a generation on disk, with the exported
graphs. Theirs is the plain loop, `SentenceTransformer.encode` in float32, vectors kept in memory.
Both run a CLIP of ViT-B/32 size with random weights, each in a process of its own that is held to
one core, in rounds that take turns. The limit is what one core could do with the encoder's matrix
products at their measured peak: 1 / (scaled decode + encode at that peak).
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from scrubjay.core.types import Item

BATCH = 32
BUILD = "build"
WORKERS = ("theirs", "ours", "limit")


def main() -> None:
    options = arguments()
    if options.part:
        os.environ["OMP_NUM_THREADS"] = "1"
        os.sched_setaffinity(0, {options.core})
        return part(options)
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made)
        draw(scratch / "pictures", options)
        subprocess.run(command(BUILD, scratch, options), check=True, stderr=subprocess.DEVNULL)
        report(measure(scratch, options), options)
    return None


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=256)
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--height", type=int, default=480)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--part", choices=(BUILD, *WORKERS), help=argparse.SUPPRESS)
    parser.add_argument("--scratch", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def command(name: str, scratch: Path, options: argparse.Namespace) -> list[str]:
    given = ["--part", name, "--scratch", str(scratch), "--core", str(options.core)]
    return [sys.executable, __file__, *given]


def draw(folder: Path, options: argparse.Namespace) -> None:
    """Photo-like JPEGs: smooth colours, edges and grain."""
    from PIL import Image

    folder.mkdir()
    random = np.random.default_rng(0)
    y, x = np.mgrid[0 : options.height, 0 : options.width].astype(np.float32)
    for number in range(options.pictures):
        picture = np.zeros((options.height, options.width, 3), np.float32) + random.uniform(60, 190)
        for _ in range(6):
            wave = np.sin(x * random.uniform(-0.06, 0.06) + y * random.uniform(-0.06, 0.06))
            picture += random.uniform(-25, 25, 3) * wave[..., None]
        for _ in range(4):
            across, down = random.uniform(0, options.width), random.uniform(0, options.height)
            disc = (x - across) ** 2 + (y - down) ** 2 < random.uniform(20, 120) ** 2
            picture[disc] += random.uniform(-90, 90, 3)
        picture += random.normal(0, 7, picture.shape)
        pixels = picture.clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:05}.jpg", quality=88)


def measure(scratch: Path, options: argparse.Namespace) -> dict[str, list[list[float]]]:
    """Figures of every worker, a list a round; the workers take turns, and a round warms up."""
    running = {
        name: subprocess.Popen(
            command(name, scratch, options),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for name in WORKERS
    }
    found: dict[str, list[list[float]]] = {name: [] for name in WORKERS}
    for turn in range(options.rounds + 1):
        for name, process in running.items():
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("the worker has no pipes")
            print("go", file=process.stdin, flush=True)
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"the worker {name} ended; run it with --part {name} to see why")
            if turn:
                found[name].append([float(figure) for figure in line.split()])
    for process in running.values():
        process.communicate("")
    return found


def report(found: dict[str, list[list[float]]], options: argparse.Namespace) -> None:
    ours = [options.pictures / seconds for (seconds,) in found["ours"]]
    theirs = [options.pictures / seconds for (seconds,) in found["theirs"]]
    limits = [1 / (decode + encode) for decode, encode, _ in found["limit"]]
    shares = [mine / limit for mine, limit in zip(ours, limits, strict=True)]
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    decode, encode, peak = (
        statistics.median(column) for column in zip(*found["limit"], strict=True)
    )
    print(f"median of {options.rounds} rounds, {options.pictures} JPEGs of ", end="")
    print(f"{options.width} x {options.height}, core {options.core}\n")
    line("scrubjay ingest (decode, encode, write)", ours, "img/s")
    line("sentence-transformers encode, float32", theirs, "img/s")
    line("ratio", ratios, "x", "target 2.0 or more")
    line(
        "our limit", limits, "img/s", f"{decode * 1e3:.1f} ms decode + {encode * 1e3:.1f} ms encode"
    )
    line("share of our limit", [100 * share for share in shares], "%", "target 85 or more")
    print(f"{'matrix products at their peak':<42}{peak / 1e9:8.0f} GFLOP/s in bfloat16")


def line(name: str, figures: list[float], unit: str, remark: str = "") -> None:
    spread = f"[{min(figures):.2f}, {max(figures):.2f}]"
    print(f"{name:<42}{statistics.median(figures):8.2f} {unit:<6}{spread:<18}{remark}")


def part(options: argparse.Namespace) -> None:
    """One process: answers every line it is given with a line of figures."""
    scratch: Path = options.scratch
    if options.part == BUILD:
        return build(scratch)
    rounds = {"theirs": theirs, "ours": ours, "limit": limit}[options.part](scratch)
    for _ in sys.stdin:
        print(*rounds(), flush=True)
    return None


def build(scratch: Path) -> None:
    """A CLIP directory both can load, and the folder ours is served from."""
    import torch
    from tokenizers import pre_tokenizers
    from transformers import CLIPConfig, CLIPModel, CLIPProcessor, CLIPTokenizer
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    from scrubjay.models.load import load_trainable

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokens = [*letters, *(f"{one}</w>" for one in letters), "<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer(
        vocab={token: place for place, token in enumerate(tokens)}, merges=[], model_max_length=77
    )
    ends = {"bos_token_id": 512, "eos_token_id": 513, "pad_token_id": 513}
    torch.manual_seed(0)
    clip = scratch / "clip"
    CLIPModel(CLIPConfig(text_config=ends)).save_pretrained(clip)
    CLIPProcessor(CLIPImageProcessorPil(), tokenizer).save_pretrained(clip)
    (scratch / "version" / "export").mkdir(parents=True)
    load_trainable("transformers", source=clip).export(scratch / "version" / "export")


def theirs(scratch: Path) -> Callable[[], tuple[float, ...]]:
    import torch
    from PIL import Image
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)
    model = SentenceTransformer(str(scratch / "clip"), device="cpu", local_files_only=True)
    paths = sorted((scratch / "pictures").iterdir())

    def once() -> tuple[float, ...]:
        start = time.perf_counter()
        for first in range(0, len(paths), BATCH):
            pictures = [Image.open(path) for path in paths[first : first + BATCH]]
            model.encode(pictures, batch_size=BATCH)
        return (time.perf_counter() - start,)

    return once


def ours(scratch: Path) -> Callable[[], tuple[float, ...]]:
    from scrubjay.models.load import load_version
    from scrubjay.search.ingest import ingest
    from scrubjay.store.generations import Generations
    from scrubjay.store.objects import read_uri

    encoder = load_version(scratch / "version", version="bench", threads=1)
    generations = Generations(scratch / "generations")
    items = [item_of(path) for path in sorted((scratch / "pictures").iterdir())]
    count = 0

    def once() -> tuple[float, ...]:
        nonlocal count
        count += 1
        generation = generations.create(
            f"round-{count}", dim=encoder.spec.dim, attribute_types={}, version="bench"
        )
        start = time.perf_counter()
        done = ingest(items, generation, encoder, read=read_uri, threads=1, batch_size=BATCH)
        seconds = time.perf_counter() - start
        if done.rows != len(items):
            raise RuntimeError(
                f"{done.rows} of {len(items)} pictures were ingested: {done.skipped}"
            )
        generations.remove(generation.name)
        return (seconds,)

    return once


def item_of(path: Path) -> Item:
    import hashlib

    from scrubjay.core.types import Item, Kind, Split

    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return Item(
        id=digest[:16],
        kind=Kind.IMAGE,
        uris=(str(path),),
        sha256=digest,
        group=digest[:16],
        split=Split.TRAIN,
        month="2026-11",
        size=len(data),
    )


def limit(scratch: Path) -> Callable[[], tuple[float, ...]]:
    """Seconds of a scaled decode, of an encode at the core's peak, and that peak in FLOP/s."""
    import torch

    from scrubjay.media.image import decode_picture

    torch.set_num_threads(1)
    files = [path.read_bytes() for path in sorted((scratch / "pictures").iterdir())[:64]]
    # The encoder's own largest products: 32 pictures of 50 tokens through a feed-forward layer.
    products = [
        (
            torch.randn(BATCH * 50, inside, dtype=torch.bfloat16),
            torch.nn.Linear(inside, out, bias=False, dtype=torch.bfloat16),
        )
        for inside, out in ((768, 3072), (3072, 768))
    ]
    operations = 2.0 * BATCH * 50 * 768 * 3072

    def once() -> tuple[float, ...]:
        start = time.perf_counter()
        for data in files:
            decode_picture(data, min_side=224)
        decode = (time.perf_counter() - start) / len(files)
        with torch.inference_mode():
            peak = max(operations / sustained(layer, tokens) for tokens, layer in products)
        return decode, vit_b32_flops() / peak, peak

    return once


def sustained(layer: Callable[[Tensor], Tensor], tokens: Tensor) -> float:
    """Seconds of one call, median of a second's worth: what the core keeps up, not its best."""
    times: list[float] = []
    while sum(times) < 1.0:
        start = time.perf_counter()
        layer(tokens)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def vit_b32_flops() -> float:
    """Of one picture: patches, twelve layers of 50 tokens, projection; multiply and add are two."""
    width, tokens, patches = 768, 50, 49
    layer = 12 * tokens * width**2 + 2 * tokens**2 * width
    return 2.0 * (patches * 3 * 32**2 * width + 12 * layer + width * 512)


if __name__ == "__main__":
    main()

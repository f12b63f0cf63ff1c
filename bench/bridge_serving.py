"""From promotion to the first search with the new version, against re-embedding everything.

    python bench/bridge_serving.py --rows 100000

A home of 100,000 pictures is served by one version, and another is promoted. The first figure is
everything that happens until it has answered a query: the bridges are learned from the views an
evaluation left, every row is mapped and written, the approximate index is built, the pointer moved,
the version's graphs checked and opened, and a text searched. The second is re-embedding, measured
on a sample in every round and extrapolated to all rows: decode, encode and write of JPEGs by a
CLIP of ViT-B/32 size with random weights. Both run on one core, in rounds that take turns; a
faster encoder makes the ratio larger, in proportion.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ingest import draw, item_of
from scrubjay import services
from scrubjay.core.config import Settings
from scrubjay.core.protocols import silent
from scrubjay.core.types import Champion, Item, Kind, Modality, Split
from scrubjay.evaluate.examples import View
from scrubjay.models.load import load_version
from scrubjay.retrain.bridging import learn_bridges
from scrubjay.retrain.serving import publish, serve_bridged
from scrubjay.search.embed import BATCH_SIZE
from scrubjay.search.ingest import ingest
from scrubjay.search.query import Query
from scrubjay.store.home import Home
from scrubjay.store.index import Row
from scrubjay.store.objects import read_uri

Vectors: TypeAlias = NDArray[np.float32]

STEPS = ("learn", "map and index", "publish", "open", "first search")
BATCH = 5_000
BUILDER = Path(__file__).with_name("ingest.py")


def main() -> None:
    options = arguments()
    os.sched_setaffinity(0, {options.core})
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made)
        draw(scratch / "pictures", options)
        build = [sys.executable, str(BUILDER), "--part", "build", "--scratch", made]
        subprocess.run(build, check=True, stderr=subprocess.DEVNULL)
        home = Home(Settings(home=scratch / "home", threads=1, builtin=False))
        old, new = (registered(home, scratch / "version", name) for name in ("old", "new"))
        encoder = load_version(home.registry.folder(new), version=new, threads=1)
        views = evaluated(options.pairs, encoder.spec.dim)
        fill(home, old, options.rows, encoder.spec.dim)
        pictures = [item_of(path) for path in sorted((scratch / "pictures").iterdir())]

        def embedded(pictures: list[Item]) -> float:
            generation = home.generations.create(
                "sample", dim=encoder.spec.dim, attribute_types={}, version=new
            )
            began = time.perf_counter()
            done = ingest(pictures, generation, encoder, read=read_uri, threads=1)
            seconds = time.perf_counter() - began
            if done.rows != len(pictures):
                raise RuntimeError(f"{done.rows} of {len(pictures)} were embedded: {done.skipped}")
            home.generations.remove("sample")
            return seconds / len(pictures)

        switched: list[dict[str, float]] = []
        each: list[float] = []
        embedded(pictures[:BATCH_SIZE])
        for _ in range(options.rounds):
            switched.append(promoted(home, old, new, views))
            each.append(embedded(pictures))
    report(switched, each, options)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=1000, help="items both versions embedded")
    parser.add_argument("--pictures", type=int, default=224, help="embedded in every round")
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--height", type=int, default=480)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    return parser.parse_args()


def registered(home: Home, folder: Path, name: str) -> str:
    """The same weights under another name are another version."""

    def build(staging: Path) -> None:
        shutil.copytree(folder, staging, dirs_exist_ok=True)
        (staging / "name.txt").write_text(name)

    return home.registry.register(build, month="2026-11", lineage={}, metrics={}, card="")


def unit(rows: NDArray[np.floating]) -> Vectors:
    units: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return units


def evaluated(n: int, dim: int) -> tuple[Mapping[Modality, View], Mapping[Modality, View]]:
    """What two versions made of n pictures and their captions: one space, turned and blurred."""
    random = np.random.default_rng(1)
    meaning = random.standard_normal((n, dim))
    turn = np.linalg.qr(random.standard_normal((dim, dim)))[0]

    def view(modality: Modality, vectors: NDArray[np.floating]) -> View:
        noisy = unit(vectors + 0.3 * random.standard_normal(vectors.shape))
        names = tuple(f"/pictures/{i}.jpg" for i in range(n))
        empty = ("",) * n
        uris, texts = (empty, names) if modality is Modality.TEXT else (names, empty)
        return View(modality, noisy, tuple(map(str, range(n))), uris, texts)

    old, new = (
        {one: view(one, space) for one in (Modality.IMAGE, Modality.TEXT)}
        for space in (meaning, meaning @ turn)
    )
    return old, new


def item(n: int) -> Item:
    return Item(
        id=f"{n:08}",
        kind=Kind.IMAGE,
        uris=(f"/pictures/{n}.jpg",),
        sha256=f"{n:064x}",
        group=str(n),
        split=Split.TRAIN,
        month="2026-11",
        size=1,
        captions=(f"picture {n}",),
    )


def fill(home: Home, version: str, rows: int, dim: int) -> None:
    """A home that serves `rows` pictures."""
    random = np.random.default_rng(2)
    items = [item(n) for n in range(rows)]
    home.catalog.upsert(items)
    generation = home.generations.create(version, dim=dim, attribute_types={})
    for start in range(0, rows, BATCH):
        piece = [Row(one, Modality.IMAGE, version) for one in items[start : start + BATCH]]
        generation.add(piece, unit(random.standard_normal((len(piece), dim))))
    generation.optimise()
    generation.sync()
    publish(home, Champion(version, version))


def promoted(
    home: Home, old: str, new: str, views: tuple[Mapping[Modality, View], Mapping[Modality, View]]
) -> dict[str, float]:
    """Seconds of each step from promotion to an answer; the home is put back after."""
    marks = [time.perf_counter()]
    stored = home.generations.open(old).modalities()
    learned = learn_bridges(*views, source=old, target=new, stored=stored)
    marks.append(time.perf_counter())
    champion = serve_bridged(home, new, learned, min_recall=0.8, progress=silent)
    if champion is None:
        raise RuntimeError("the bridge is not good enough")
    marks.append(time.perf_counter())
    publish(home, champion)
    marks.append(time.perf_counter())
    searcher = services.open_champion(home)
    marks.append(time.perf_counter())
    found = searcher.search(Query(text="a picture"))
    marks.append(time.perf_counter())
    if found.version != new or len(found.hits) != 10:
        raise RuntimeError(f"{found.version} answered with {len(found.hits)} hits")
    home.registry.publish(Champion(old, old), expected=champion)
    home.generations.remove(new)
    return dict(zip(STEPS, np.diff(marks).tolist(), strict=True))


def report(
    switched: list[dict[str, float]], each: list[float], options: argparse.Namespace
) -> None:
    totals = [sum(one.values()) for one in switched]
    whole = [options.rows * seconds for seconds in each]
    ratios = [100 * mine / all_ for mine, all_ in zip(totals, whole, strict=True)]
    print(f"median of {options.rounds} rounds, {options.rows} rows, core {options.core}\n")
    for step in STEPS:
        line(step, [one[step] for one in switched], "s")
    line("promotion to first search", totals, "s")
    sample = f"from {options.pictures} pictures a round, {1 / statistics.median(each):.1f} img/s"
    line("re-embedding, extrapolated", whole, "s", sample)
    line("ratio", ratios, "%", "target 1 or less")


def line(name: str, figures: list[float], unit: str, remark: str = "") -> None:
    spread = f"[{min(figures):.2f}, {max(figures):.2f}]"
    print(f"{name:<30}{statistics.median(figures):9.2f} {unit:<4}{spread:<22}{remark}")


if __name__ == "__main__":
    main()

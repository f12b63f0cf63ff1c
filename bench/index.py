"""What a generation's search costs and misses: row by row against the approximate index.

    python bench/index.py --rows 100000 --dim 512

Random unit vectors around many centres, the queries near some of them. The same generation is
searched with and without the index, in rounds that take turns; recall is against NumPy's exact
answer. A filter is the same for all queries, so that after the first its rows are known row by row;
the index evaluates it every time. Times are medians over queries, then over rounds, with the
spread of the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.config import IndexSettings
from scrubjay.core.types import Item, Kind, Modality, Split
from scrubjay.store.generations import Generations
from scrubjay.store.index import Found, Generation, Row

Vectors: TypeAlias = NDArray[np.float32]

BATCH = 10_000
TAGS = 10


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--queries", type=int, default=50, help="in every round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--noise", type=float, default=0.7, help="around a centre; 1 is its length")
    parser.add_argument("--centre-every", type=int, default=100, help="rows a centre has")
    return parser.parse_args()


def normalised(vectors: Vectors) -> Vectors:
    units: Vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return units


def collection(given: argparse.Namespace) -> Vectors:
    random = np.random.default_rng(0)
    centres = random.standard_normal((max(1, given.rows // given.centre_every), given.dim))
    vectors = np.empty((given.rows, given.dim), np.float32)
    for start in range(0, given.rows, BATCH):
        n = min(BATCH, given.rows - start)
        noise = random.standard_normal((n, given.dim))
        near = centres[random.integers(len(centres), size=n)]
        vectors[start : start + n] = normalised((near + given.noise * noise).astype(np.float32))
    return vectors


def item(n: int) -> Item:
    return Item(
        id=f"item-{n:08d}",
        kind=Kind.IMAGE,
        uris=(f"/pictures/{n}.jpg",),
        sha256=f"{n:064x}",
        group=f"group-{n}",
        split=Split.TRAIN,
        month="2026-11",
        size=1,
        captions=(f"picture {n}",),
        tags=(f"t{n % TAGS}",),
    )


def filled(folder: Path, vectors: Vectors) -> Generation:
    generation = Generations(folder).create(
        "bench", dim=vectors.shape[1], attribute_types={}, version="v1"
    )
    for start in range(0, len(vectors), BATCH):
        piece = vectors[start : start + BATCH]
        rows = [Row(item(start + n), Modality.IMAGE, "v1") for n in range(len(piece))]
        generation.add(rows, piece)
    generation.sync()
    return generation


def timed(search: Callable[[Vectors], list[Found]], queries: Vectors) -> float:
    """Median milliseconds."""
    took = []
    for query in queries:
        began = time.perf_counter()
        search(query)
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


def main() -> None:
    given = arguments()
    vectors = collection(given)
    random = np.random.default_rng(1)
    near = vectors[random.integers(given.rows, size=given.queries)]
    noise = random.standard_normal(near.shape) * (0.5 / np.sqrt(given.dim))
    queries = normalised((near + noise).astype(np.float32))
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        filled(Path(folder), vectors)
        written = time.perf_counter()
        ann = Generations(Path(folder), IndexSettings(exact_below=1)).open("bench")
        ann.optimise()
        ann.sync()
        built = time.perf_counter()
        memory = Generations(Path(folder), IndexSettings(exact_below=given.rows + 1)).open("bench")
        memory.search(queries[0], given.k)
        loaded = time.perf_counter()
        print(
            f"{given.rows} rows of {given.dim}: written {written - began:.1f} s, "
            f"index built {built - written:.1f} s, loaded into memory {loaded - built:.1f} s"
        )
        report(given, vectors, queries, {"row by row": memory, "index": ann})


def report(
    given: argparse.Namespace,
    vectors: Vectors,
    queries: Vectors,
    ways: dict[str, Generation],
) -> None:
    everything = queries @ vectors.T
    tagged = np.arange(len(vectors)) % TAGS == 3
    for where, allowed in ((None, None), ("tag = 't3'", tagged)):
        scores = everything if allowed is None else np.where(allowed, everything, -2)
        best = np.argsort(-scores, axis=1)[:, : given.k]
        truth = [{f"item-{n:08d}" for n in row} for row in best]
        rounds: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(given.rounds + 1):
            for name, generation in ways.items():
                took = timed(partial(generation.search, k=given.k, where=where), queries)
                if turn:  # The first round warms the caches.
                    rounds[name].append(took)
        for name, generation in ways.items():
            hits = [
                len({one.id for one in generation.search(query, given.k, where=where)} & right)
                for query, right in zip(queries, truth, strict=True)
            ]
            took_ms = rounds[name]
            print(
                f"  {where or 'no filter':12} {name:10} p50 {statistics.median(took_ms):7.2f} ms "
                f"({min(took_ms):.2f}-{max(took_ms):.2f})  "
                f"recall@{given.k} {sum(hits) / (given.k * len(truth)):.3f}"
            )


if __name__ == "__main__":
    main()

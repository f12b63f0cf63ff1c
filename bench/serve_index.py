"""Search's own share of a query, beside faiss in the same process at equal recall.

    python bench/serve_index.py --rows 100000 1000000

A generation is searched as a server does, in memory, however much that is (a server takes what
`--index-memory` gives it); as it is on the disk, by Lance's index; and
faiss's IVF with 8-bit scalars searches the same vectors, its `nprobe` the least whose recall@10 is
not below ours in memory. The text encoder of bench/serve.py is measured in the same rounds. All on
one thread but the encoder and Lance, which take every core. Ours answers with what a hit shows,
captions and all; faiss with numbers of rows.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from index import collection, filled, normalised
from scrubjay.core.config import IndexSettings
from scrubjay.core.types import Modality
from scrubjay.models.load import load_version
from scrubjay.store.generations import Generations
from scrubjay.store.index import Generation
from serve_home import built, texts

Vectors: TypeAlias = NDArray[np.float32]
MEMORY = 16 * 2**30


def main() -> None:
    given = arguments()
    with tempfile.TemporaryDirectory() as made:
        scratch = given.scratch or Path(made)
        for rows in given.rows:
            measured(scratch, rows, given)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--queries", type=int, default=100, help="in every round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scratch", type=Path, help="a folder to keep what was built")
    parser.add_argument("--only-build", action="store_true")
    return parser.parse_args()


def measured(scratch: Path, rows: int, given: argparse.Namespace) -> None:
    folder = scratch / f"index-{rows}"
    drawn = argparse.Namespace(rows=rows, dim=512, noise=0.7, centre_every=100)
    vectors = collection(drawn)
    if not (folder / "done").exists():
        filled(folder, vectors)
        disk = opened(folder)
        disk.optimise()
        disk.sync()
        (folder / "done").touch()
    version = built(scratch)
    if given.only_build:
        return
    random = np.random.default_rng(1)
    near = vectors[random.integers(rows, size=given.queries)]
    noise = random.standard_normal(near.shape) / np.sqrt(512)
    queries = normalised((0.5 * near + noise).astype(np.float32))
    truth = [set(best.tolist()) for best in nearest(queries, vectors, given.k)]
    disk, memory = opened(folder), opened(folder)
    began = time.perf_counter()
    held(memory)
    print(f"\n{rows} x 512, in memory after {time.perf_counter() - began:.1f} s", end="")
    ours = recall(lambda query: ids(memory, query, given.k), queries, truth)
    peer = at_recall(vectors, queries, truth, given.k, ours)
    encoder = load_version(version, version="bench")
    asked = iter(texts((given.rounds + 1) * given.queries, seed=rows))
    ways: dict[str, Callable[[Any], object]] = {
        "in memory": lambda query: memory.search(query, given.k),
        "on the disk": lambda query: disk.search(query, given.k),
        "faiss": lambda query: peer.search(query[None], given.k),
        "encode": lambda _: encoder.encode(Modality.TEXT, [next(asked)]),
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(given.rounds + 1):
        for name, way in ways.items():
            figure = timed(way, queries)
            if turn:  # The first round warms up.
                took[name].append(figure)
    print(f"; faiss probes {peer.nprobe} of {peer.nlist}")
    encode = statistics.median(took["encode"])
    right = {
        "in memory": ours,
        "on the disk": recall(lambda query: ids(disk, query, given.k), queries, truth),
        "faiss": recall(lambda query: peer.search(query[None], given.k)[1][0], queries, truth),
    }
    for name, figures in took.items():
        middle = statistics.median(figures)
        share = f"{100 * middle / (middle + encode):3.0f}% of encode and search"
        said = f"recall@{given.k} {right[name]:.3f}  {share}" if name in right else ""
        spread = f"[{min(figures):.2f}, {max(figures):.2f}]"
        print(f"  {name:12} p50 {middle:7.2f} ms {spread:16} {said}")


def opened(folder: Path) -> Generation:
    return Generations(folder, IndexSettings(exact_below=1)).open("bench")


def held(generation: Generation) -> None:
    """Wait until a search no longer asks the disk."""
    generation.hold(most_bytes=MEMORY)
    while not generation.in_memory:
        time.sleep(0.05)


def nearest(queries: Vectors, vectors: Vectors, k: int) -> NDArray[np.int64]:
    """(n, k) the truth, a piece at a time: a million rows do not fit otherwise."""
    best = [np.argpartition(-(vectors @ query), k)[:k] for query in queries]
    return np.stack(best)


def ids(generation: Generation, query: Vectors, k: int) -> Sequence[int]:
    return [int(one.id.removeprefix("item-")) for one in generation.search(query, k)]


def recall(
    find: Callable[[Vectors], Sequence[int]], queries: Vectors, truth: Sequence[set[int]]
) -> float:
    hits = [
        len(right.intersection(map(int, find(query))))
        for query, right in zip(queries, truth, strict=True)
    ]
    return sum(hits) / sum(map(len, truth))


def at_recall(
    vectors: Vectors, queries: Vectors, truth: Sequence[set[int]], k: int, least: float
) -> Any:  # noqa: ANN401 - a faiss index
    """Faiss's index with as many lists as ours has, and as few probes as reach our recall.

    Where 8 bits do not reach it, as few as come within half a point of what they can.
    """
    faiss: Any = import_module("faiss")
    faiss.omp_set_num_threads(1)
    lists = round(2 * len(vectors) ** 0.5)
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatIP(512),
        512,
        lists,
        faiss.ScalarQuantizer.QT_8bit,
        faiss.METRIC_INNER_PRODUCT,
    )
    index.train(vectors[:: max(1, len(vectors) // (lists * 48))])
    index.add(vectors)

    def reached(probes: int) -> float:
        index.nprobe = probes
        return recall(lambda query: index.search(query[None], k)[1][0], queries, truth)

    least = min(least, reached(lists // 4) - 0.005)
    probes = 1
    while reached(probes) < least:
        probes = max(probes + 1, round(1.2 * probes))
    return index


def timed(way: Callable[[Any], object], queries: Vectors) -> float:
    """Milliseconds of one query, the median."""
    took = []
    for query in queries:
        began = time.perf_counter()
        way(query)
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


if __name__ == "__main__":
    main()

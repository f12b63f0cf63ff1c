"""What a search costs: encode and index share in a warm process, `--help`, the base install.

    python bench/search.py --rows 10000 --queries 300

A text query is encoded by an exported graph (no torch in the measured process) and searched over
random unit vectors. The encoder is `--export FOLDER`, a registered version's folder, or else the
builtin family with fresh weights: the work is the same whatever the weights say.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scrubjay.store.index import Generation

WORDS = ("an", "old", "man", "asleep", "in", "the", "woods", "a", "red", "apple", "on", "table")

BUILD = """
import sys
from pathlib import Path
from scrubjay.models.load import load_trainable
folder = Path(sys.argv[1])
(folder / "export").mkdir(parents=True)
encoder = load_trainable(sys.argv[2])
encoder.save_pretrained(folder)
encoder.export(folder / "export")
"""


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.export or build(Path(scratch) / "version", options.family)
        rows = searched(folder, Path(scratch), options)
    rows.append(("scrubjay --help, median of 7", f"{help_seconds():.2f} s", "at most 0.40 s"))
    mebibytes, packages = base_install()
    rows.append(("base install", f"{mebibytes:.0f} MiB", f"{packages} packages"))
    width = max(len(name) for name, _, _ in rows)
    for name, value, remark in rows:
        print(f"{name:<{width}}  {value:>22}  {remark}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=10_000, help="vectors in the index")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--threads", type=int, default=0, help="0: one per core")
    parser.add_argument("--export", type=Path, help="a registered version's folder")
    parser.add_argument("--family", default="builtin", help="built when --export is not given")
    return parser.parse_args()


def build(folder: Path, family: str) -> Path:
    """Export fresh weights in a process of its own, so that torch is not loaded in this one."""
    subprocess.run([sys.executable, "-c", BUILD, str(folder), family], check=True)
    return folder


def searched(
    folder: Path, scratch: Path, options: argparse.Namespace
) -> list[tuple[str, str, str]]:
    """Milliseconds of each part of a query, with and without a condition."""
    from scrubjay.core.types import Champion
    from scrubjay.models.load import load_version
    from scrubjay.search.query import Query, Searcher

    encoder = load_version(folder, version="bench", threads=options.threads)
    generation = filled(scratch / "generations", options.rows, encoder.spec.dim)
    searcher = Searcher(encoder, generation, Champion("bench", "bench"))
    rng = np.random.default_rng(1)
    told = []
    for where in (None, f"price < {options.rows // 2}"):
        took = []
        for _ in range(options.queries + 20):
            words = " ".join(rng.choice(WORDS, size=8))
            took.append(searcher.search(Query(text=words, k=options.k, where=where)).took_ms)
        took = took[20:]
        label = "" if where is None else ", half filtered out"
        for part in ("encode", "search", "total"):
            p50, p99 = np.percentile([getattr(one, part) for one in took], [50, 99])
            remark = f"{options.rows} x {encoder.spec.dim}, k={options.k}" * (part == "search")
            told.append((f"{part}{label}", f"p50 {p50:6.2f}  p99 {p99:6.2f} ms", remark))
        share = statistics.median(one.search / one.total for one in took)
        told.append((f"search share{label}", f"{100 * share:.0f}%", "of a query, median"))
    if "torch" in sys.modules:
        raise RuntimeError("searching loaded torch")
    return told


def filled(folder: Path, n: int, dim: int) -> Generation:
    """A generation of n random unit vectors, as ingestion would write it."""
    from scrubjay.core.types import Item, Kind, Modality, Split
    from scrubjay.store.generations import Generations
    from scrubjay.store.index import Row

    vectors = np.random.default_rng(0).standard_normal((n, dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    generation = Generations(folder).create("bench", dim=dim, attribute_types={"price": "int64"})
    for start in range(0, n, 4096):
        rows = [
            Row(
                item=Item(
                    id=str(i),
                    kind=Kind.IMAGE,
                    uris=(f"/pictures/{i}.jpg",),
                    sha256=str(i),
                    group=str(i),
                    split=Split.TRAIN,
                    month="2026-11",
                    size=0,
                    captions=(f"picture {i}",),
                    attributes={"price": i},
                ),
                modality=Modality.IMAGE,
                version="bench",
                start_s=None,
                end_s=None,
            )
            for i in range(start, min(n, start + 4096))
        ]
        generation.add(rows, vectors[start : start + 4096])
    generation.optimise()
    return generation


def help_seconds() -> float:
    """Median wall time of `scrubjay --help` in a new process, after one to warm the disk cache."""
    command = [sys.executable, "-m", "scrubjay", "--help"]
    times = []
    for _ in range(8):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ})
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def base_install() -> tuple[float, int]:
    """MiB on disk and number of packages that `pip install scrubjay` brings, without extras."""
    from packaging.requirements import Requirement

    wanted, closed, size = ["scrubjay"], set[str](), 0
    while wanted:
        name = wanted.pop().lower().replace("_", "-")
        if name in closed:
            continue
        closed.add(name)
        package = metadata.distribution(name)
        size += sum(
            Path(str(file.locate())).stat().st_size
            for file in package.files or ()
            if Path(str(file.locate())).is_file()
        )
        for line in package.requires or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                wanted.append(requirement.name)
    return size / 2**20, len(closed)


if __name__ == "__main__":
    main()

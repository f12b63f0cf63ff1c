"""What a bridge costs and is worth: seconds to map a collection, recall with and without it.

    python bench/bridge.py --rows 100000 --dim 512

Two pairs of synthetic encoders, layers of random weights that saturate, read the same structured
items: in "next month" the new weights are the old ones and a little noise, in "another seed" they
share nothing. Mapping in one product, in batches of 4,096 and NumPy's bare product take turns in
every round; times are medians over rounds with their spread. Recalls carry 95% bootstrap intervals
over held-out items, of which the second column says how many were paired.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Modality
from scrubjay.search.bridge import Bridge
from scrubjay.search.bridge_choice import LearnedBridge, Pairs, learn_bridge

Vectors: TypeAlias = NDArray[np.float32]

FEATURES, LATENT, TOPICS = 1024, 12, 100
BATCH = 4096
SPACES = {"next month": 0.7, "another seed": None}
NAMES = ("none", "procrustes", "affine", "full")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000, help="mapped in every round")
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--pairs", type=int, nargs="+", default=[500, 2000, 5000])
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def unit(rows: NDArray[np.floating]) -> Vectors:
    units: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return units


def things(n: int) -> tuple[Vectors, Vectors]:
    """Features of n items of some topics, and of a caption of each that says nearly the same."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((TOPICS, LATENT))
    items = centres[rng.integers(TOPICS, size=n)] + 0.3 * rng.standard_normal((n, LATENT))
    captions = items + 0.5 * rng.standard_normal(items.shape)
    reading = rng.standard_normal((LATENT, FEATURES)) / np.sqrt(LATENT)
    return (
        np.tanh(items @ reading).astype(np.float32),
        np.tanh(captions @ reading).astype(np.float32),
    )


def encoders(dim: int, drift: float | None) -> tuple[Callable[[Vectors], Vectors], ...]:
    """An old and a new encoder; drift is the share of noise in the new weights, None all of it."""
    rng = np.random.default_rng(1)
    old, noise = rng.standard_normal((2, FEATURES, dim)).astype(np.float32) / np.sqrt(FEATURES)
    new = noise if drift is None else np.sqrt(1 - drift**2) * old + drift * noise
    return tuple(
        lambda rows, weights=weights: unit(np.tanh(3 * rows @ weights)) for weights in (old, new)
    )


def learned(dim: int, n: int, drift: float | None) -> tuple[LearnedBridge, float]:
    """A bridge between two such encoders, and the seconds learning it took."""
    items, captions = things(n)
    old, new = encoders(dim, drift)
    groups = [str(i) for i in range(n)]
    pairs = Pairs(old(items), new(items), groups, new(captions), groups)
    began = time.perf_counter()
    result = learn_bridge(pairs, modality=Modality.IMAGE, source="old", target="new")
    return result, time.perf_counter() - began


def batched(bridge: Bridge, rows: Vectors) -> None:
    for start in range(0, len(rows), BATCH):
        bridge.map(rows[start : start + BATCH])


def timed(bridge: Bridge, rows: Vectors, rounds: int) -> dict[str, list[float]]:
    """Seconds of each way to map the rows, in rounds that take turns, after one to warm up."""
    ways: dict[str, Callable[[], object]] = {
        "bridge, at once": lambda: bridge.map(rows),
        f"bridge, {BATCH} at a time": lambda: batched(bridge, rows),
        "bare product": lambda: rows @ bridge.matrix,
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            took[name].append(time.perf_counter() - began)
    return {name: each[1:] for name, each in took.items()}


def main() -> None:
    given = arguments()
    print(f"{'spaces':<13} {'pairs':>6} {'learned':>8}  " + "  ".join(f"{n:<20}" for n in NAMES))
    result: LearnedBridge | None = None
    for space, drift in SPACES.items():
        for n in given.pairs:
            result, seconds = learned(given.dim, n, drift)
            cells = []
            for name in NAMES:
                one = result.recall[name]
                told = f"{one.value:.3f} [{one.low:.3f}, {one.high:.3f}]" if one else "-"
                mark = "*" if name == result.bridge.kind.value else ""
                cells.append(f"{told + mark:<20}")
            print(f"{space:<13} {n:>6} {seconds:>6.1f} s  " + "  ".join(cells))
    print(f"recall@10 among the paired items, of {given.dim} numbers a row; * is chosen\n")
    if result:
        rows = unit(np.random.default_rng(2).standard_normal((given.rows, given.dim), np.float32))
        for way, each in timed(result.bridge, rows, given.rounds).items():
            print(
                f"{way:<24} {given.rows} x {given.dim}: {statistics.median(each):6.2f} s "
                f"[{min(each):.2f}, {max(each):.2f}]"
            )


if __name__ == "__main__":
    main()

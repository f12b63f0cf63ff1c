"""Rolling back and forgetting in a large home: how long until the pointer moved, until all is gone.

    python bench/rollback.py --rows 100000 --dim 512

Two generations of that many rows with an approximate index each; while the second served, some
items left and some came. The encoder is a stand-in: nothing here waits for one.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.config import Settings
from scrubjay.core.types import Champion, EncoderSpec, Item, Kind, Media, Modality, Split
from scrubjay.retrain import serving
from scrubjay.retrain.forgetting.forget import forget
from scrubjay.retrain.rollback import rollback
from scrubjay.store.home import Home
from scrubjay.store.index import Row

BATCH = 10_000


class StandIn:
    """What an encoder is to a rollback that has nothing to embed."""

    def __init__(self, version: str, dim: int) -> None:
        self.spec = EncoderSpec("none", version, dim, frozenset({Modality.IMAGE}), version)

    def encode(self, modality: Modality, batch: Sequence[Media]) -> NDArray[np.float32]:
        """Nothing is ever asked for."""
        return np.zeros((len(batch), self.spec.dim), np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--left", type=int, default=100, help="items that left meanwhile")
    options = parser.parse_args()
    with (
        mock.patch.object(serving, "load_version", partial(_stand_in, options.dim)),
        tempfile.TemporaryDirectory() as folder,
    ):
        home = Home(Settings(home=Path(folder), threads=1))
        items = [item(n) for n in range(options.rows)]
        began = time.perf_counter()
        home.catalog.upsert(items)
        for seed in range(2):
            serve(home, items, seed, options.dim)
        built_s = time.perf_counter() - began
        home.catalog.delete([one.id for one in items[: options.left]])
        began = time.perf_counter()
        done = rollback(home)
        rolled_back_s = time.perf_counter() - began
        began = time.perf_counter()
        forget(home, [items[-1].id])
        forgot_s = time.perf_counter() - began
        again = rollback(home, done.before.version)
    figures = {
        "rows": options.rows,
        "dim": options.dim,
        "built_s": built_s,
        "pointer_moved_s": done.took_s,
        "rows_removed_first": done.gone,
        "rollback_complete_s": rolled_back_s,
        "pointer_moved_again_s": again.took_s,
        "one_item_forgotten_s": forgot_s,
    }
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}, indent=2))


def _stand_in(dim: int, folder: Path, *, version: str = "", threads: int = 0) -> StandIn:
    return StandIn(version, dim)


def item(n: int) -> Item:
    return Item(
        id=f"item-{n:07d}",
        kind=Kind.IMAGE,
        uris=(f"/pictures/{n:07d}.jpg",),
        sha256=f"{n:064x}",
        group=f"group-{n}",
        split=Split.TRAIN,
        month="2026-11",
        size=100_000,
        captions=(f"picture number {n} of a large collection",),
    )


def serve(home: Home, items: Sequence[Item], seed: int, dim: int) -> None:
    def build(staging: Path) -> None:
        (staging / "export").mkdir()
        (staging / "export" / "encoder.json").write_text(str(seed))

    version = home.registry.register(build, month="2026-11", lineage={}, metrics={}, card="")
    generation = home.generations.create(version, dim=dim, attribute_types={})
    random = np.random.default_rng(seed)
    for some in batches(items):
        vectors = random.standard_normal((len(some), dim), np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        generation.add([Row(one, Modality.IMAGE, version) for one in some], vectors)
    generation.optimise()
    serving.publish(home, Champion(version, version))


def batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


if __name__ == "__main__":
    main()

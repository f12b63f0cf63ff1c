"""Seconds an upload takes, by how much is there already.

    python bench/upload.py --items 1000 100000

One picture of 640 x 480 after the other into homes whose catalog and index hold so many items,
each with a perceptual hash of its own; the fake encoder, so that what is counted is keeping,
deciding (id, content group, split) and indexing. The parts are read off the same uploads.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scrubjay.core.config import Settings
from scrubjay.core.types import Champion, Item, Kind, Media, Modality, Split
from scrubjay.media.layout import Entry
from scrubjay.models.load import load_encoder
from scrubjay.search.collect import Target
from scrubjay.search.examine import examine
from scrubjay.search.merge import Found, about
from scrubjay.search.uploaded import Upload
from scrubjay.search.uploads import take_uploads
from scrubjay.store.home import Home
from scrubjay.store.index import Row

MONTH = "2026-11"
DIM = 64
BATCH = 10_000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--items", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--uploads", type=int, default=15)
    options = parser.parse_args()
    for count in options.items:
        with tempfile.TemporaryDirectory() as made:
            measure(Path(made), count, options.uploads)


def measure(root: Path, count: int, uploads: int) -> None:
    """Fill a home, upload some pictures, print medians."""
    home = Home(Settings(home=root / "home", threads=1, builtin=False))
    target = filled(home, count)
    whole, deciding, everything = [], [], []
    for number in range(uploads + 1):
        upload = Upload(f"{number}.png", picture(number))
        began = time.perf_counter()
        taken = take_uploads(home, [upload], month=MONTH, open_target=lambda _: target)
        whole.append(1000 * (time.perf_counter() - began))
        if len(taken.taken) != 1:
            raise SystemExit(f"not taken: {taken.refused}")
        files = [Found(Entry(upload.name), examine(upload.data, home.settings.limits))]
        began = time.perf_counter()
        home.catalog.known(about(files, home.catalog.phashes()))
        deciding.append(1000 * (time.perf_counter() - began))
        began = time.perf_counter()
        home.catalog.known()
        everything.append(1000 * (time.perf_counter() - began))
    print(
        f"{count:>9,} items: an upload {statistics.median(whole[1:]):.0f} ms, of which reading "
        f"what decides about it {statistics.median(deciding[1:]):.0f} ms; reading the whole "
        f"catalog for it {statistics.median(everything[1:]):.0f} ms",
        flush=True,
    )


def filled(home: Home, count: int) -> Target:
    """A home with so many pictures, all indexed; nothing of them is on the disk."""

    def build(staging: Path) -> None:
        (staging / "export").mkdir()
        (staging / "export" / "encoder.json").write_text(json.dumps({"family": "fake"}))

    version = home.registry.register(build, month=MONTH, lineage={}, metrics={}, card="fake")
    generation = home.generations.create(version, dim=DIM, attribute_types={})
    chance = np.random.default_rng(0)
    for start in range(0, count, BATCH):
        numbers = range(start, min(count, start + BATCH))
        items = [item(number, int(chance.integers(0, 2**63))) for number in numbers]
        vectors = chance.standard_normal((len(items), DIM)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        home.catalog.upsert(items)
        generation.add([Row(one, Modality.IMAGE, version) for one in items], vectors)
    generation.optimise()
    home.registry.publish(Champion(version, version), expected=None)
    return Target(Named(version), generation)


class Named:
    """The fake encoder under a version's name."""

    def __init__(self, version: str) -> None:
        self._fake = load_encoder("fake")
        self.spec = replace(self._fake.spec, version=version)

    def encode(self, modality: Modality, batch: Sequence[Media]) -> NDArray[np.float32]:
        """As the fake does."""
        return self._fake.encode(modality, batch)


def item(number: int, phash: int) -> Item:
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    return Item(
        id=sha256[:16],
        kind=Kind.IMAGE,
        uris=(f"file:///pictures/{number}.jpg",),
        sha256=sha256,
        group=sha256,
        split=Split.TRAIN,
        month=MONTH,
        size=10_000,
        captions=(f"picture number {number}",),
        phash=phash,
        width=640,
        height=480,
    )


def picture(number: int) -> bytes:
    coarse = np.random.default_rng(number).integers(0, 256, (6, 8, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(coarse).resize((640, 480), Image.Resampling.BICUBIC).save(out, "PNG")
    return out.getvalue()


if __name__ == "__main__":
    main()

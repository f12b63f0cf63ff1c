"""A home with three pairs to swap between: two versions, and two generations of one of them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from scrubjay.core.protocols import silent
from scrubjay.core.types import Champion
from scrubjay.models.load import load_encoder
from scrubjay.retrain.serving import embed_version
from scrubjay.search.ingest import ingest
from scrubjay.services import open_encoder
from scrubjay.store.home import Home
from tests.web.conftest import ServedHome

DIM = 24


@dataclass(frozen=True)
class Pairs:
    """The shipped version, a small one, and the shipped version before half of the items."""

    home: ServedHome
    shipped: Champion
    small: Champion
    half: Champion

    @property
    def all(self) -> tuple[Champion, ...]:
        return (self.shipped, self.small, self.half)

    def publish(self, champion: Champion) -> None:
        registry = self.home.open().registry
        registry.publish(champion, expected=registry.champion())


def register_small(home: Home, *, seed: int = 3) -> str:
    """A version of few and random weights."""

    def build(folder: Path) -> None:
        made = load_encoder(
            "builtin", seed=seed, dim=DIM, width=32, heads=2, layers=1, text_width=16
        )
        (folder / "export").mkdir()
        made.save_pretrained(folder)
        made.export(folder / "export")

    return home.registry.register(build, month="2026-12", lineage={}, metrics={}, card="")


def make_pairs(served: ServedHome, folder: Path) -> Pairs:
    """Three pairs in a copy of a home; the shipped version's own serves."""
    shutil.copytree(served.path, folder)
    own = ServedHome(folder, served.version, served.folder, served.captions)
    home = own.open()
    small = embed_version(home, register_small(home), progress=silent)
    encoder = open_encoder(home, served.version)
    half = home.generations.create(
        "half",
        dim=encoder.spec.dim,
        attribute_types=home.catalog.attribute_types(),
        version=served.version,
    )
    items = list(home.catalog.items())
    ingest(items[: len(items) // 2], half, encoder, read=home.reader(), threads=1)
    return Pairs(
        own,
        shipped=Champion(served.version, served.version),
        small=small,
        half=Champion(served.version, "half"),
    )

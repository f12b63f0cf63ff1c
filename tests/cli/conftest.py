"""A home with a champion, on the fake encoder: real catalog, registry, index and media."""

from __future__ import annotations

import dataclasses
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from scrubjay.core.config import Settings
from scrubjay.core.types import SAMPLE_RATE, Champion, Kind, Split
from scrubjay.models.load import load_encoder
from scrubjay.search.ingest import ingest
from scrubjay.store.home import Home
from tests.search.conftest import Shelf


@dataclass(frozen=True)
class ChampionHome:
    """Where it is, what it serves, and the folder its media are in."""

    path: Path
    version: str
    folder: Path


class Registered:
    """The fake encoder as a registered version would answer."""

    def __init__(self, version):
        self.fake = load_encoder("fake")
        self.spec = dataclasses.replace(self.fake.spec, version=version)

    def encode(self, modality, batch):
        return self.fake.encode(modality, batch)


def tone(hertz):
    out = io.BytesIO()
    times = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    soundfile.write(out, 0.5 * np.sin(2 * np.pi * hertz * times), SAMPLE_RATE, format="WAV")
    return out.getvalue()


def collection(folder):
    folder.mkdir()
    shelf = Shelf(folder)
    for name, colour, price, split in (
        ("red", (220, 40, 40), 10, Split.TEST),
        ("green", (50, 160, 70), 20, Split.TEST),
        ("blue", (40, 80, 200), 30, Split.TRAIN),
    ):
        shelf.picture(
            f"{name}.png",
            colour,
            size=(64, 48),
            group=name,
            split=split,
            captions=(f"a {name} one",),
            attributes={"price": price},
        )
    for name, hertz, group in (("low", 150, "red"), ("high", 2400, "high")):
        shelf.put(
            f"{name}.wav", tone(hertz), Kind.SPEECH, group=group, captions=(f"a {name} tone",)
        )
    return shelf


@pytest.fixture(scope="session")
def built_home(tmp_path_factory):
    root = tmp_path_factory.mktemp("champion")
    shelf = collection(root / "media")
    home = Home(Settings(home=root / "home"))
    home.catalog.upsert(shelf.items)
    home.catalog.snapshot()

    def build(staging):
        (staging / "export").mkdir()
        (staging / "export" / "encoder.json").write_text(json.dumps({"family": "fake"}))

    version = home.registry.register(build, month="2026-11", lineage={}, metrics={}, card="fake")
    generation = home.generations.create(
        version, dim=64, attribute_types=home.catalog.attribute_types()
    )
    ingest(home.catalog.items(), generation, Registered(version), read=shelf.read, threads=1)
    home.registry.publish(Champion(version, version), expected=None)
    return ChampionHome(root / "home", version, shelf.folder)


@pytest.fixture
def champion_home(built_home, monkeypatch):
    """The fake has no graphs to export: it stands where a version's graphs would be opened."""
    monkeypatch.setattr(
        "scrubjay.models.load.load_version",
        lambda folder, *, version="", threads=0: Registered(version),
    )
    return built_home

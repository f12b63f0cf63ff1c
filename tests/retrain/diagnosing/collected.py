"""A collection small enough to foresee: colours that the fake encoder sees, tones that it hears."""

from __future__ import annotations

import dataclasses
import io
import json
from datetime import date
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

from scrubjay.core.types import SAMPLE_RATE, Champion, Kind, Split
from scrubjay.models.colours import COLOURS as PALETTE
from scrubjay.models.encoders.fake import PITCHES
from scrubjay.models.export import FORMAT
from scrubjay.models.load import load_encoder
from scrubjay.retrain.diagnosing.material import Material
from scrubjay.search.measure import evaluate_items
from scrubjay.store.home import Home
from tests.search.conftest import Shelf

COLOURS = {
    name: PALETTE[name]
    for name in (
        "red",
        "orange",
        "yellow",
        "green",
        "blue",
        "purple",
        "pink",
        "brown",
        "black",
        "white",
    )
}
SPANISH = [
    "rojo",
    "naranja",
    "amarillo",
    "verde",
    "azul",
    "morado",
    "rosa",
    "marron",
    "negro",
    "blanco",
]
PICTURES = 60
SPEAKERS = ("ana", "bo")
PARTS = ("image", "speech", "text")


class Registered:
    """The fake encoder as a registered version would answer."""

    def __init__(self, version="v1", modalities=PARTS):
        self.fake = load_encoder("fake", modalities=modalities)
        self.spec = dataclasses.replace(self.fake.spec, version=version)

    def encode(self, modality, batch):
        return self.fake.encode(modality, batch)


class Colourblind(Registered):
    """Takes every picture for a grey one."""

    def encode(self, modality, batch):
        if modality.value == "image":
            batch = [np.broadcast_to(one.mean(axis=2, keepdims=True), one.shape) for one in batch]
            batch = [one.astype(np.uint8) for one in batch]
        return super().encode(modality, batch)


def spotted(colour, at, size):
    """A picture of one colour, and a pixel that is its own."""
    out = io.BytesIO()
    image = Image.new("RGB", size, colour)
    image.putpixel((at % size[0], at // size[0]), (at * 7 % 256, at * 13 % 256, at * 29 % 256))
    image.save(out, "PNG")
    return out.getvalue()


def tone(hertz, seconds):
    out = io.BytesIO()
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    soundfile.write(out, 0.5 * np.sin(2 * np.pi * hertz * times), SAMPLE_RATE, format="WAV")
    return out.getvalue()


def collection(folder: Path, *, split=Split.TEST, pictures=True, recordings=True) -> Shelf:
    """60 pictures, a third of them captioned in Spanish, which nobody understands; 32 tones."""
    folder.mkdir(exist_ok=True)
    shelf = Shelf(folder)
    for at in range(PICTURES if pictures else 0):
        place, spanish, small = at % 10, at % 3 == 0, at % 4 < 2
        name = list(COLOURS)[place]
        said = "a car" if at % 7 < 4 else "two big dogs"
        shelf.put(
            f"{at:03}.png",
            spotted(COLOURS[name], at, (40, 30) if small else (80, 60)),
            Kind.IMAGE,
            split=split,
            width=40 if small else 80,
            height=30 if small else 60,
            captions=(f"el gato es {SPANISH[place]}" if spanish else f"{name} with {said}",),
            language="es" if spanish else "en",
            month="2026-10" if at < 30 else "2026-11",
            tags=("shop",) if at % 5 else ("shop", "sale"),
            attributes={"shelf": at % 2, "number": at, "since": date(2026, 1, 1 + at % 4)},
        )
    for at in range(32 if recordings else 0):
        name = list(PITCHES)[at % 4]
        shelf.put(
            f"{at}_{SPEAKERS[at % 2]}_{at}.wav",
            tone(PITCHES[name], 0.2 + at / 100),
            Kind.SPEECH,
            split=split,
            duration_s=0.2 + at / 100,
            group=f"tone-{at}",
            captions=(f"a {name} tone, number {at}",),
        )
    return shelf


def material(shelf, encoder=None, **fields) -> Material:
    made = encoder or Registered()
    items = tuple(shelf.items)
    return Material(
        version=made.spec.version,
        encoder=made,
        items=items,
        everything=items,
        evaluation=evaluate_items(items, made, read=shelf.read, threads=1),
        read=shelf.read,
        threads=1,
        **fields,
    )


def registered(home: Home, *names: str) -> list[str]:
    """Versions in the registry; the first is served."""
    made = []
    for name in names:

        def build(staging, name=name):
            (staging / "export").mkdir()
            (staging / "export" / "encoder.json").write_text(
                json.dumps(
                    {
                        "format": FORMAT,
                        "family": "fake",
                        "dim": 64,
                        "fingerprint": name,
                        "image_size": None,
                        "speech_window_s": None,
                        "towers": {},
                        "sha256": {},
                    }
                )
            )

        made.append(
            home.registry.register(build, month="2026-11", lineage={}, metrics={}, card=name)
        )
    home.generations.create(made[0], dim=64, attribute_types=home.catalog.attribute_types())
    home.registry.publish(Champion(made[0], made[0]), expected=None)
    return made


OPENED_BY = "scrubjay.retrain.diagnosing.material.load_version"


def opened(folder, *, version="", threads=0):
    """A version of `registered`, where its graphs would be opened."""
    name = json.loads((folder / "export" / "encoder.json").read_text())["fingerprint"]
    return Registered(version, ("image", "text") if name == "deaf" else PARTS)

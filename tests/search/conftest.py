"""Files with items that describe them, and an encoder whose answers a person can foresee."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from scrubjay.core.errors import BadMedia
from scrubjay.core.types import SAMPLE_RATE, EncoderSpec, Item, Kind, Modality, Split


def png(colour, size=(24, 20)):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def wav(seconds, level=0.5):
    out = io.BytesIO()
    samples = np.full(round(seconds * SAMPLE_RATE), level, np.float32)
    soundfile.write(out, samples, SAMPLE_RATE, format="WAV", subtype="PCM_16")
    return out.getvalue()


@dataclass
class Shelf:
    """A folder of files and the items a scan would make of them."""

    folder: Path
    items: list[Item] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)

    def put(self, name, data, kind, **fields):
        path = self.folder / name
        path.write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        given = {
            "id": digest[:16],
            "uris": (str(path),),
            "sha256": digest,
            "group": name,
            "split": Split.TEST,
            "month": "2026-11",
            "size": len(data),
        }
        item = Item(kind=kind, **{**given, **fields})
        self.items.append(item)
        return item

    def picture(self, name, colour, size=(24, 20), **fields):
        return self.put(name, png(colour, size), Kind.IMAGE, **fields)

    def recording(self, name, seconds, level=0.5, **fields):
        return self.put(name, wav(seconds, level), Kind.SPEECH, duration_s=seconds, **fields)

    def read(self, uri):
        self.reads.append(uri)
        try:
            return Path(uri).read_bytes()
        except FileNotFoundError as error:
            raise BadMedia("file is gone", uri) from error


COLOURS = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1)}


class ColourEncoder:
    """Pictures by mean colour, texts by the colour they name, sounds by level and length."""

    def __init__(self, modalities=frozenset(Modality), window_s=1.0, version="v1"):
        self.spec = EncoderSpec("colour", version, 4, frozenset(modalities), "f", None, window_s)
        self.batches = []

    def encode(self, modality, batch):
        self.batches.append((modality, len(batch)))
        rows = [self._row(modality, one) for one in batch]
        vectors = np.asarray(rows, np.float32).reshape(len(rows), 4)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def _row(self, modality, one):
        if modality is Modality.IMAGE:
            if tuple(one[0, 0]) == (1, 2, 3):
                raise BadMedia("this colour cannot be encoded")
            if tuple(one[0, 0]) == (3, 2, 1):
                return [np.nan] * 4
            return [*(one[::4, ::4].reshape(-1, 3).mean(axis=0) / 255), 0.1]
        if modality is Modality.TEXT:
            named = [rgb for name, rgb in COLOURS.items() if name in one]
            return [*np.sum(named or [(1, 1, 1)], axis=0), 0.1]
        return [abs(float(one.mean())), 0.0, len(one) / SAMPLE_RATE, 1.0]


@pytest.fixture
def shelf(tmp_path):
    folder = tmp_path / "shelf"
    folder.mkdir()
    return Shelf(folder)


@pytest.fixture
def colours():
    return ColourEncoder()


@pytest.fixture
def colour_encoder():
    return ColourEncoder

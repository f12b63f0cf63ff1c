"""A home with a fake champion that takes uploads; as a script, killed at a failpoint.

`python -m tests.search.uploading ROOT NTH`
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import soundfile
from PIL import Image

from scrubjay.core.config import Settings
from scrubjay.core.types import SAMPLE_RATE, Champion
from scrubjay.models.load import load_encoder
from scrubjay.search.collect import Target
from scrubjay.search.uploaded import Upload
from scrubjay.search.uploads import take_uploads
from scrubjay.store.home import Home
from tests.store.killing import REPOSITORY

MONTH = "2026-11"


class Registered:
    """The fake encoder as a registered version would answer."""

    def __init__(self, version):
        self.fake = load_encoder("fake")
        self.spec = dataclasses.replace(self.fake.spec, version=version)

    def encode(self, modality, batch):
        return self.fake.encode(modality, batch)


def png(seed, size=(40, 30)):
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "PNG")
    return out.getvalue()


def wav(hertz, seconds=0.5):
    out = io.BytesIO()
    times = np.arange(round(SAMPLE_RATE * seconds)) / SAMPLE_RATE
    soundfile.write(out, 0.5 * np.sin(2 * np.pi * hertz * times), SAMPLE_RATE, format="WAV")
    return out.getvalue()


def add_version(home, number):
    """Another version with an empty generation, not published."""

    def build(staging):
        (staging / "export").mkdir()
        told = {"family": "fake", "number": number}
        (staging / "export" / "encoder.json").write_text(json.dumps(told))

    version = home.registry.register(build, month=MONTH, lineage={}, metrics={}, card="fake")
    types = home.catalog.attribute_types()
    home.generations.create(version, dim=64, attribute_types=types)
    return Champion(version, version)


def open_at(root):
    return Home(Settings(home=root / "home", threads=1, builtin=False))


def make_home(root):
    home = open_at(root)
    home.registry.publish(add_version(home, 0), expected=None)
    return home


def target_of(home):
    return lambda champion: Target(
        Registered(champion.version), home.generations.open(champion.generation)
    )


def take(home, *uploads, **options):
    return take_uploads(home, uploads, month=MONTH, **{"open_target": target_of(home), **options})


PAIR = (
    Upload("a.png", png(1), captions=("a first one",), attributes={"price": 3}),
    Upload("b.wav", wav(440), tags=("tone",), language="en"),
)


def killed(root, die_at, nth=1):
    done = subprocess.run(
        [sys.executable, "-m", "tests.search.uploading", str(root), str(nth)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "KILL_AT": die_at},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode in {0, -signal.SIGKILL}, done.stderr
    return done.returncode == -signal.SIGKILL


def main(root, nth):
    from tests.store.scenarios import die_on_the

    home = open_at(root)
    home.registry.champion()
    die_on_the(nth)
    take(home, *PAIR)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

"""A model of open_clip from an owner's folder to a client's machine, by commands alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scrubjay.core.types import Modality
from scrubjay.models.load import load_trainable, load_version
from tests.models.open_clip_models import save

pytestmark = pytest.mark.slow
COLOURS = {"red": (200, 30, 30), "green": (30, 170, 60), "blue": (40, 60, 210)}


def collection(folder: Path) -> Path:
    """Discs and squares in three colours, described."""
    folder.mkdir()
    random = np.random.default_rng(2)
    descriptions = {}
    y, x = np.mgrid[:60, :80]
    for number in range(60):
        name, colour = list(COLOURS.items())[number % 3]
        disc = number % 2 == 0
        picture = random.integers(200, 256, (60, 80, 3), dtype=np.uint8)
        square = np.maximum(abs(x - 40), abs(y - 30)) < 18
        inside = (x - 40) ** 2 + (y - 30) ** 2 < 400 if disc else square
        picture[inside] = colour
        Image.fromarray(picture).save(folder / f"{number:02}.png")
        descriptions[f"{number:02}.png"] = f"{'disc' if disc else 'square'} {number} painted {name}"
    (folder / "descriptions.json").write_text(json.dumps(descriptions))
    return folder


def scrubjay(*arguments: object, home: Path) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "scrubjay", *map(str, arguments), "--json"],
        env={
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "SCRUBJAY_HOME": str(home),
            "SCRUBJAY_BUILTIN": "0",
        },
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def theirs(folder: Path, pictures: list[np.ndarray], texts: list[str]) -> tuple:
    """A client's view: open_clip and a folder, nothing of ours."""
    import open_clip
    import torch

    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    model.eval()
    shown = torch.stack([transform(Image.fromarray(one)) for one in pictures])
    read = open_clip.get_tokenizer(f"local-dir:{folder}")(texts)
    with torch.no_grad():
        return (
            model.encode_image(shown, normalize=True).numpy(),
            model.encode_text(read, normalize=True).numpy(),
        )


def test_trained_on_the_homes_pairs_registered_and_pulled_it_opens_with_open_clip(tmp_path) -> None:
    home, base = tmp_path / "home", save("vit", tmp_path / "base")
    scrubjay("add", collection(tmp_path / "pictures"), home=home)
    trained = scrubjay(
        *("train", "experiment=open_clip", f"encoder.source={base}", "logger=csv"),
        *("trainer.max_epochs=3", "datamodule.batch_size=16", "model.lr=0.002"),
        home=home,
    )
    version = trained["version"]
    assert np.isfinite(list(trained["metrics"].values())).all()
    scrubjay("models", "pull", version, tmp_path / "client", home=home)

    before = load_trainable("open_clip", source=base)
    after = load_trainable("open_clip", source=tmp_path / "client")
    assert before.spec.fingerprint != after.spec.fingerprint
    pictures = [np.asarray(Image.open(path)) for path in sorted((tmp_path / "pictures").glob("0*"))]
    texts = ["disc 3 painted red", "a blue square", "something green"]
    served = load_version(tmp_path / "client", threads=1)
    for modality, media, expected in zip(
        (Modality.IMAGE, Modality.TEXT),
        (pictures, texts),
        theirs(tmp_path / "client", pictures, texts),
        strict=True,
    ):
        assert (after.encode(modality, media) * expected).sum(axis=1).min() >= 0.9999
        assert (served.encode(modality, media) * expected).sum(axis=1).min() >= 0.999

"""The module that teaches the world: its losses fall, through the real fit."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from scrubjay.cli.compose import compose
from scrubjay.core.errors import BadConfig
from scrubjay.core.types import Modality
from scrubjay.models.load import load_version
from scrubjay.training.fit import fit
from scrubjay.training.losses import InfoNCE
from scrubjay.training.world.module import WorldModule
from tests.training.tiny import TinyEncoder
from tests.training.world.conftest import FEW, SIZES, tiny

SMALL = [
    *(f"encoder.{name}={value}".replace(" ", "") for name, value in SIZES.items()),
    f"datamodule.clips={FEW}",
    "datamodule.scenes=8",
    "datamodule.pictured=8",
    "datamodule.mosaics=4",
    "datamodule.workers=0",
    "trainer.accelerator=cpu",
]
LESSONS = ("loss", "seen", "listened", "known_image", "known_text", "known_speech")


def config(*more: str):
    return compose(["experiment=builtin", *SMALL, *more])


def figures(run: Path) -> list[dict[str, float]]:
    (path,) = run.rglob("metrics.csv")
    with path.open() as file:
        return [
            {name: float(value) for name, value in row.items() if value}
            for row in csv.DictReader(file)
        ]


def test_one_epoch_through_the_real_fit_lowers_every_loss(spoken, few, tmp_path) -> None:
    torch.set_num_threads(1)
    told: list[tuple[str, int, int | None]] = []
    fitted = fit(
        config(
            f"datamodule.folder={spoken}",
            "datamodule.batches=15",
            "trainer.max_epochs=3",
            "trainer.precision=32-true",
            "model.lr=0.004",
        ),
        run=tmp_path,
        progress=lambda *now: told.append(now),
    )
    rows = [row for row in figures(tmp_path) if "train/loss" in row]
    assert len(rows) == fitted.epochs == 3
    for lesson in LESSONS:
        assert rows[-1][f"train/{lesson}"] < 0.93 * rows[0][f"train/{lesson}"], lesson
    assert rows[-1]["train/understood"] > rows[0]["train/understood"] + 0.1
    assert ("speaking captions", FEW, FEW) in told
    assert told[-1] == ("training", 45, 45)
    vectors = fitted.objects["encoder"].encode(Modality.TEXT, ["a dog", "two red circles"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert fitted.last is not None


def test_one_batch_seen_again_and_again_is_learned_by_heart(spoken) -> None:
    from scrubjay.training.world.batches import WorldBatches

    encoder = tiny()
    torch.manual_seed(0)
    module = WorldModule(encoder, InfoNCE())
    batch = WorldBatches(
        encoder,
        spoken / "clips",
        clips=FEW,
        scenes=8,
        pictured=6,
        mosaics=2,
        texts=2,
        exchanged=0.0,
        batches=1,
        epochs=1,
        seed=0,
    )[0, 0]
    module._pull = lambda: 1.0  # as late in a run
    noted: dict[str, float] = {}
    module._note = lambda found, size: noted.update({k: float(v) for k, v in found.items()})
    module.log = lambda *args, **more: None
    optimizer = torch.optim.AdamW(module.parameters(), lr=4e-3)
    module.on_fit_start()
    first: dict[str, float] = {}
    for _ in range(60):
        optimizer.zero_grad()
        module.training_step(batch, 0).backward()
        optimizer.step()
        first = first or dict(noted)
    for lesson in ("seen", "listened", "known_image", "known_text", "known_speech"):
        assert noted[lesson] < 0.6 * first[lesson], lesson
    assert noted["loss"] < 0.5 * first["loss"]
    assert noted["understood"] > 0.9


def test_only_the_built_in_encoder_is_taught() -> None:
    with pytest.raises(BadConfig, match="encoder=builtin"):
        WorldModule(TinyEncoder(), InfoNCE())


def test_the_network_taught_is_the_encoders_own() -> None:
    encoder = tiny()
    module = WorldModule(encoder, InfoNCE())
    assert module.network is encoder.tower(Modality.TEXT).network
    assert {name.split(".")[0] for name in module.state_dict()} == {"network", "bank", "loss"}


@pytest.mark.slow
def test_train_experiment_builtin_registers_a_version_that_encodes(espeak, tmp_path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "scrubjay",
            "train",
            "experiment=builtin",
            *[one for one in SMALL if "clips" not in one and "workers" not in one],
            "datamodule.clips=2048",
            "datamodule.batches=2",
            "trainer.max_epochs=1",
            "--home",
            str(tmp_path),
        ],
        env={**os.environ, "OMP_NUM_THREADS": "1", "SCRUBJAY_BUILTIN": "0"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "speaking captions" in done.stderr
    (folder,) = [path.parent for path in tmp_path.rglob("config.json") if "runs" not in path.parts]
    encoder = load_version(folder, threads=1)
    for modality, media in (
        (Modality.TEXT, "a dog left of a cat"),
        (Modality.IMAGE, np.zeros((60, 60, 3), np.uint8)),
        (Modality.SPEECH, np.sin(np.arange(16_000) / 9).astype(np.float32)),
    ):
        (vector,) = encoder.encode(modality, [media])
        assert vector.shape == (32,)
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-4)

"""A locked picture tower: every bit kept, every picture encoded once, texts learned beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from scrubjay.cli.compose import compose
from scrubjay.core.errors import BadConfig, UnknownName
from scrubjay.core.protocols import TrainableEncoder
from scrubjay.core.types import Kind, Media, Modality, Split
from scrubjay.evaluate.retrieval import recall_at_k
from scrubjay.media.image import decode_picture
from scrubjay.models.load import load_trainable
from scrubjay.training.fit import Fitted, fit
from scrubjay.training.lit import LockedModule, LockedPairs
from scrubjay.training.losses import InfoNCE
from tests.training.collection import Collection, make, worldly
from tests.training.tiny import TinyEncoder

SIZES = {"width": 32, "layers": 2, "heads": 2, "dim": 24, "image_size": 32}
SIZES |= {"stem_channels": [8, 16], "buckets": 128, "text_width": 16}
PICTURES: list[Media] = [
    np.asarray(np.random.default_rng(1).integers(0, 256, (40, 32, 3)), np.uint8)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small built-in encoder with towers for pictures and texts."""
    at = tmp_path_factory.mktemp("base")
    load_trainable("builtin", modalities=["image", "text"], **SIZES).save_pretrained(at)
    return at


def lit(made: Collection, run: Path, folder: Path, *overrides: str, **more: Any) -> Fitted:
    config = compose(
        [
            "experiment=lit",
            "encoder=builtin_folder",
            f"encoder.source={folder}",
            "logger=none",
            "~callbacks.panel",
            "trainer.accelerator=cpu",
            "datamodule.batch_size=8",
            *overrides,
        ]
    )
    return fit(config, run=run, provided={"items": made.items, "read": made.read}, **more)


def recall(encoder: TrainableEncoder, made: Collection) -> float:
    """Captions whose own picture is among the ten nearest of all held-out ones."""
    held_out = [item for item in made.items if item.split is Split.VAL]
    pictures = encoder.encode(
        Modality.IMAGE, [decode_picture(made.read(item.uri)) for item in held_out]
    )
    texts = encoder.encode(Modality.TEXT, [item.captions[0] for item in held_out])
    places = np.arange(len(held_out))
    return recall_at_k(texts, pictures, places, places, (10,))[10]


def encoder_of(fitted: Fitted) -> TrainableEncoder:
    encoder = fitted.objects["encoder"]
    assert isinstance(encoder, TrainableEncoder)
    return encoder


def test_pictures_keep_their_vectors_to_the_bit_and_texts_learn(folder, tmp_path) -> None:
    """The built-in towers share their attention: what a picture passes through stands still."""
    made = make(16)
    before = load_trainable("builtin", source=folder)
    after = encoder_of(lit(made, tmp_path, folder, "trainer.max_epochs=2", "keep=last"))
    show = [*PICTURES, *(np.zeros((20, 30, 3), np.uint8) + at for at in (0, 90))]
    ours, theirs = (one.encode(Modality.IMAGE, show) for one in (before, after))
    assert ours.tobytes() == theirs.tobytes()
    texts = [one.encode(Modality.TEXT, ["thing3 in pattern3"]) for one in (before, after)]
    assert not np.allclose(*texts, atol=1e-3)


def test_running_statistics_stand_still(tmp_path) -> None:
    encoder = TinyEncoder(dropout=0.3)
    kept = {name: one.clone() for name, one in encoder.towers["image"].state_dict().items()}
    config = compose(["experiment=lit", "encoder.source=unused", "logger=none", "~callbacks.panel"])
    del config["encoder"]
    config["trainer"] |= {"max_epochs": 2, "accelerator": "cpu"}
    made = make(12)
    for augment in (False, True):
        config["datamodule"] |= {"augment": augment, "batch_size": 4}
        provided = {"items": made.items, "read": made.read, "encoder": encoder}
        fit(config, run=tmp_path / str(augment), provided=provided)
    assert all(
        torch.equal(one, kept[name]) for name, one in encoder.towers["image"].state_dict().items()
    )


class Counting(TinyEncoder):
    """Counts the pictures its tower is shown."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        super().__init__()
        self.seen = 0
        self.towers[Modality.IMAGE].register_forward_pre_hook(self._count, with_kwargs=True)

    def _count(self, _: object, __: object, inputs: dict[str, torch.Tensor]) -> None:
        self.seen += len(inputs["pixels"])


def loss_and_count(made: Collection, run: Path, **data: Any) -> tuple[float, int]:
    encoder = Counting()
    config = compose(["experiment=lit", "encoder.source=unused", "logger=none", "~callbacks.panel"])
    del config["encoder"]
    config["trainer"] |= {"max_epochs": 3, "accelerator": "cpu"}
    config["datamodule"] |= {"batch_size": 4, **data}
    fitted = fit(
        config, run=run, provided={"items": made.items, "read": made.read, "encoder": encoder}
    )
    return fitted.metrics["train/loss"], encoder.seen


def test_each_picture_is_encoded_once_and_teaches_the_same(tmp_path) -> None:
    made = make(16)
    pictures = sum(item.kind is Kind.IMAGE for item in made.items)
    once, few = loss_and_count(made, tmp_path / "known")
    again, many = loss_and_count(made, tmp_path / "none", vectors_mb=0)
    assert once == pytest.approx(again, abs=1e-6)
    assert few == pictures + 1  # and the probe that says what the tower uses
    assert many > 3 * 12


@pytest.mark.slow
def test_pictures_beyond_the_room_are_encoded_when_they_are_shown(tmp_path) -> None:
    made = make(16)
    whole, _ = loss_and_count(made, tmp_path / "whole")
    room = 6 * TinyEncoder().spec.dim * 4 / 2**20
    part, seen = loss_and_count(made, tmp_path / "part", vectors_mb=room)
    assert part == pytest.approx(whole, abs=1e-6)
    assert seen > 16 + 1


@pytest.mark.slow
def test_a_resumed_run_encodes_nothing_again(folder, tmp_path) -> None:
    made = make(12)
    lit(made, tmp_path, folder, "trainer.max_epochs=1", "keep=last")
    written = (tmp_path / "known" / "image.npy").stat().st_mtime_ns
    resumed = lit(made, tmp_path, folder, "trainer.max_epochs=2", "keep=last", resume=True)
    assert resumed.resumed
    assert (tmp_path / "known" / "image.npy").stat().st_mtime_ns == written


def test_an_unreadable_picture_is_told_as_ever(folder, tmp_path) -> None:
    made = make(16)
    gone = next(item for item in made.items if item.split is Split.TRAIN)
    del made.files[gone.uri]
    fitted = lit(made, tmp_path, folder, "trainer.max_epochs=1", "datamodule.tolerate=0.5")
    data = fitted.objects["datamodule"]
    assert isinstance(data, LockedPairs)
    assert set(data.problems) == {gone.uri}


def test_what_does_not_fit_together_is_refused(folder, tmp_path) -> None:
    made = make(12)
    with pytest.raises(BadConfig, match="model=lit"):
        lit(made, tmp_path / "a", folder, "model=contrastive")
    with pytest.raises(BadConfig, match=r"freeze=\[image\]"):
        lit(made, tmp_path / "b", folder, "freeze=[text]")
    with pytest.raises(UnknownName, match="tower to lock"):
        LockedModule(TinyEncoder(), InfoNCE(), freeze=["smell"])
    with pytest.raises(BadConfig, match="locks every weight"):
        LockedModule(TinyEncoder(), InfoNCE(), freeze=["image", "text", "speech"])
    with pytest.raises(BadConfig, match="vectors_mb"):
        lit(made, tmp_path / "c", folder, "datamodule.vectors_mb=-1")


def test_a_new_text_tower_knows_nothing_and_leaves_pictures_alone(folder) -> None:
    kept, new = (load_trainable("builtin", source=folder, text=one) for one in ("kept", "new"))
    again = load_trainable("builtin", source=folder, text="new", seed=1)
    text, shown = ["thing3 in pattern3"], PICTURES
    assert (kept.encode(Modality.TEXT, text) * new.encode(Modality.TEXT, text)).sum() < 1.1
    assert not np.allclose(again.encode(Modality.TEXT, text), kept.encode(Modality.TEXT, text))
    assert (
        kept.encode(Modality.IMAGE, shown).tobytes() == new.encode(Modality.IMAGE, shown).tobytes()
    )
    with pytest.raises(BadConfig, match="kept or new"):
        load_trainable("builtin", source=folder, text="old")


@pytest.mark.slow
def test_a_text_tower_from_nothing_finds_held_out_pictures(tmp_path) -> None:
    """The picture tower in the box, scenes it never saw, and a text tower that knew no word."""
    made = worldly(400, every=4)
    encoder = load_trainable("builtin", source="shipped", text="new")
    before = encoder.encode(Modality.IMAGE, PICTURES)
    at_first = recall(encoder, made)
    config = compose(
        [
            *("experiment=lit", "encoder=builtin_shipped", "encoder.text=new", "logger=none"),
            *("~callbacks.panel", "trainer.accelerator=cpu", "trainer.max_epochs=12"),
            *("datamodule.batch_size=50", "model.lr=0.002"),
        ]
    )
    fitted = fit(config, run=tmp_path, provided={"items": made.items, "read": made.read})
    after = encoder_of(fitted)
    assert after.encode(Modality.IMAGE, PICTURES).tobytes() == before.tobytes()
    found = recall(after, made)
    assert at_first < 0.2
    assert found > at_first + 0.3

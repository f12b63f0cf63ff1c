"""Who teaches, which towers the student gets, and a fit that ends in an encoder like any other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scrubjay.cli.compose import compose
from scrubjay.core.errors import BadConfig, NotReady
from scrubjay.core.protocols import TrainableEncoder
from scrubjay.core.types import Item, Media, Modality
from scrubjay.models.load import load_trainable, load_version
from scrubjay.training.distilling.student import student, teacher
from scrubjay.training.fit import Fitted, fit
from tests.training.collection import Collection, make

SIZES = {"width": 32, "layers": 1, "heads": 2, "ffn": 2, "image_size": 32}
SIZES |= {"stem_channels": [8, 16], "buckets": 128, "text_width": 16}
SMALL = [f"encoder.base.{name}={value}".replace(" ", "") for name, value in SIZES.items()]


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A teacher as a registered version's folder."""
    folder = tmp_path_factory.mktemp("teacher")
    (folder / "export").mkdir()
    made = load_trainable(
        "builtin", **SIZES | {"width": 48, "layers": 2}, dim=24, modalities=["image", "text"]
    )
    made.save_pretrained(folder)
    made.export(folder / "export")
    return folder


def small(items: Sequence[Item], taught: Path, **more: Any) -> TrainableEncoder:
    base = partial(load_trainable, "builtin", **SIZES)
    return student(base, teacher(source=str(taught)), items, **more)


def test_a_versions_folder_says_itself_what_it_is(taught, tmp_path) -> None:
    found = teacher(source=str(taught))
    assert isinstance(found, TrainableEncoder)
    assert found.spec.fingerprint == load_version(taught).spec.fingerprint
    with pytest.raises(BadConfig, match=r"teacher\.family"):
        teacher(source=str(tmp_path))


def test_a_family_that_only_encodes_teaches_by_its_graphs(taught, tmp_path) -> None:
    folder = tmp_path / "version"
    (folder / "export").mkdir(parents=True)
    for path in (taught / "export").iterdir():
        (folder / "export" / path.name).write_bytes(path.read_bytes())
    found = teacher(source=str(folder))  # the native weights are not there
    assert not isinstance(found, TrainableEncoder)
    assert found.spec.dim == 24
    with pytest.raises(BadConfig, match="cannot be borrowed"):
        student(partial(load_trainable, "builtin", **SIZES), found, make(4, captions=False).items)


def test_the_student_has_towers_for_what_there_is(taught) -> None:
    made = small(make(6).items, taught)
    assert made.spec.name == "builtin"
    assert made.spec.dim == 24
    assert made.spec.modalities == {Modality.IMAGE, Modality.TEXT}


def test_without_captions_the_text_tower_is_the_teachers_own(taught) -> None:
    for items, text in ((make(6, captions=False).items, "auto"), (make(6).items, "borrowed")):
        made = small(items, taught, text=text)
        assert made.spec.name == "joined"
        ours = made.encode(Modality.TEXT, ["a jay"])
        assert (
            ours.tobytes() == teacher(source=str(taught)).encode(Modality.TEXT, ["a jay"]).tobytes()
        )
        assert not any(one.requires_grad for one in made.tower(Modality.TEXT).parameters())
        assert any(one.requires_grad for one in made.tower(Modality.IMAGE).parameters())


def test_an_encoder_of_ones_own_may_learn_too(taught) -> None:
    base = load_trainable("builtin", **SIZES, dim=24, modalities=["image", "text"])
    items = make(6).items
    assert student(base, teacher(source=str(taught)), items) is base
    other = load_trainable("builtin", **SIZES, dim=16)
    with pytest.raises(BadConfig, match="24 numbers, the student's 16"):
        student(other, teacher(source=str(taught)), items)


def test_what_cannot_be_is_refused(taught) -> None:
    with pytest.raises(NotReady, match="nothing to learn from"):
        small([], taught)
    with pytest.raises(BadConfig, match=r"encoder\.text"):
        small(make(4).items, taught, text="none")


def distilled(made: Collection, run: Path, *overrides: str, **more: Any) -> Fitted:
    config = compose(
        [
            *("experiment=distill", "logger=none", "~callbacks.panel", "trainer.accelerator=cpu"),
            *overrides,
        ]
    )
    return fit(config, run=run, provided={"items": made.items, "read": made.read}, **more)


@pytest.mark.slow
@pytest.mark.parametrize("captions", [True, False])
def test_a_fit_agrees_more_and_is_served_like_any_other(captions, taught, tmp_path) -> None:
    made = make(20, captions=captions, val_every=4)
    chosen = (f"teacher.source={taught}", *SMALL, "datamodule.batch_size=12")
    begun = distilled(made, tmp_path / "begun", *chosen, "trainer.max_epochs=1")
    ended = distilled(made, tmp_path / "run", *chosen, "trainer.max_epochs=4")
    assert ended.best is not None
    assert ended.metrics["val/image/agreement"] > begun.metrics["val/image/agreement"]
    encoder = ended.objects["encoder"]
    assert isinstance(encoder, TrainableEncoder)
    version = tmp_path / "version"
    (version / "export").mkdir(parents=True)
    encoder.save_pretrained(version)
    encoder.export(version / "export")
    served = load_version(version)
    assert served.spec.modalities == {Modality.IMAGE, Modality.TEXT}
    again = load_trainable(served.spec.name, source=version)
    shown: list[Media] = [np.full((40, 30, 3), 90, np.uint8)]
    assert again.spec.fingerprint == encoder.spec.fingerprint == served.spec.fingerprint
    cosine = (served.encode(Modality.IMAGE, shown) * again.encode(Modality.IMAGE, shown)).sum()
    assert cosine > 0.999
    known = json.loads((tmp_path / "run" / "teacher" / "image.json").read_text())
    assert known["missing"] == []

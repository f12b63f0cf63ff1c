"""Towers of different encoders as one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scrubjay.core.errors import BadConfig, Damaged, ModelNotFound, UnsupportedModality
from scrubjay.core.types import Media, Modality
from scrubjay.models.load import load_trainable, load_version
from tests.models.pretrained_models import TEXTS, pictures

FRESH = {"width": 48, "layers": 1, "heads": 4, "image_size": 48}
SOUNDS: list[Media] = [np.sin(np.arange(9000, dtype=np.float32) / 9)]
SHOWN: dict[Modality, list[Media]] = {
    Modality.IMAGE: list(pictures()),
    Modality.TEXT: list(TEXTS),
    Modality.SPEECH: SOUNDS,
}


@pytest.fixture(scope="module")
def encoder(trainable):
    """A CLIP's picture tower; texts and sounds from one built-in encoder."""
    clip = trainable("clip")
    words = load_trainable(
        "builtin", **FRESH, dim=clip.spec.dim, modalities=["text", "speech"], buckets=64
    )
    return load_trainable("joined", image=clip, text=words, speech=words)


def test_each_tower_is_its_parts_own(encoder, trainable) -> None:
    clip = trainable("clip")
    assert encoder.spec.modalities == frozenset(Modality)
    assert encoder.spec.dim == clip.spec.dim
    assert encoder.tower(Modality.IMAGE) is clip.tower(Modality.IMAGE)
    ours = encoder.encode(Modality.IMAGE, SHOWN[Modality.IMAGE])
    assert ours.tobytes() == clip.encode(Modality.IMAGE, SHOWN[Modality.IMAGE]).tobytes()


def test_what_is_saved_is_every_part_in_its_own_format_and_comes_back(encoder, tmp_path) -> None:
    encoder.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "image" / "config.json").read_text())["model_type"] == "clip"
    assert (tmp_path / "text-speech" / "model.safetensors").is_file()
    again = load_trainable("joined", source=tmp_path)
    assert again.spec.fingerprint == encoder.spec.fingerprint
    for modality, media in SHOWN.items():
        assert again.encode(modality, media).tobytes() == encoder.encode(modality, media).tobytes()


def test_it_is_served_as_one_encoder(encoder, tmp_path) -> None:
    (tmp_path / "export").mkdir()
    encoder.export(tmp_path / "export")
    served = load_version(tmp_path, threads=1)
    assert served.spec.name == "joined"
    assert served.spec.fingerprint == encoder.spec.fingerprint
    assert served.spec.modalities == frozenset(Modality)
    for modality, media in SHOWN.items():
        cosines = (served.encode(modality, media) * encoder.encode(modality, media)).sum(1)
        assert cosines.min() > 0.999
    assert sorted(path.name for path in (tmp_path / "export").iterdir() if path.is_dir()) == []


def test_a_part_given_by_family_is_loaded(trainable) -> None:
    made = load_trainable(
        "joined",
        image=trainable("clip"),
        text={"family": "builtin", **FRESH, "dim": 24, "modalities": ["text"]},
    )
    assert made.spec.modalities == {Modality.IMAGE, Modality.TEXT}
    with pytest.raises(UnsupportedModality, match="speech"):
        made.encode(Modality.SPEECH, [])


def test_parts_that_cannot_be_joined_are_refused(trainable, tmp_path: Path) -> None:
    clip = trainable("clip")
    with pytest.raises(BadConfig, match="image 24, text 16"):
        load_trainable("joined", image=clip, text={"family": "builtin", "dim": 16})
    with pytest.raises(BadConfig, match="source=FOLDER"):
        load_trainable("joined")
    with pytest.raises(BadConfig, match="family"):
        load_trainable("joined", image={"dim": 16})
    with pytest.raises(UnsupportedModality, match="speech"):
        load_trainable("joined", image=clip, speech=clip)
    with pytest.raises(ModelNotFound, match=r"joined\.json"):
        load_trainable("joined", source=tmp_path)


@pytest.mark.parametrize("folder", ["../elsewhere", "/etc", 3])
def test_a_part_outside_the_folder_is_refused(folder, tmp_path: Path) -> None:
    part = {"folder": folder, "family": "builtin", "modalities": ["image"]}
    values = {"family": "joined", "format": 1, "parts": [part]}
    (tmp_path / "joined.json").write_text(json.dumps(values))
    with pytest.raises(Damaged, match="does not describe"):
        load_trainable("joined", source=tmp_path)

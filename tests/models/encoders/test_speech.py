"""A speech tower beside an image-text encoder: what it shares, keeps, learns and leaves alone."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch

from scrubjay.cli.compose import compose
from scrubjay.core.errors import (
    BadConfig,
    Damaged,
    ModelNotFound,
    TrainingFailed,
    UnknownName,
    UnsupportedModality,
    WrongUse,
)
from scrubjay.core.types import Modality
from scrubjay.models.load import load_trainable, load_version
from scrubjay.retrain.start import build_encoder, from_champion
from scrubjay.training.fit import fit
from tests.models.pretrained_models import TEXTS, pictures
from tests.models.speech.test_inputs import sounds
from tests.models.speech_models import SAVE_SPEECH
from tests.training.collection import make

HEARD = sounds((400, 9_000, 30_000))
SMALL = {"width": 48, "layers": 1, "heads": 4, "dim": 32, "image_size": 48}


def bits(encoder, modality):
    return encoder.encode(modality, {"image": pictures(), "text": TEXTS, "speech": HEARD}[modality])


def test_pictures_and_texts_are_the_bases_bit_for_bit(speech_tower, trainable) -> None:
    tower, base = speech_tower("hubert"), trainable("clip")
    for modality in (Modality.IMAGE, Modality.TEXT):
        assert np.array_equal(bits(tower, modality), bits(base, modality))
    assert tower.spec.dim == base.spec.dim
    assert tower.spec.image_size == base.spec.image_size
    assert tower.logit_scale_init() == base.logit_scale_init()


@pytest.mark.parametrize("kind", SAVE_SPEECH)
def test_only_the_head_can_learn(kind, speech_tower) -> None:
    tower = speech_tower(kind).tower(Modality.SPEECH)
    learning = {name for name, one in tower.named_parameters() if one.requires_grad}
    assert learning == {f"head.{name}" for name, _ in tower.head.named_parameters()}
    assert "head.layer_weights" in learning
    assert "head.query" in learning


@pytest.mark.parametrize("kind", SAVE_SPEECH)
def test_graphs_hear_what_the_modules_hear_and_see_what_the_bases_see(
    kind, speech_tower, speech_version, served
) -> None:
    exported = load_version(speech_version(kind), threads=1)
    assert exported.spec == speech_tower(kind).spec
    cosines = (bits(exported, "speech") * bits(speech_tower(kind), "speech")).sum(axis=1)
    assert cosines.min() >= 0.9995  # bfloat16 where the processor has it
    for modality in (Modality.IMAGE, Modality.TEXT):
        assert np.array_equal(bits(exported, modality), bits(served("clip"), modality))


@pytest.mark.parametrize("kind", SAVE_SPEECH)
def test_what_was_saved_is_loaded_again_and_a_month_starts_from_it(
    kind, speech_tower, speech_version
) -> None:
    folder = speech_version(kind)
    again = load_trainable("speech", source=folder)
    assert again.spec == speech_tower(kind).spec
    assert np.array_equal(bits(again, "speech"), bits(speech_tower(kind), "speech"))
    month = build_encoder(from_champion({"model": {}}, folder))
    assert month.spec.fingerprint == again.spec.fingerprint


def test_a_month_puts_the_tower_on_a_champion_without_it_and_then_goes_on_with_it(
    speech_model, version_folder, speech_version
) -> None:
    config = compose(
        [
            "experiment=speech_tower",
            "encoder.base.source=elsewhere",
            "+encoder.base.crop=[0.5,0.9]",
            f"encoder.speech='{speech_model('hubert')}'",
            "encoder.head.width=32",
        ]
    )
    node = from_champion(config, version_folder("clip"))["encoder"]
    base = node.pop("base")
    configured = {name: value for name, value in config["encoder"].items() if name != "base"}
    assert node == configured
    assert (base["family"], base["source"]) == ("transformers", str(version_folder("clip")))
    assert base["crop"] == [0.5, 0.9]
    put = build_encoder({"encoder": {**node, "base": base}})
    served = load_trainable("transformers", source=version_folder("clip"))
    assert np.array_equal(bits(put, Modality.IMAGE), bits(served, Modality.IMAGE))
    node = from_champion(config, speech_version("hubert"))["encoder"]
    assert (node["family"], node["source"]) == ("speech", str(speech_version("hubert")))
    assert "base" not in node


def test_each_part_is_saved_in_its_own_format(speech_version) -> None:
    from transformers import CLIPModel, HubertModel

    folder = speech_version("hubert")
    CLIPModel.from_pretrained(folder / "base")
    HubertModel.from_pretrained(folder / "speech")
    saved = json.loads((folder / "speech_tower.json").read_text())
    assert saved["base"] == "transformers"


def test_options_of_the_base_are_kept(pretrained, speech_model, tmp_path) -> None:
    base = {"family": "transformers", "source": pretrained("clip"), "flip": True, "crop": [1, 1]}
    load_trainable("speech", base=base, speech=speech_model("hubert")).save_pretrained(tmp_path)
    again = load_trainable("speech", source=tmp_path)
    again.save_pretrained(_empty(tmp_path / "again"))
    kept = json.loads((tmp_path / "again" / "base" / "scrubjay.json").read_text())
    assert kept["options"] == {"crop": [1.0, 1.0], "flip": True}


def test_the_fingerprint_follows_base_and_head(speech_version) -> None:
    encoder = load_trainable("speech", source=speech_version("whisper"))
    seen = {encoder.spec.fingerprint}
    with torch.no_grad():
        encoder.tower(Modality.SPEECH).head.layer_weights[0] += 1
    seen.add(encoder.spec.fingerprint)
    with torch.no_grad():
        next(encoder.tower(Modality.TEXT).parameters()).add_(1e-3)
    assert len({*seen, encoder.spec.fingerprint}) == 3


def test_a_seed_makes_the_same_head(pretrained, speech_model) -> None:
    def made(seed):
        base = {"family": "transformers", "source": pretrained("clip")}
        return load_trainable("speech", base=base, speech=speech_model("hubert"), seed=seed)

    assert made(1).spec.fingerprint == made(1).spec.fingerprint != made(2).spec.fingerprint


def recipe(folder, speech) -> dict:
    load_trainable("builtin", **SMALL).save_pretrained(_empty(folder / "base"))
    return compose(
        [
            "experiment=speech_tower",
            "encoder.base.family=builtin",
            f"encoder.base.source={folder / 'base'}",
            f"encoder.speech={speech}",
            "datamodule.batch_size=4",
            "trainer.max_epochs=1",
            "trainer.limit_train_batches=2",
            "trainer.accelerator=cpu",
            "logger=none",
        ]
    )


def test_a_frozen_builtin_base_keeps_every_bit_while_the_head_learns(
    speech_model, tmp_path
) -> None:
    """Its towers share a network, and its own speech tower gives way."""
    config = recipe(tmp_path, speech_model("whisper"))
    base = load_trainable("builtin", source=tmp_path / "base")
    before = build_encoder(config)
    made = make(12, recordings=True)
    provided = {"items": made.items, "read": made.read}
    fitted = fit(config, run=tmp_path / "run", provided=provided)
    encoder = fitted.objects["encoder"]
    for modality in (Modality.IMAGE, Modality.TEXT):
        assert np.array_equal(bits(encoder, modality), bits(base, modality))
    assert not np.array_equal(bits(encoder, "speech"), bits(before, "speech"))
    frozen, was = (one.tower(Modality.SPEECH).frozen.state_dict() for one in (encoder, before))
    assert all(torch.equal(frozen[name], was[name]) for name in was)
    assert {"train/image-speech", "train/speech-text"} < fitted.metrics.keys()
    assert "train/image-text" not in fitted.metrics


def test_a_collection_without_recordings_is_named_and_nothing_is_made_of_it(
    speech_model, tmp_path
) -> None:
    made = make(12, recordings=False)
    provided = {"items": made.items, "read": made.read}
    with pytest.raises(TrainingFailed, match="recordings"):
        fit(recipe(tmp_path, speech_model("whisper")), run=tmp_path / "run", provided=provided)


def test_what_cannot_be_put_together_is_named(pretrained, speech_model, speech_version) -> None:
    base = {"family": "transformers", "source": pretrained("clip")}
    hubert = speech_model("hubert")
    for options, error, says in (
        ({}, WrongUse, r"encoder\.base\.family"),
        ({"base": base}, WrongUse, r"encoder\.speech=DIR"),
        ({"base": {"source": "x"}, "speech": hubert}, WrongUse, r"encoder\.base\.family"),
        ({"base": {"family": "fake"}, "speech": hubert}, WrongUse, "cannot be trained"),
        ({"base": {"family": "tranformers"}, "speech": hubert}, UnknownName, "transformers"),
        ({"base": {**base, "crops": 1}, "speech": hubert}, UnknownName, "crop"),
        ({"base": base, "speech": hubert, "head": {"depth": 1}}, UnknownName, "depth"),
        ({"base": base, "speech": pretrained("clip")}, ModelNotFound, "clip"),
        ({"source": speech_version("hubert"), "speech": hubert}, BadConfig, r"encoder\.speech"),
        ({"source": pretrained("clip")}, ModelNotFound, "speech_tower.json"),
        (
            {"base": {"family": "builtin", **SMALL, "modalities": ["image"]}, "speech": hubert},
            UnsupportedModality,
            "text",
        ),
    ):
        with pytest.raises(error, match=says):
            load_trainable("speech", **options)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("head.safetensors", b"{}"),
        ("speech_tower.json", b"{"),
        ("speech_tower.json", b'{"family": "speech", "format": 2}'),
        ("speech_tower.json", b'{"family": "speech", "format": 1, "base": "transformers"}'),
        ("speech/config.json", b"["),
        ("base/scrubjay.json", b'{"family": "builtin", "options": {}}'),
    ],
)
def test_a_folder_that_was_changed_is_damaged(name, content, speech_version, tmp_path) -> None:
    folder = tmp_path / "version"
    shutil.copytree(speech_version("hubert"), folder, ignore=shutil.ignore_patterns("export"))
    (folder / name).write_bytes(content)
    with pytest.raises(Damaged, match=name.rpartition("/")[2]):
        load_trainable("speech", source=folder)


def test_a_head_of_other_sizes_is_damaged(speech_version, tmp_path) -> None:
    folder = tmp_path / "version"
    shutil.copytree(speech_version("hubert"), folder, ignore=shutil.ignore_patterns("export"))
    described = json.loads((folder / "speech_tower.json").read_text())
    for head, says in (({"width": 64, "heads": 4}, "head"), ({"width": 0}, "width")):
        (folder / "speech_tower.json").write_text(json.dumps({**described, "head": head}))
        with pytest.raises(Damaged, match=says):
            load_trainable("speech", source=folder)


@pytest.mark.parametrize("kind", SAVE_SPEECH)
def test_bfloat16_training_hears_the_same(kind, speech_tower) -> None:
    encoder = speech_tower(kind)
    inputs = encoder.preprocess(Modality.SPEECH, train=True)(HEARD)
    tensors = {name: torch.from_numpy(np.array(array)) for name, array in inputs.items()}
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        made = encoder.tower(Modality.SPEECH)(**tensors)
    unit = torch.nn.functional.normalize(made.float(), dim=-1).numpy()
    assert (unit * bits(encoder, "speech")).sum(axis=1).min() >= 0.999


def _empty(folder):
    folder.mkdir()
    return folder

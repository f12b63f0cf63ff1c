"""Our open_clip family against the library's own transform, tokenizer and model."""

from __future__ import annotations

import json
import os
import pickle
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from scrubjay.core.errors import (
    BadConfig,
    Damaged,
    MissingExtra,
    ModelNotFound,
    UnknownName,
    WrongUse,
)
from scrubjay.core.types import Modality
from scrubjay.models.bfloat16 import probes
from scrubjay.models.compiled import has_bf16
from scrubjay.models.export import join_exports
from scrubjay.models.load import load_encoder, load_trainable, load_version
from scrubjay.models.openclip.folder import describe
from scrubjay.retrain.start import build_encoder, from_champion
from tests.models.open_clip_models import KINDS, OPENAI
from tests.models.pretrained_models import TEXTS, pictures

IMAGE, TEXT = Modality.IMAGE, Modality.TEXT
CURLY = "a \u201csmall\u201d dog\u2019s ball \u2014 &quot;red&quot;, \ufb01ne"


def theirs(folder: Path | str, media: list, modality: Modality) -> np.ndarray:
    """open_clip's own vectors, from what it makes of a picture or a text by itself."""
    import open_clip

    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    model.eval()
    with torch.no_grad():
        if modality is IMAGE:
            shown = torch.stack([transform(Image.fromarray(one)) for one in media])
            return model.encode_image(shown, normalize=True).numpy()
        read = open_clip.get_tokenizer(f"local-dir:{folder}")(media)
        return model.encode_text(read, normalize=True).numpy()


def photographs() -> list[np.ndarray]:
    """Pictures of every remainder, so that the middle is between two pixels, or is not."""
    shapes = [(97, 61), (61, 97), (240, 333), (333, 251), (48, 48), (31, 200), (51, 64), (64, 53)]
    random = np.random.default_rng(8)
    coarse = [random.integers(0, 256, (6, 6, 3), dtype=np.uint8) for _ in shapes]
    return [
        np.asarray(Image.fromarray(one).resize(shape, Image.Resampling.BICUBIC))
        for one, shape in zip(coarse, shapes, strict=True)
    ]


@pytest.fixture(scope="module")
def version(open_clip, tmp_path_factory):
    """The same as a registered folder."""
    written: dict[str, Path] = {}

    def folder(kind: str) -> Path:
        if kind not in written:
            path = tmp_path_factory.mktemp(f"{kind}-version")
            (path / "export").mkdir()
            open_clip(kind).save_pretrained(path)
            open_clip(kind).export(path / "export")
            written[kind] = path
        return written[kind]

    return folder


SLOW = pytest.mark.slow
EACH = [kind if kind in ("vit", "siglip") else pytest.param(kind, marks=SLOW) for kind in KINDS]


@pytest.mark.parametrize("kind", EACH)
def test_vectors_are_the_librarys_own_trained_and_served(
    kind, open_clip_folder, open_clip, version
) -> None:
    exact = load_encoder("exported", source=version(kind) / "export", threads=1, precision="f32")
    by_default = load_version(version(kind), threads=1)
    for modality, media in ((IMAGE, photographs()), (TEXT, [*TEXTS, CURLY])):
        expected = theirs(open_clip_folder(kind), media, modality)
        assert (expected @ expected.T)[~np.eye(len(media), dtype=bool)].min() < 0.99
        for ours in (open_clip(kind), exact, by_default):
            assert (ours.encode(modality, media) * expected).sum(axis=1).min() >= 0.9999


def encoded(folder: Path, precision: str) -> np.ndarray:
    return load_encoder("exported", source=folder, threads=1, precision=precision).encode(
        TEXT, TEXTS
    )


def test_a_tower_that_bfloat16_takes_too_far_is_served_in_float32_unless_the_owner_says_otherwise(
    version, tmp_path, monkeypatch
) -> None:
    version = Path(shutil.copytree(version("vit"), tmp_path / "version"))
    export = version / "export"
    rounded, exact = encoded(export, "bf16"), encoded(export, "f32")
    native = rounded if has_bf16() else exact
    for lowest, default in ((0.9998, exact), (None, exact), (0.99996, native)):
        values = json.loads((export / "encoder.json").read_text())
        for tower in values["towers"].values():
            tower["bf16"] = {"asked": 0.9999, "lowest": lowest}
        (export / "encoder.json").write_text(json.dumps(values))
        assert encoded(export, "auto").tobytes() == default.tobytes()
        monkeypatch.setenv("SCRUBJAY_PRECISION", "bf16")
        said = load_version(version, threads=1).encode(TEXT, TEXTS)
        assert said.tobytes() == rounded.tobytes()
        monkeypatch.delenv("SCRUBJAY_PRECISION")
    monkeypatch.setenv("SCRUBJAY_PRECISION", "f16")
    with pytest.raises(WrongUse, match=r"SCRUBJAY_PRECISION.* not 'f16'"):
        load_version(version)


def test_what_is_measured_is_the_lowest_cosine_of_the_served_graphs(version) -> None:
    export = version("vit") / "export"
    towers = json.loads((export / "encoder.json").read_text())["towers"]
    rounded, exact = (
        load_encoder("exported", source=export, threads=1, precision=precision)
        for precision in ("bf16", "f32")
    )
    for modality in (IMAGE, TEXT):
        media = probes(modality)
        found = (rounded.encode(modality, media) * exact.encode(modality, media)).sum(axis=1).min()
        said = towers[modality.value]["bf16"]
        assert said["asked"] == 0.9999
        assert said["lowest"] == (pytest.approx(found, abs=3e-6) if has_bf16() else None)


def test_joined_with_another_export_a_tower_keeps_what_was_measured(version, tmp_path) -> None:
    part = Path(shutil.copytree(version("vit") / "export", tmp_path / "part"))
    before = json.loads((part / "encoder.json").read_text())["towers"]["text"]
    (tmp_path / "whole").mkdir()
    join_exports(
        tmp_path / "whole", spec=load_version(version("vit")).spec, parts={Modality.TEXT: part}
    )
    after = json.loads((tmp_path / "whole" / "encoder.json").read_text())["towers"]["text"]
    assert after == before
    assert "bf16" in after


@pytest.mark.parametrize("kind", ["vit", "siglip"])
def test_what_is_saved_opens_with_open_clip_to_the_same_vectors(
    kind, open_clip_folder, version
) -> None:
    for modality, media in ((IMAGE, pictures()), (TEXT, TEXTS)):
        before, after = (
            theirs(one, media, modality) for one in (open_clip_folder(kind), version(kind))
        )
        np.testing.assert_array_equal(before, after)
    names = {path.name for path in version(kind).iterdir()}
    assert {"open_clip_config.json", "open_clip_model.safetensors", "scrubjay.json"} <= names
    assert ("tokenizer.json" in names) == (kind == "siglip")


@pytest.fixture
def weights(open_clip_folder, tmp_path) -> Path:
    """Weights in a file that lies beside nothing that describes them."""
    from_ = open_clip_folder("vit") / "open_clip_model.safetensors"
    return Path(shutil.copy(from_, tmp_path / "mine.safetensors"))


@pytest.fixture
def listed(monkeypatch) -> str:
    """An architecture of open_clip's list, made as small as the weights."""
    from open_clip import factory

    monkeypatch.setitem(factory._MODEL_CONFIGS, "ViT-S-16", KINDS["vit"][0])
    return "ViT-S-16"


def test_an_architecture_by_its_name_takes_a_file_of_weights(
    listed, weights, open_clip, tmp_path
) -> None:
    named = load_trainable("open_clip", architecture=listed, source=weights)
    assert named.spec == open_clip("vit").spec
    (tmp_path / "saved").mkdir()
    named.save_pretrained(tmp_path / "saved")
    assert load_trainable("open_clip", source=tmp_path / "saved").spec == named.spec


def test_pictures_are_prepared_as_all_weights_published_for_an_architecture_want_them(tmp_path):
    siglip = describe("ViT-B-16-SigLIP", tmp_path).preparing
    assert (siglip["resize_mode"], siglip["mean"]) == ("squash", (0.5, 0.5, 0.5))
    clip = describe("ViT-B-32", tmp_path).preparing
    assert (clip["resize_mode"], list(clip["mean"])) == ("shortest", OPENAI["mean"])


@pytest.mark.slow
def test_a_batch_is_no_longer_than_its_longest_text_where_padding_changes_nothing(open_clip):
    read = {kind: open_clip(kind).preprocess(TEXT, train=True)(["a dog"]) for kind in KINDS}
    widths = {kind: one["input_ids"].shape[1] for kind, one in read.items()}
    assert widths == {"vit": 4, "resnet": 4, "convnext": 4, "siglip": 16, "coca": 76}


@pytest.mark.parametrize("kind", ["vit", "siglip"])
def test_gradients_are_those_of_the_librarys_own_pass(kind, open_clip_folder) -> None:
    """Also where a batch is shorter than what open_clip pads it to."""
    import open_clip

    folder, texts = open_clip_folder(kind), TEXTS[:6]
    ours = load_trainable("open_clip", source=folder)
    read = ours.preprocess(TEXT, train=True)(texts)
    ours.tower(TEXT)(**{name: torch.from_numpy(one) for name, one in read.items()}).sum().backward()
    model = open_clip.create_model(f"local-dir:{folder}").eval()
    model.encode_text(open_clip.get_tokenizer(f"local-dir:{folder}")(texts)).sum().backward()
    mine = dict(ours._model.named_parameters())
    compared = 0
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            largest = float(parameter.grad.abs().max())
            torch.testing.assert_close(
                mine[name].grad, parameter.grad, rtol=1e-4, atol=1e-5 * largest + 1e-5
            )
            compared += 1
    assert compared > 20


def test_the_scale_and_bias_a_model_was_trained_with_are_where_a_loss_begins(open_clip) -> None:
    assert open_clip("vit").logit_scale_init() == (pytest.approx(np.log(1 / 0.07)), 0.0)
    assert open_clip("siglip").logit_scale_init() == (pytest.approx(np.log(1 / 0.07)), -10.0)


def test_a_month_starts_from_a_version_and_varies_as_the_configuration_says(version) -> None:
    asked = {"_target_": "scrubjay.models.load.load_trainable", "family": "open_clip"}
    config = {"encoder": {**asked, "architecture": "ViT-L-14", "source": "x", "crop": [0.5, 0.9]}}
    begun = from_champion(config, version("vit"))
    assert begun["encoder"] == {
        **asked,
        "source": str(version("vit")),
        "crop": [0.5, 0.9],
        "flip": False,
    }
    served = load_version(version("vit"), threads=1)
    assert build_encoder(begun).spec.fingerprint == served.spec.fingerprint


def test_a_nearly_right_name_is_answered_with_the_nearest(weights) -> None:
    with pytest.raises(UnknownName, match=r"'ViT-B-33'.*did you mean.*'ViT-B-32'"):
        load_trainable("open_clip", architecture="ViT-B-33", source=weights)


def test_weights_alone_do_not_say_what_they_are_of(weights) -> None:
    with pytest.raises(ModelNotFound, match=r"encoder\.architecture=.*open_clip_config\.json"):
        load_trainable("open_clip", source=weights)


@pytest.mark.parametrize("name", ["model.pt", "open_clip_pytorch_model.bin"])
def test_a_pickle_is_refused_with_how_to_convert_it(name, tmp_path) -> None:
    (tmp_path / name).write_bytes(b"never opened")
    for source in (tmp_path, tmp_path / name):
        with pytest.raises(ModelNotFound, match=rf"{name} is no safetensors.*save_file"):
            load_trainable("open_clip", architecture="ViT-B-32", source=source)


@pytest.mark.slow
def test_the_command_that_converts_a_pickle_does(open_clip, tmp_path) -> None:
    torch.save({"state_dict": open_clip("vit")._model.state_dict()}, tmp_path / "epoch_3.pt")
    with pytest.raises(ModelNotFound) as refused:
        load_trainable("open_clip", architecture="ViT-B-32", source=tmp_path / "epoch_3.pt")
    words = shlex.split(str(refused.value).split("convert it once: ")[1])
    mend = "from scrubjay.models.torchvision_operators import mend_torchvision as m; m(); "
    done = subprocess.run(
        [sys.executable, "-c", mend + words[2]], env=os.environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (tmp_path / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": KINDS["vit"][0], "preprocess_cfg": OPENAI})
    )
    assert load_trainable("open_clip", source=tmp_path).spec == open_clip("vit").spec


def test_nothing_is_fetched(tmp_path) -> None:
    for source in ("hf-hub:laion/CLIP-ViT-B-32", "laion/CLIP-ViT-B-32", tmp_path / "nowhere"):
        with pytest.raises(ModelNotFound, match=r"there is no checkpoint.*Nothing is fetched"):
            load_trainable("open_clip", architecture="ViT-B-32", source=source)


def described(tmp_path: Path, open_clip_folder, kind: str, **changes) -> Path:
    """The kind's folder with parts of its configuration changed."""
    folder = Path(shutil.copytree(open_clip_folder(kind), tmp_path / "changed"))
    config = json.loads((folder / "open_clip_config.json").read_text())
    for dotted, value in changes.items():
        *outer, name = dotted.split("__")
        place = config
        for key in outer:
            place = place[key]
        place[name] = value
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"model_cfg__text_cfg__layers": 3}, Damaged, r"lacks 12 of its weights, .*resblocks\.2"),
        ({"model_cfg__text_cfg__layers": 1}, Damaged, "holds 12 weights it does not have"),
        ({"model_cfg__embed_dim": 12}, Damaged, "does not fit.*size mismatch for text_projection"),
        ({"model_cfg__vision_cfg": None}, Damaged, "no vision_cfg"),
        ({"model_cfg": []}, Damaged, "no model_cfg"),
        ({"model_cfg__embed_dim": "many"}, ModelNotFound, "cannot make the network"),
        ({"model_cfg__nonsense": 1}, ModelNotFound, "cannot make the network.*nonsense"),
        (
            {"model_cfg__text_cfg__hf_model_name": "roberta-base"},
            ModelNotFound,
            "roberta-base.*Choose another architecture",
        ),
        (
            {"model_cfg__vision_cfg__timm_model_name": "hf-hub:somebody/net"},
            ModelNotFound,
            "hf-hub:somebody/net.*nothing is fetched",
        ),
        (
            {"model_cfg__text_cfg__hf_tokenizer_name": "bert"},
            ModelNotFound,
            "tokenizer of bert.*put its tokenizer.json",
        ),
        ({"model_cfg__text_cfg__vocab_size": 64}, ModelNotFound, "knows 64 tokens"),
        (
            {"model_cfg__text_cfg__tokenizer_kwargs": {"reduction_mask": "syntax"}},
            ModelNotFound,
            "reduction_mask='syntax'",
        ),
        ({"model_cfg__vision_cfg__image_size": [48, 64]}, ModelNotFound, "48 x 64 pixels"),
        ({"preprocess_cfg__resize_mode": "longest"}, ModelNotFound, "resize_mode 'longest'"),
        ({"preprocess_cfg__interpolation": "magic"}, Damaged, "'magic'"),
        ({"preprocess_cfg__std": [0, 1, 1]}, Damaged, "impossible"),
    ],
)
def test_what_does_not_work_says_so_by_name(
    changes, error, says, tmp_path, open_clip_folder
) -> None:
    folder = described(tmp_path, open_clip_folder, "vit", **changes)
    with pytest.raises(error, match=says):
        load_trainable("open_clip", source=folder)


def test_a_cut_off_file_of_weights_is_damaged(tmp_path, open_clip_folder) -> None:
    folder = described(tmp_path, open_clip_folder, "vit")
    path = folder / "open_clip_model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(Damaged, match="copy it again"):
        load_trainable("open_clip", source=folder)


def test_several_files_of_weights_want_a_choice(tmp_path) -> None:
    for name in ("one.safetensors", "two.safetensors"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(ModelNotFound, match=r"encoder\.source=.*one\.safetensors"):
        load_trainable("open_clip", architecture="ViT-B-32", source=tmp_path)


@pytest.mark.parametrize("crop", [(0.0, 1.0), (0.9, 0.5), (0.5, 1.5), (0.5,)])
def test_an_impossible_crop_is_refused(crop, open_clip_folder) -> None:
    with pytest.raises(BadConfig, match=r"encoder\.crop"):
        load_trainable("open_clip", source=open_clip_folder("vit"), crop=crop)


def test_a_missing_library_names_the_command(monkeypatch, tmp_path) -> None:
    monkeypatch.setitem(sys.modules, "open_clip", None)
    with pytest.raises(MissingExtra, match=r"pip install 'scrubjay\[open_clip\]'"):
        load_trainable("open_clip", source=tmp_path)


@pytest.mark.parametrize("kind", ["vit", "siglip"])
def test_a_frozen_tower_leaves_the_other_everything_to_learn_with(kind, open_clip) -> None:
    image, text = (set(map(id, open_clip(kind).tower(one).parameters())) for one in (IMAGE, TEXT))
    assert image
    assert text
    assert not image & text


def test_loading_processes_take_the_encoder_along(open_clip) -> None:
    taken = pickle.loads(pickle.dumps(open_clip("siglip")))
    np.testing.assert_array_equal(
        taken.encode(TEXT, TEXTS), open_clip("siglip").encode(TEXT, TEXTS)
    )


@pytest.mark.parametrize("kind", ["vit", "siglip"])
def test_attending_by_plain_products_while_learning_changes_nothing_but_rounding(
    kind, open_clip_folder
) -> None:
    encoder = load_trainable("open_clip", source=open_clip_folder(kind))
    for modality, media in ((IMAGE, pictures()), (TEXT, TEXTS)):
        read = encoder.preprocess(modality, train=False)(media)
        inputs = {name: torch.from_numpy(one) for name, one in read.items()}
        tower = encoder.tower(modality)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            learning, encoding = tower.train()(**inputs), tower.eval()(**inputs)
        cosines = torch.nn.functional.cosine_similarity(learning.float(), encoding.float())
        assert cosines.min() >= 0.999

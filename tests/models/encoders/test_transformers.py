"""The transformers family against the library's own processor and model, from the same bytes."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
import torch
from PIL import Image

from scrubjay.core.errors import BadConfig, Damaged, ModelNotFound, UnsupportedModality
from scrubjay.core.types import Modality
from scrubjay.media.image import decode_picture
from scrubjay.models.load import load_trainable
from tests.models.pretrained_models import SAVE, SIDE, TEXTS, pictures, save_clip

KINDS = tuple(SAVE)


def files() -> list[bytes]:
    """PNG and JPEG bytes of pictures of odd sizes."""
    made = []
    for picture in pictures():
        for kind, options in (
            ("png", {}),
            ("jpeg", {"quality": 88}),
            ("jpeg", {"quality": 60, "subsampling": 0}),
        ):
            buffer = io.BytesIO()
            Image.fromarray(picture).save(buffer, kind, **options)
            made.append(buffer.getvalue())
    return made


def unit(vectors: torch.Tensor) -> np.ndarray:
    return torch.nn.functional.normalize(vectors, dim=-1).numpy()


def features(made) -> torch.Tensor:
    return made if isinstance(made, torch.Tensor) else made.pooler_output


def library_images(folder, data: list[bytes]) -> np.ndarray:
    from transformers import AutoModel, AutoProcessor

    model, processor = (
        AutoModel.from_pretrained(folder).eval(),
        AutoProcessor.from_pretrained(folder),
    )
    opened = [Image.open(io.BytesIO(one)).convert("RGB") for one in data]
    with torch.no_grad():
        return unit(
            features(model.get_image_features(**processor(images=opened, return_tensors="pt")))
        )


def library_texts(folder, kind: str, texts: list[str]) -> np.ndarray:
    from transformers import AutoModel, AutoProcessor

    model, processor = (
        AutoModel.from_pretrained(folder).eval(),
        AutoProcessor.from_pretrained(folder),
    )
    padding = {"padding": True} if kind == "clip" else {"padding": "max_length", "max_length": 64}
    inputs = processor(text=texts, truncation=True, return_tensors="pt", **padding)
    with torch.no_grad():
        return unit(features(model.get_text_features(**inputs)))


def test_a_new_text_tower_leaves_pictures_alone(pretrained) -> None:
    kept, new, other = (
        load_trainable("transformers", source=pretrained("clip"), text=text, seed=seed)
        for text, seed in (("kept", 0), ("new", 0), ("new", 1))
    )
    shown, said = pictures(), ["a red apple"]
    same = [one.encode(Modality.IMAGE, shown).tobytes() for one in (kept, new, other)]
    assert len(set(same)) == 1
    assert len({one.encode(Modality.TEXT, said).tobytes() for one in (kept, new, other)}) == 3
    with pytest.raises(BadConfig, match="kept or new"):
        load_trainable("transformers", source=pretrained("clip"), text="old")


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_match_the_library_from_the_same_file_bytes(kind, pretrained, trainable) -> None:
    theirs = library_images(pretrained(kind), files())
    ours = trainable(kind).encode(Modality.IMAGE, [decode_picture(one) for one in files()])
    assert (ours * theirs).sum(axis=1).min() >= 0.9999


@pytest.mark.parametrize("kind", KINDS)
def test_texts_match_the_library(kind, pretrained, trainable) -> None:
    theirs = library_texts(pretrained(kind), kind, TEXTS)
    ours = trainable(kind).encode(Modality.TEXT, TEXTS)
    assert (ours * theirs).sum(axis=1).min() >= 0.9999


@pytest.mark.parametrize("kind", KINDS)
def test_pixels_match_the_librarys_processor(kind, pretrained, trainable) -> None:
    """Its Pillow one, which models were trained with; torchvision's resizes a shade differently."""
    from transformers import AutoImageProcessor

    processor = AutoImageProcessor.from_pretrained(pretrained(kind), backend="pil")
    theirs = processor(images=[Image.fromarray(one) for one in pictures()], return_tensors="np")
    ours = trainable(kind).preprocess(Modality.IMAGE, train=False)(pictures())
    difference = np.abs(ours["pixel_values"] - theirs["pixel_values"])
    assert difference.max() <= 1.01 / 255 / 0.26, "more than one step of 256"
    assert difference.mean() < 1e-4


def test_the_librarys_processor_feeds_our_tower_to_the_same_vectors(pretrained, trainable) -> None:
    """The other way round: their preprocessing, our tower."""
    from transformers import AutoProcessor

    processor = AutoProcessor.from_pretrained(pretrained("clip"))
    inputs = processor(images=[Image.fromarray(one) for one in pictures()], return_tensors="pt")
    with torch.no_grad():
        theirs = unit(trainable("clip").tower(Modality.IMAGE)(**inputs))
    ours = trainable("clip").encode(Modality.IMAGE, pictures())
    assert (ours * theirs).sum(axis=1).min() >= 0.9999


def test_a_larger_resize_before_the_crop_matches_the_library(tmp_path) -> None:
    folder = save_clip(tmp_path / "clip", edge=SIDE + 9)
    theirs = library_images(folder, files())
    encoder = load_trainable("transformers", source=folder)
    ours = encoder.encode(Modality.IMAGE, [decode_picture(one) for one in files()])
    assert (ours * theirs).sum(axis=1).min() >= 0.9999
    assert encoder.spec.image_size == SIDE + 9


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_saved_is_the_base_models_own_format(kind, version_folder, pretrained) -> None:
    from transformers import AutoModel, AutoProcessor, CLIPModel, SiglipModel

    own_class = CLIPModel if kind == "clip" else SiglipModel
    saved, base = (
        own_class.from_pretrained(version_folder(kind)),
        AutoModel.from_pretrained(pretrained(kind)),
    )
    for name, tensor in base.state_dict().items():
        torch.testing.assert_close(saved.state_dict()[name], tensor, rtol=0, atol=0)
    np.testing.assert_array_equal(
        library_images(version_folder(kind), files()[:2]),
        library_images(pretrained(kind), files()[:2]),
    )
    AutoProcessor.from_pretrained(version_folder(kind))
    options = json.loads((version_folder(kind) / "scrubjay.json").read_text())
    assert options["family"] == "transformers"


def test_a_changed_weight_survives_the_round_trip(pretrained, tmp_path) -> None:
    from transformers import CLIPModel

    encoder = load_trainable("transformers", source=pretrained("clip"))
    before = encoder.spec.fingerprint
    tower = encoder.tower(Modality.IMAGE)
    optimiser = torch.optim.AdamW(tower.parameters(), lr=1e-2)
    inputs = encoder.preprocess(Modality.IMAGE, train=False)(pictures())
    tower(pixel_values=torch.from_numpy(inputs["pixel_values"])).square().mean().backward()
    optimiser.step()
    assert encoder.spec.fingerprint != before
    encoder.save_pretrained(tmp_path)
    loaded = CLIPModel.from_pretrained(tmp_path).eval()
    with torch.no_grad():
        theirs = unit(
            features(
                loaded.get_image_features(**{k: torch.from_numpy(v) for k, v in inputs.items()})
            )
        )
    ours = encoder.encode(Modality.IMAGE, pictures())
    assert (ours * theirs).sum(axis=1).min() >= 0.9999
    again = load_trainable("transformers", source=tmp_path)
    assert again.spec.fingerprint == encoder.spec.fingerprint
    np.testing.assert_array_equal(
        again.encode(Modality.TEXT, TEXTS), encoder.encode(Modality.TEXT, TEXTS)
    )


def test_the_temperature_is_the_models_own(trainable) -> None:
    assert trainable("clip").logit_scale_init() == pytest.approx((2.6592, 0.0))
    assert trainable("siglip").logit_scale_init() == pytest.approx((2.5, -9.5))


def test_clip_texts_are_never_padded_beyond_the_batch(trainable) -> None:
    inputs = trainable("clip").preprocess(Modality.TEXT, train=False)(["x"])
    assert inputs["input_ids"].shape[1] < 6
    inputs = trainable("siglip").preprocess(Modality.TEXT, train=False)(["x"])
    assert inputs["input_ids"].shape[1] == 64
    assert set(inputs) == {"input_ids"}


def test_training_crops_pictures_and_flips_them_only_when_told(pretrained) -> None:
    half = np.zeros((SIDE, SIDE, 3), np.uint8)
    half[:, : SIDE // 2] = 255

    def left_is_bright(**options) -> set[bool]:
        encoder = load_trainable("transformers", source=pretrained("clip"), **options)
        shown = encoder.preprocess(Modality.IMAGE, train=True)([half] * 40)["pixel_values"]
        return {bool(one[0, :, 0].mean() > one[0, :, -1].mean()) for one in shown}

    assert left_is_bright() == {True}
    assert left_is_bright(flip=True) == {True, False}
    encoder = load_trainable("transformers", source=pretrained("clip"))
    torch.manual_seed(0)
    first = encoder.preprocess(Modality.IMAGE, train=True)(pictures())["pixel_values"]
    again = encoder.preprocess(Modality.IMAGE, train=True)(pictures())["pixel_values"]
    torch.manual_seed(0)
    repeated = encoder.preprocess(Modality.IMAGE, train=True)(pictures())["pixel_values"]
    assert np.abs(first - again).max() > 0.1
    np.testing.assert_array_equal(first, repeated)
    whole = load_trainable("transformers", source=pretrained("clip"), crop=(1, 1))
    served = whole.preprocess(Modality.IMAGE, train=False)(pictures())["pixel_values"]
    np.testing.assert_array_equal(
        whole.preprocess(Modality.IMAGE, train=True)(pictures())["pixel_values"], served
    )


def test_a_crop_that_cannot_be_is_refused(pretrained) -> None:
    for crop in ((0, 1), (0.9, 0.5), (0.5, 2), (1,)):
        with pytest.raises(BadConfig, match=r"encoder\.crop"):
            load_trainable("transformers", source=pretrained("clip"), crop=crop)


def test_there_is_no_speech_tower(trainable) -> None:
    for call in (trainable("clip").tower, lambda m: trainable("clip").preprocess(m, train=True)):
        with pytest.raises(UnsupportedModality, match="speech"):
            call(Modality.SPEECH)


def copy(source, target, *, leave_out: tuple[str, ...] = ()):
    import shutil

    shutil.copytree(source, target, ignore=lambda _, names: [n for n in names if n in leave_out])
    return target


def test_lost_weights_are_refused_instead_of_drawn_at_random(pretrained, tmp_path) -> None:
    from safetensors.torch import load_file, save_file

    folder = copy(pretrained("clip"), tmp_path / "clip")
    weights = load_file(folder / "model.safetensors")
    del weights["visual_projection.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(Damaged, match=r"visual_projection\.weight"):
        load_trainable("transformers", source=folder)


def test_a_truncated_weights_file_is_refused(pretrained, tmp_path) -> None:
    folder = copy(pretrained("clip"), tmp_path / "clip")
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelNotFound, match="cannot be loaded"):
        load_trainable("transformers", source=folder)


def test_remote_code_is_never_run(pretrained, tmp_path) -> None:
    folder = copy(pretrained("clip"), tmp_path / "clip")
    marker = tmp_path / "ran"
    (folder / "evil.py").write_text(f"open({str(marker)!r}, 'w').write('x')\nclass Evil: pass\n")
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "evil",
        "auto_map": {"AutoConfig": "evil.Evil", "AutoModel": "evil.Evil"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelNotFound, match="cannot be loaded"):
        load_trainable("transformers", source=folder)
    assert not marker.exists()


def test_a_model_of_another_style_is_refused(pretrained, tmp_path) -> None:
    from transformers import CLIPTextConfig, CLIPTextModel

    folder = copy(
        pretrained("clip"), tmp_path / "text", leave_out=("config.json", "model.safetensors")
    )
    config = CLIPTextConfig(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=4,
        vocab_size=600,
    )
    CLIPTextModel(config).save_pretrained(folder)
    with pytest.raises(ModelNotFound):
        load_trainable("transformers", source=folder)


def test_a_processor_of_another_size_than_the_model_is_refused(pretrained, tmp_path) -> None:
    folder = copy(pretrained("siglip"), tmp_path / "siglip")
    path = folder / "processor_config.json"
    values = json.loads(path.read_text())
    values["image_processor"]["size"] = {"height": 64, "width": 64}
    path.write_text(json.dumps(values))
    with pytest.raises(ModelNotFound, match="64 pixels"):
        load_trainable("transformers", source=folder)


def test_nothing_is_printed_while_loading_and_saving(pretrained, tmp_path, capfd) -> None:
    (tmp_path / "export").mkdir()
    encoder = load_trainable("transformers", source=pretrained("clip"))
    encoder.save_pretrained(tmp_path)
    encoder.export(tmp_path / "export")
    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err == ""

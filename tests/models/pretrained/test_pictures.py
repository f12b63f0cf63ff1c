from __future__ import annotations

import json
from pathlib import Path

import pytest

from scrubjay.core.errors import Damaged, ModelNotFound
from scrubjay.models.image_input import ImageInput
from scrubjay.models.pretrained.pictures import read_image_input

MEAN, STD = [0.48, 0.45, 0.40], [0.26, 0.26, 0.27]
CLIP = {
    "image_processor_type": "CLIPImageProcessor",
    "size": {"shortest_edge": 224},
    "crop_size": {"height": 224, "width": 224},
    "do_center_crop": True,
    "resample": 3,
    "image_mean": MEAN,
    "image_std": STD,
}
SIGLIP = {
    "image_processor_type": "SiglipImageProcessor",
    "size": {"height": 256, "width": 256},
    "resample": 2,
    "image_mean": [0.5] * 3,
    "image_std": [0.5] * 3,
    "do_convert_rgb": None,
}


def read(folder: Path, values: object, name: str = "preprocessor_config.json") -> ImageInput:
    (folder / name).write_text(json.dumps(values))
    return read_image_input(folder)


def test_clips_settings(tmp_path) -> None:
    expected = ImageInput(224, "shortest_edge_crop", "bicubic", tuple(MEAN), tuple(STD))
    assert read(tmp_path, CLIP) == expected


def test_clips_settings_as_they_were_once_written(tmp_path) -> None:
    """openai/clip-vit-base-patch32 on the hub has plain numbers."""
    assert read(tmp_path, CLIP | {"size": 224, "crop_size": 224}) == read(tmp_path, CLIP)


def test_siglips_settings(tmp_path) -> None:
    assert read(tmp_path, SIGLIP) == ImageInput(256, "squash", "bilinear")


def test_a_larger_edge_before_the_crop(tmp_path) -> None:
    assert read(tmp_path, CLIP | {"size": {"shortest_edge": 256}}).edge == 256


def test_other_scales_are_folded_into_the_normalisation(tmp_path) -> None:
    made = read(tmp_path, SIGLIP | {"rescale_factor": 1 / 127.5, "image_mean": [1.0] * 3})
    assert made.mean == pytest.approx((0.5, 0.5, 0.5))
    assert made.std == pytest.approx((0.25, 0.25, 0.25))
    plain = read(tmp_path, SIGLIP | {"do_normalize": False})
    assert (plain.mean, plain.std) == ((0, 0, 0), (1, 1, 1))


def test_a_nested_processor_wins(tmp_path) -> None:
    read(tmp_path, CLIP)
    assert read(tmp_path, {"image_processor": SIGLIP}, "processor_config.json").size == 256


def test_a_processor_file_without_pictures_is_passed_over(tmp_path) -> None:
    read(tmp_path, CLIP)
    assert read(tmp_path, {"processor_class": "CLIPProcessor"}, "processor_config.json").size == 224


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (SIGLIP | {"max_num_patches": 256}, "NaFlex"),
        (CLIP | {"do_center_crop": False}, "without do_center_crop"),
        (CLIP | {"crop_size": {"height": 224, "width": 200}}, "200 x 224"),
        (CLIP | {"size": {"shortest_edge": 100}}, "larger than"),
        (SIGLIP | {"do_resize": False}, "do_resize"),
        (SIGLIP | {"do_pad": True}, "do_pad"),
        (SIGLIP | {"resample": 0}, "0"),
        (SIGLIP | {"image_mean": [0.5]}, "not enough values"),
        ({"image_mean": [0.5] * 3, "image_std": [0.5] * 3}, "size"),
    ],
)
def test_what_it_does_not_do_is_said(tmp_path, values: dict, message: str) -> None:
    with pytest.raises(ModelNotFound, match=message):
        read(tmp_path, values)


def test_a_missing_or_damaged_file_is_named(tmp_path) -> None:
    with pytest.raises(ModelNotFound, match=r"no preprocessor_config\.json"):
        read_image_input(tmp_path)
    with pytest.raises(Damaged, match="no JSON object"):
        read(tmp_path, [1])
    (tmp_path / "preprocessor_config.json").write_text("{")
    with pytest.raises(Damaged, match="cannot be read"):
        read_image_input(tmp_path)

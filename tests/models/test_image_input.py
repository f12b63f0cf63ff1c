from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from scrubjay.core.errors import BadMedia, Damaged
from scrubjay.models.image_input import ImageInput
from tests.models.pretrained_models import pictures, scene

FILTERS = {"bicubic": 3, "bilinear": 2, "lanczos": 1}


def resized_whole_then_cut(wanted: ImageInput, picture: np.ndarray) -> np.ndarray:
    """What CLIP's processor does, written down plainly."""
    height, width = picture.shape[:2]
    edge = wanted.edge or wanted.size
    if wanted.resize == "squash":
        new_height = new_width = wanted.size
    elif height > width:
        new_height, new_width = int(edge * height / width), edge
    else:
        new_height, new_width = edge, int(edge * width / height)
    whole = Image.fromarray(picture).resize((new_width, new_height), FILTERS[wanted.resample])
    top, left = (new_height - wanted.size) / 2, (new_width - wanted.size) / 2
    if wanted.resize == "shortest_edge_centre":  # as torchvision's CenterCrop
        top, left = round(top), round(left)
    top, left = int(top), int(left)
    return np.asarray(whole)[top : top + wanted.size, left : left + wanted.size]


@settings(max_examples=200, deadline=None)
@given(
    height=st.integers(9, 300),
    width=st.integers(9, 300),
    size=st.integers(8, 80),
    more=st.integers(0, 20),
    resize=st.sampled_from(["shortest_edge_crop", "shortest_edge_centre", "squash"]),
    resample=st.sampled_from(sorted(FILTERS)),
    seed=st.integers(0, 1000),
)
def test_only_what_is_kept_is_resized_yet_nothing_differs(
    height, width, size, more, resize, resample, seed
) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    wanted = ImageInput(size, resize=resize, resample=resample, edge=size + more)
    ours = wanted.pixels([picture])[0].astype(int)
    difference = np.abs(ours - resized_whole_then_cut(wanted, picture))
    assert difference.max() <= 2, "of 256, on pure noise"
    # Of one pixel in five it is 1; a small picture may have drawn more of them.
    assert difference.mean() < 0.2 + 2 / np.sqrt(difference.size)


def test_pixels_are_normalised_by_hand() -> None:
    picture = np.zeros((4, 4, 3), np.uint8)
    picture[:] = (0, 51, 255)
    made = ImageInput(4, mean=(0.5, 0.1, 0.0), std=(0.5, 0.2, 2.0))([picture])["pixel_values"]
    assert made.dtype == np.float32
    assert made.shape == (1, 3, 4, 4)
    np.testing.assert_allclose(made[0, :, 2, 3], [-1.0, 0.5, 0.5], atol=1e-6)


def test_bytes_are_the_same_picture_before_normalising() -> None:
    wanted = ImageInput(32)
    raw = wanted.as_bytes(pictures())["pixel_values"]
    assert raw.dtype == np.uint8
    np.testing.assert_array_equal(wanted.normalise(raw), wanted(pictures())["pixel_values"])


def test_a_middle_between_two_pixels_is_where_torchvision_cuts() -> None:
    from torchvision.transforms import CenterCrop

    for length in range(20, 40):
        picture = np.tile(np.arange(length, dtype=np.uint8)[:, None, None], (1, 20, 3))
        theirs = np.asarray(CenterCrop(20)(Image.fromarray(picture)))
        ours = ImageInput(20, resize="shortest_edge_centre").pixels([picture])[0]
        np.testing.assert_array_equal(ours, theirs)


def test_the_middle_of_a_long_picture_is_kept() -> None:
    striped = np.zeros((20, 60, 3), np.uint8)
    striped[:, 20:40] = 200
    assert (ImageInput(20).pixels([striped])[0, :, 2:-2] == 200).all()
    assert (ImageInput(20).pixels([striped.transpose(1, 0, 2).copy()])[0, 2:-2] == 200).all()
    assert ImageInput(20, resize="squash").pixels([striped])[0, 10, 0, 0] == 0


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 5000), (5000, 1), (3, 900)])
def test_a_picture_of_any_shape_costs_no_more_than_itself(height: int, width: int) -> None:
    made = ImageInput(224)([np.full((height, width, 3), 7, np.uint8)])["pixel_values"]
    assert made.shape == (1, 3, 224, 224)
    np.testing.assert_allclose(made, (7 / 255 - 0.5) / 0.5, atol=1e-5)


@pytest.mark.parametrize(
    "media",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros(16, np.float32),
        "a text",
    ],
)
def test_what_is_no_picture_is_refused(media) -> None:
    with pytest.raises(BadMedia, match="a picture is"):
        ImageInput(8)([media])


def test_no_pictures_make_an_empty_batch() -> None:
    assert ImageInput(8)([])["pixel_values"].shape == (0, 3, 8, 8)


def test_settings_survive_json() -> None:
    wanted = ImageInput(30, "squash", "lanczos", (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), 0)
    assert ImageInput.from_json(wanted.to_json()) == wanted
    assert {field.name for field in dataclasses.fields(wanted)} < set(wanted.to_json())


@pytest.mark.parametrize(
    "change",
    [
        {"size": 0},
        {"size": "x"},
        {"std": [0, 1, 1]},
        {"mean": [1]},
        {"resize": "fold"},
        {"resample": "magic"},
    ],
)
def test_settings_nobody_wrote_are_refused(change) -> None:
    with pytest.raises(Damaged):
        ImageInput.from_json(ImageInput(8).to_json() | change)


def test_a_missing_setting_is_refused() -> None:
    with pytest.raises(Damaged):
        ImageInput.from_json({"kind": "image", "size": 8})


def test_the_input_is_left_as_it_was() -> None:
    picture = scene(50, 40, np.random.default_rng(0))
    before = picture.copy()
    picture.setflags(write=False)
    ImageInput(16)([picture])
    np.testing.assert_array_equal(picture, before)

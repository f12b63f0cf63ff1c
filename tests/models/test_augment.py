from __future__ import annotations

import numpy as np

from scrubjay.models.augment import Reframed
from scrubjay.models.image_input import ImageInput
from tests.models.pretrained_models import pictures


def always(seed: int):
    return lambda: np.random.default_rng(seed)


def ramp() -> np.ndarray:
    """Columns that count, so that a crop shows where it was cut."""
    return np.repeat(np.arange(200, dtype=np.uint8)[None, :, None], 3, axis=2).repeat(200, axis=0)


def test_it_draws_only_from_the_generator_it_is_given() -> None:
    np.random.seed(0)  # noqa: NPY002 - the global state must not matter
    plain = ImageInput(32)
    first = Reframed(plain, always(1))(pictures())["pixel_values"]
    again = Reframed(plain, always(1))(pictures())["pixel_values"]
    other = Reframed(plain, always(2))(pictures())["pixel_values"]
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.05


def test_it_keeps_the_share_of_the_area_it_was_told() -> None:
    random = np.random.default_rng(0)
    made = Reframed(ImageInput(64), always(0), area=(0.5, 0.7), stretch=1.2)
    areas, ratios = [], []
    for _ in range(300):
        left, top, right, bottom = made._part((10.0, 20.0, 210.0, 120.0), random)
        assert 10 <= left < right <= 210
        assert 20 <= top < bottom <= 120
        across, down = (right - left) / 200, (bottom - top) / 100
        areas.append(across * down)
        ratios.append(across / down)
    assert 0.49 < min(areas) < 0.52
    assert 0.68 < max(areas) < 0.71
    assert min(ratios) > 1 / 1.21
    assert max(ratios) < 1.21


def test_the_whole_area_is_the_picture_served() -> None:
    plain = ImageInput(32)
    made = Reframed(plain, always(0), area=(1.0, 1.0), stretch=1.0)
    shown, served = (one(pictures())["pixel_values"] for one in (made, plain))
    assert np.abs(shown - served).max() < 3 / 255 / 0.5


def test_half_are_mirrored_when_told() -> None:
    made = Reframed(ImageInput(32), always(0), area=(0.8, 1.0), flip=True)
    rows = made([ramp()] * 200)["pixel_values"][:, 0, 16]
    mirrored = (rows[:, 0] > rows[:, -1]).mean()
    assert 0.35 < mirrored < 0.65
    assert np.abs(np.diff(rows, axis=1)).max() < 0.2, "each is still one smooth ramp"

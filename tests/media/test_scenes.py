from __future__ import annotations

import numpy as np
import pytest

from scrubjay.media.scenes import COLOURS, SHAPES, Scene, draw, every_scene


def test_every_colour_of_every_shape_is_there_once() -> None:
    assert len(set(every_scene())) == len(COLOURS) * len(SHAPES) == len(every_scene())


@pytest.mark.parametrize("scene", every_scene(), ids=lambda scene: scene.name)
def test_a_scene_shows_its_colour(scene: Scene) -> None:
    picture = draw(scene, np.random.default_rng(1)).astype(int)
    near = np.abs(picture - np.array(COLOURS[scene.colour])).max(axis=2) < 32
    assert picture.shape == (96, 96, 3)
    assert 0.01 < near.mean() < 0.95


def test_the_same_seed_draws_the_same_picture() -> None:
    scene = Scene("red", "heart")
    first, again = (draw(scene, np.random.default_rng(5)) for _ in range(2))
    assert np.array_equal(first, again)


def test_a_caption_names_colour_and_shape_in_english() -> None:
    random = np.random.default_rng(0)
    captions = {Scene("orange", "ring").caption(random) for _ in range(50)}
    assert "an orange ring" in captions
    assert all("orange" in caption and "ring" in caption for caption in captions)
    assert not any("a orange" in caption.replace("an orange", "") for caption in captions)

"""Pictures of scenes: everything is there, where the plan says, and told where it is."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.media.world.draw import MOSAIC, SIDE, Box, Drawn, cells, draw, mosaic
from scrubjay.media.world.lexicon import ABOVE, BELOW, LEFT, RIGHT
from scrubjay.media.world.scene import Sampler, Scene, Template, word_concept
from scrubjay.media.world.shapes import COLOURS
from tests.media.world.worlds import concept

seeds = st.integers(0, 2**32)
many = settings(max_examples=120, deadline=None)


def drawn(seed: int, template: Template) -> tuple[Scene, Drawn]:
    random = np.random.default_rng(seed)
    scene = Sampler().scene(random, template)
    return scene, draw(scene, random)


def outside(box: Box) -> float:
    """Pixels by which a box leaves the picture."""
    right, down = box.x + box.width / 2, box.y + box.height / 2
    return max(box.width / 2 - box.x, box.height / 2 - box.y, right - SIDE, down - SIDE)


def overlap(a: Box, b: Box) -> float:
    """Share of the smaller box that lies in the other."""
    across = min(a.x + a.width / 2, b.x + b.width / 2) - max(a.x - a.width / 2, b.x - b.width / 2)
    down = min(a.y + a.height / 2, b.y + b.height / 2) - max(a.y - a.height / 2, b.y - b.height / 2)
    return max(0, across) * max(0, down) / min(a.width * a.height, b.width * b.height)


@many
@given(seeds, st.sampled_from(Template))
def test_a_picture_has_a_box_for_each_object_and_the_sign(seed: int, template: Template) -> None:
    scene, found = drawn(seed, template)
    assert found.picture.shape == (SIDE, SIDE, 3)
    assert found.picture.dtype == np.uint8
    wanted = Counter(scene.drawn)
    if scene.word is not None:
        wanted[word_concept(scene.word)] += 1
    assert Counter(box.concept for box in found.boxes) == wanted
    if scene.count > 1:
        assert wanted[scene.concepts[0]] == scene.count


@many
@given(seeds, st.sampled_from(Template))
def test_objects_are_inside_and_hardly_on_each_other(seed: int, template: Template) -> None:
    scene, found = drawn(seed, template)
    for box in found.boxes:
        beside_a_sign = scene.word is not None and box.concept != word_concept(scene.word)
        # Beside a sign there is half the room: what does not fit is cut, never by its middle.
        assert outside(box) <= (box.height * 0.25 if beside_a_sign else 0.5)
    for a, b in combinations(found.boxes, 2):
        assert overlap(a, b) < 0.12


@many
@given(seeds)
def test_what_is_left_is_left_and_what_is_above_is_above(seed: int) -> None:
    scene, found = drawn(seed, Template.PLACE)
    first, second = found.boxes
    assert (first.concept, second.concept) == scene.concepts
    right, down = second.x - first.x, second.y - first.y
    along = {LEFT: right, RIGHT: -right, ABOVE: down, BELOW: -down}[scene.place or ""]
    across = down if scene.place in {LEFT, RIGHT} else right
    assert along > 22
    assert abs(across) < along


@many
@given(seeds, st.sampled_from(Template))
def test_the_cell_of_an_objects_middle_is_its_own(seed: int, template: Template) -> None:
    _, found = drawn(seed, template)
    grid = cells(found, 6).reshape(6, 6)
    assert set(grid.ravel().tolist()) == {box.concept for box in found.boxes} | {-1}
    for box in found.boxes:
        assert grid[int(box.y * 6 / SIDE), int(box.x * 6 / SIDE)] == box.concept


@many
@given(seeds)
def test_a_mosaic_has_nine_objects_each_in_its_third(seed: int) -> None:
    random = np.random.default_rng(seed)
    concepts = [Sampler().concept(random) for _ in range(MOSAIC * MOSAIC)]
    found = mosaic(concepts, random)
    assert found.picture.shape == (SIDE, SIDE, 3)
    assert cells(found, MOSAIC).tolist() == concepts
    grid = cells(found, 6).reshape(6, 6)
    assert all(grid[int(box.y / 16), int(box.x / 16)] == box.concept for box in found.boxes)


@pytest.mark.parametrize("colour", COLOURS)
def test_a_coloured_shape_shows_its_colour_on_any_ground(colour: str) -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        found = draw(Scene(Template.ONE, (concept(f"{colour} square"),)), random)
        (box,) = found.boxes
        x, y = round(box.x), round(box.y)
        middle = found.picture[y - 4 : y + 5, x - 4 : x + 5].astype(int)
        assert np.abs(middle - np.array(COLOURS[colour])).max() <= 16


def test_two_glyphs_on_the_same_ground_look_different() -> None:
    dog, cat = (
        draw(Scene(Template.ONE, (concept(name),)), np.random.default_rng(1)).picture
        for name in ("dog", "cat")
    )
    again = draw(Scene(Template.ONE, (concept("dog"),)), np.random.default_rng(1)).picture
    assert np.array_equal(dog, again)
    assert (dog != cat).any(axis=2).mean() > 0.05


def test_the_words_on_signs_can_be_told_apart() -> None:
    pictures = {
        draw(Scene(Template.SIGN, (), word=word), np.random.default_rng(2)).picture.tobytes()
        for word in range(60)
    }
    assert len(pictures) == 60

"""Scenes at random: what is never drawn for learning, and what a twin is."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.media.world.lexicon import LARGEST_COUNT, SIGN_WORDS
from scrubjay.media.world.scene import (
    HELD_OUT_PAIRS,
    TAUGHT,
    Sampler,
    Scene,
    Template,
    concept_count,
    exchange_colours,
    has_held_out_pair,
    held_out_pair,
    meaning,
    shape_of,
    twin,
    word_concept,
)
from scrubjay.media.world.things import newcomers, things
from tests.media.world.worlds import concept

seeds = st.integers(0, 2**32)
many = settings(max_examples=25, deadline=None)


def scenes(seed: int, n: int = 100) -> list[Scene]:
    random = np.random.default_rng(seed)
    return [Sampler().scene(random) for _ in range(n)]


@many
@given(seeds)
def test_held_out_pairs_are_never_learned_from(seed: int) -> None:
    for scene in scenes(seed):
        assert not has_held_out_pair(scene.everything)


@many
@given(seeds)
def test_nor_are_they_in_the_twins_of_what_is_learned_from(seed: int) -> None:
    random = np.random.default_rng(seed)
    for scene in scenes(seed):
        assert not has_held_out_pair(twin(scene, random).everything)


@many
@given(seeds)
def test_neither_newcomers_nor_the_held_out_template_are_learned_from(seed: int) -> None:
    random = np.random.default_rng(seed)
    learned = scenes(seed)
    learned += [twin(scene, random) for scene in learned]
    assert not {one for scene in learned for one in scene.everything} & set(newcomers())
    assert {scene.template for scene in learned} <= set(TAUGHT)
    assert Template.COUNT_AND not in TAUGHT


@many
@given(seeds)
def test_a_twin_differs_in_meaning(seed: int) -> None:
    random = np.random.default_rng(seed)
    for scene in scenes(seed):
        assert meaning(twin(scene, random)) != meaning(scene)


def test_two_shapes_alike_that_exchange_their_colours_are_no_twin() -> None:
    random = np.random.default_rng(0)
    scene = Scene(Template.SOME, (concept("red circle"), concept("blue circle")))
    for _ in range(200):
        assert set(twin(scene, random).concepts) != set(scene.concepts)


@many
@given(seeds, st.sampled_from(Template))
def test_scenes_are_what_their_template_says(seed: int, template: Template) -> None:
    random = np.random.default_rng(seed)
    for _ in range(20):
        scene = Sampler().scene(random, template)
        sizes = {"one": {1}, "count": {1}, "place": {2}, "some": {2, 3, 4}, "sign": {0, 1}}
        assert scene.template is template
        assert len(scene.concepts) in sizes.get(template, {2})
        assert len(set(scene.everything)) == len(scene.everything)
        assert (scene.place is not None) == (template is Template.PLACE)
        assert (scene.word is not None) == (template is Template.SIGN)
        assert (scene.count > 1) == (template in {Template.COUNT, Template.COUNT_AND})
        assert len(scene.drawn) <= LARGEST_COUNT
        assert all(0 <= one < word_concept(0) for one in scene.concepts)


def test_a_sampler_of_held_out_pairs_draws_nothing_else() -> None:
    random = np.random.default_rng(3)
    sampler = Sampler(held_out_pairs=True)
    for template in (Template.PLACE, Template.SOME, Template.COUNT_AND):
        for _ in range(50):
            assert has_held_out_pair(sampler.scene(random, template).everything)


def test_a_sampler_draws_only_the_things_it_is_given() -> None:
    random = np.random.default_rng(4)
    sampler = Sampler(shown=newcomers(), shapes=0.0)
    shown = {one for _ in range(300) for one in sampler.scene(random, Template.ONE).concepts}
    assert shown == set(newcomers())


def test_one_pair_in_ten_is_held_out_whichever_comes_first() -> None:
    pairs = list(combinations(range(concept_count()), 2))
    held_out = sum(held_out_pair(a, b) for a, b in pairs)
    assert held_out / len(pairs) == pytest.approx(1 / HELD_OUT_PAIRS, abs=0.01)
    assert all(held_out_pair(a, b) == held_out_pair(b, a) for a, b in pairs[:2000])


def test_concepts_are_things_then_coloured_shapes_then_words() -> None:
    assert concept_count() == len(things()) + 80 + len(SIGN_WORDS)
    shapes = [shape_of(one) for one in range(concept_count())]
    assert [one is not None for one in shapes] == [False] * 167 + [True] * 80 + [False] * 60
    assert len({one for one in shapes if one}) == 80


def test_what_is_left_of_has_the_other_right_of_it() -> None:
    dog, cat = concept("dog"), concept("cat")
    left = Scene(Template.PLACE, (dog, cat), place="left")
    right = Scene(Template.PLACE, (cat, dog), place="right")
    assert meaning(left) == meaning(right)
    assert meaning(left) != meaning(Scene(Template.PLACE, (dog, cat), place="right"))
    both = Scene(Template.SOME, (dog, cat)), Scene(Template.SOME, (cat, dog))
    assert meaning(both[0]) == meaning(both[1]) != meaning(left)
    counted = Scene(Template.COUNT_AND, (dog, cat), count=2)
    assert meaning(counted) != meaning(Scene(Template.COUNT_AND, (cat, dog), count=2))


def test_company_puts_coloured_shapes_side_by_side() -> None:
    def together(sampler: Sampler) -> float:
        random = np.random.default_rng(3)
        drawn = [sampler.scene(random, Template.PLACE).concepts for _ in range(600)]
        return sum(all(shape_of(one) for one in concepts) for concepts in drawn) / len(drawn)

    assert together(Sampler()) == pytest.approx(0.25**2, abs=0.03)
    assert together(Sampler(company=0.6)) == pytest.approx(0.25 * (0.6 + 0.4 * 0.25), abs=0.05)


def test_as_many_twins_as_asked_exchange_their_colours() -> None:
    random = np.random.default_rng(4)
    scene = Scene(Template.SOME, (concept("red circle"), concept("blue star")))
    exchanged = {concept("blue circle"), concept("red star")}

    def share(wanted: float) -> float:
        twins = [twin(scene, random, exchanged=wanted) for _ in range(400)]
        return sum(set(one.concepts) == exchanged for one in twins) / len(twins)

    by_chance = share(0.0)
    assert share(0.5) == pytest.approx(0.5 + 0.5 * by_chance, abs=0.08)
    assert share(1.0) == 1.0


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (("red circle", "blue star"), ("blue circle", "red star"), True),
        (("red circle", "blue star"), ("blue star", "red circle"), False),
        (("red circle", "blue star"), ("green circle", "blue star"), False),
        (("red circle", "blue star"), ("blue circle", "blue star"), False),
        (("red circle", "blue star", "dog"), ("red star", "blue circle", "dog"), True),
        (("red circle", "dog"), ("red circle", "cat"), False),
    ],
)
def test_an_exchange_of_colours_is_known(
    one: tuple[str, ...], other: tuple[str, ...], said: bool
) -> None:
    first, second = (Scene(Template.SOME, tuple(map(concept, names))) for names in (one, other))
    assert exchange_colours(first, second) is said
    assert exchange_colours(second, first) is said


def test_what_differs_in_more_than_colours_is_no_exchange() -> None:
    first = Scene(Template.PLACE, (concept("red circle"), concept("blue star")), place="left")
    second = Scene(Template.PLACE, (concept("blue circle"), concept("red star")), place="right")
    assert not exchange_colours(first, second)

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.media.world.captions import name_of
from scrubjay.media.world.draw import Box, Drawn, draw
from scrubjay.media.world.lexicon import PLACES, SIGN_WORDS
from scrubjay.media.world.phrasings import PHRASINGS
from scrubjay.media.world.places import is_beside, region_of
from scrubjay.media.world.questions import (
    Answer,
    Kind,
    Question,
    concept_answer,
    question,
)
from scrubjay.media.world.scene import Sampler, Scene, Template, shape_concept, shape_of
from scrubjay.media.world.shapes import COLOURS, SHAPES
from scrubjay.media.world.things import Language, familiar
from scrubjay.media.world.unanswerable import NOTHING_CAN_TELL, UNKNOWN_NOUNS

seeds = st.integers(0, 2**32 - 1)


def asked(seed: int, kind: Kind, *, held_out: bool = False) -> tuple[Scene, Drawn, Question] | None:
    random = np.random.default_rng(seed)
    scene = Sampler(shapes=0.5, company=0.5).scene(random)
    drawn = draw(scene, random)
    made = question(kind, scene, drawn, random, held_out=held_out)
    return None if made is None else (scene, drawn, made)


@lru_cache(maxsize=1)
def meanings() -> dict[str, set[int]]:
    """Every name, the longest first, and the concepts it may mean."""
    meant: dict[str, set[int]] = {}
    for thing in familiar():
        name = name_of(thing, Language.ENGLISH)
        for one in (name.noun, name.plural):
            meant.setdefault(one, set()).add(thing)
    for shape, form in enumerate(SHAPES):
        for colour, hue in enumerate(COLOURS):
            concept = shape_concept(shape, colour)
            name = name_of(concept, Language.ENGLISH)
            many = name.plural.removeprefix(f"{hue} ")
            for one in (name.noun, name.plural, form, many, f"{hue} shape", f"{hue} shapes"):
                meant.setdefault(one, set()).add(concept)
    return {one: meant[one] for one in sorted(meant, key=len, reverse=True)}


def names_in(text: str) -> Iterator[tuple[str, set[int]]]:
    """Names in a question, none twice, and the concepts each may mean."""
    padded = f" {text.replace(',', ' ').replace('?', ' ')} "
    for one, meant in meanings().items():
        at = padded.find(f" {one} ")
        if at >= 0:
            padded = padded[:at] + " # " + padded[at + len(one) + 2 :]
            yield one, meant


def in_order(text: str) -> list[set[int]]:
    found = list(names_in(text))
    return [meant for name, meant in sorted(found, key=lambda one: text.find(f" {one[0]}"))]


def says(text: str) -> set[str]:
    """The words a question asks of a sign, by every way it may have been asked."""
    ways = (one.rstrip("?") for way in PHRASINGS["says"] for one in way)
    found = (re.search(one.replace("{word}", r"(\w+)") + r"\b", text) for one in ways)
    return {one.group(1) for one in found if one} & set(SIGN_WORDS)


def unknown_in(text: str) -> bool:
    nouns = {*UNKNOWN_NOUNS.taught, *UNKNOWN_NOUNS.held_out}
    words = text.replace(",", " ").replace("?", " ").split()
    return any(word in nouns or word.removesuffix("s") in nouns for word in words)


@settings(max_examples=100, deadline=None)
@given(seeds, st.booleans())
def test_counts_are_what_a_name_fits_in_the_plan(seed: int, held_out: bool) -> None:
    made = asked(seed, Kind.COUNT, held_out=held_out)
    if made is None or unknown_in(made[2].text):
        return
    scene, _, one = made
    named = in_order(one.text)
    drawn = scene.drawn
    number = sum(concept in named[0] for concept in drawn) if named else len(drawn)
    assert one.answer == Answer("number", str(number))


@settings(max_examples=100, deadline=None)
@given(seeds, st.booleans())
def test_what_is_said_to_be_there_is(seed: int, held_out: bool) -> None:
    made = asked(seed, Kind.PRESENCE, held_out=held_out)
    if made is None or unknown_in(made[2].text):
        return
    scene, _, one = made
    written = None if scene.word is None else SIGN_WORDS[scene.word]
    words = says(one.text)
    named = in_order(one.text)
    if words:
        assert one.answer == Answer("verdict", "yes" if written in words else "no")
        return
    if not named:
        assert "sign" in one.text
        assert one.answer == Answer("verdict", "no" if written is None else "yes")
        return
    there = any(concept in named[0] for concept in scene.drawn)
    assert one.answer == Answer("verdict", "yes" if there else "no")


@settings(max_examples=100, deadline=None)
@given(seeds)
def test_a_colour_is_that_of_every_shape_of_the_name(seed: int) -> None:
    made = asked(seed, Kind.COLOUR)
    if made is None or unknown_in(made[2].text):
        return
    scene, _, one = made
    (meant,) = in_order(one.text)
    fits = [shape_of(concept) for concept in scene.drawn if concept in meant]
    if fits and None not in fits:
        (colour,) = {found[1] for found in fits if found}
        assert one.answer == Answer("colour", list(COLOURS)[colour])
    else:
        assert one.answer is None


@settings(max_examples=100, deadline=None)
@given(seeds)
def test_places_are_where_things_were_drawn(seed: int) -> None:
    made = asked(seed, Kind.WHERE)
    if made is None or unknown_in(made[2].text):
        return
    _, drawn, one = made
    (meant,) = in_order(one.text)
    boxes = [box for box in drawn.boxes if box.concept in meant]
    assert len(boxes) <= 1
    if not boxes:
        assert one.answer is None
        return
    assert one.answer is not None
    column = ("left", "", "right")[int(boxes[0].x // 32)]
    row = ("top", "", "bottom")[int(boxes[0].y // 32)]
    assert one.answer.name == (f"{row} {column}".strip() or "centre")


@settings(max_examples=100, deadline=None)
@given(seeds)
def test_relations_hold_between_the_middles(seed: int) -> None:
    made = asked(seed, Kind.RELATION)
    if made is None or unknown_in(made[2].text):
        return
    _, drawn, one = made
    named = in_order(one.text)
    if len(named) != 2 or one.answer is None:
        return
    first, second = ([box for box in drawn.boxes if box.concept in meant] for meant in named)
    assert len(first) == len(second) == 1
    (place,) = {
        place
        for place, ways in PLACES[Language.ENGLISH].items()
        if any(f" {way} " in one.text for way in ways)
    }
    holds = is_beside(first[0], second[0], place)
    assert holds is not None
    assert one.answer.name == ("yes" if holds else "no")


@settings(max_examples=100, deadline=None)
@given(seeds)
def test_a_sign_says_its_word_or_there_is_none(seed: int) -> None:
    made = asked(seed, Kind.SIGN)
    if made is not None:
        scene, _, one = made
        word = None if scene.word is None else Answer("word", SIGN_WORDS[scene.word])
        assert one.answer == word


@settings(max_examples=60, deadline=None)
@given(seeds, st.sampled_from(list(Kind)))
def test_equal_chance_asks_equal_questions(seed: int, kind: Kind) -> None:
    first, second = asked(seed, kind), asked(seed, kind)
    assert (first and first[2]) == (second and second[2])


def test_what_nobody_can_tell_has_no_answer() -> None:
    for seed in range(30):
        made = asked(seed, Kind.OUTSIDE)
        assert made is not None
        assert made[2].answer is None


def test_something_unknown_has_no_answer() -> None:
    found = 0
    for seed in range(150):
        for kind in (Kind.COUNT, Kind.PRESENCE, Kind.WHERE):
            made = asked(seed, kind)
            if made and unknown_in(made[2].text):
                found += 1
                assert made[2].answer is None, made[2]
    assert found > 10


def test_what_is_beside_something_is_named_only_when_it_is_alone_there() -> None:
    red_circle, dog, cat = shape_concept(0, 0), 0, 1
    scene = Scene(Template.SOME, (red_circle, dog, cat))
    boxes = (Box(20, 48, 20, 20, red_circle), Box(70, 48, 20, 20, dog), Box(70, 20, 20, 20, cat))
    drawn = Drawn(np.zeros((96, 96, 3), np.uint8), boxes)
    wanted = {("below", "cat"): "dog", ("left", "dog"): "red circle"}
    found: dict[tuple[str, str], set[str]] = {}
    for seed in range(400):
        made = question(Kind.BESIDE, scene, drawn, np.random.default_rng(seed))
        if made is None or made.answer is None:
            continue
        words = set(made.text.replace("?", " ").replace(",", " ").split())
        for place, noun in (*wanted, ("right", "circle")):
            if {place, noun} <= words:
                found.setdefault((place, noun), set()).add(made.answer.name)
    # Two are right of the circle: nobody could say which is meant.
    assert found == {asked: {name} for asked, name in wanted.items()}


@pytest.mark.parametrize(
    ("x", "y", "region"),
    [
        (10, 10, "top left"),
        (48, 48, "centre"),
        (90, 48, "right"),
        (48, 90, "bottom"),
        (33, 48, None),
        (48, 62, None),
    ],
)
def test_regions_are_thirds_and_their_borders_are_nobodys(x: float, y: float, region: str) -> None:
    assert region_of(Box(x, y, 10, 10, 0)) == region


@pytest.mark.parametrize(
    ("dx", "dy", "left"),
    [
        (-20, 0, True),
        (-20, 17, True),
        (-20, 25, None),
        (-20, 40, False),
        (20, 0, False),
        (-8, 0, None),
        (-3, 0, False),
    ],
)
def test_left_is_clearly_left_or_not_or_not_asked(dx: float, dy: float, left: bool) -> None:
    assert is_beside(Box(48 + dx, 48 + dy, 9, 9, 0), Box(48, 48, 9, 9, 1), "left") is left


def test_ways_to_ask_that_are_kept_are_not_taught() -> None:
    for ways in (*PHRASINGS.values(), NOTHING_CAN_TELL, UNKNOWN_NOUNS):
        assert ways.held_out
        assert not set(ways.held_out) & set(ways.taught)


def test_unknown_things_are_not_of_this_world() -> None:
    names = {name_of(one, Language.ENGLISH).noun for one in familiar()} | set(SHAPES)
    assert not names & set(UNKNOWN_NOUNS.taught + UNKNOWN_NOUNS.held_out)


def test_an_object_answers_by_its_whole_name() -> None:
    assert concept_answer(shape_concept(1, 2)) == Answer("concept", "yellow square")

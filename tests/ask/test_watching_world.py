"""A film of the built-in world, asked about with the question model in the box."""

from __future__ import annotations

import re

import numpy as np
import pytest

from scrubjay.ask.answer import Asked
from scrubjay.ask.clip import handed_over_clip
from scrubjay.ask.settings import AskSettings, Choice
from scrubjay.ask.writing import cited
from scrubjay.media.world.film import frames, plan
from scrubjay.services import open_asking
from tests.ask.clips import write_clip

SEED = 3
FPS = 8
NUMBERS = {"two": "2", "three": "3", "four": "4", "five": "5"}
OFFLINE = AskSettings(ocr=Choice("fake"), asr=Choice("fake"))
"""The question model in the box; nothing reads but itself, and nobody speaks."""


@pytest.fixture(scope="module")
def shots_and_clip(tmp_path_factory):
    """Half a minute of wide frames, each shot of another scene, the camera moving."""
    film = plan(
        *(26, np.random.default_rng(SEED)),
        fps=FPS,
        size=(256, 144),
        shot_s=(2.0, 3.5),
        slow=0,
        spoken=0,
        passing=0,
    )
    path = tmp_path_factory.mktemp("world") / "world.mkv"
    pictures = [(lambda at, one=one: one, 1 / FPS) for one in frames(film)]
    return film.shots, handed_over_clip(write_clip(path, pictures, fps=FPS))


@pytest.fixture(scope="module")
def asking():
    return open_asking(None, OFFLINE)


def asked_about(caption):
    """A question whose answer a caption says, and the answer."""
    several = re.fullmatch(r"(two|three|four|five) (.+)", caption)
    if several:
        return f"how many {several[2]} are there?", NUMBERS[several[1]]
    first = re.match(
        r"(an? (?:sign that says \w+|[\w ]+?))(?: (?:above|below|to|and)\b|,|$)", caption
    )
    return f"is there {first[1]}?", "yes"


def test_counts_things_and_signs_are_told_from_the_right_shot_with_its_times(
    shots_and_clip, asking
):
    shots, clip = shots_and_clip
    right = wrong = 0
    for shot in shots:
        question, expected = asked_about(shot.caption)
        answer = asking.watch(clip, Asked(question))
        sources = {one.number: one for one in answer.sources}
        for part in answer.text.split("; ") if answer.told else ():
            said, numbers = part.partition(" [")[0], cited(part)
            for source in map(sources.__getitem__, numbers):
                overlap = min(source.end_s, shot.end_s) - max(source.start_s, shot.start_s)
                same_shot = overlap > 0.8 * (shot.end_s - shot.start_s)
                right += same_shot and said == expected
                wrong += same_shot and said != expected
    assert len(shots) >= 9
    assert right >= 0.8 * len(shots)
    assert wrong <= 1


def test_what_is_not_in_the_film_or_the_world_is_not_told(shots_and_clip, asking):
    _, clip = shots_and_clip
    for question in ("what colour is the submarine?", "who is the president?"):
        answer = asking.watch(clip, Asked(question))
        assert not answer.told, question
        assert answer.text.startswith("I can't tell")


def test_a_colour_is_told_from_the_shot_that_has_it(shots_and_clip, asking):
    _, clip = shots_and_clip
    answer = asking.watch(clip, Asked("what colour is the cross?"))
    assert answer.text.startswith("orange [")


def test_what_moves_is_followed_by_the_model_in_the_box(tmp_path, asking):
    """One thing moves over a plain ground from left to right, another stands still."""
    from PIL import Image

    from scrubjay.media.world.glyphs import glyphs
    from scrubjay.media.world.things import Language, things

    names = [one.names[Language.ENGLISH].noun for one in things()]

    def put(picture, name, x, y):
        glyph = glyphs()[names.index(name)]
        scale = 48 / max(glyph.size)
        small = glyph.resize((round(glyph.width * scale), round(glyph.height * scale)))
        picture.paste(small, (round(x - small.width / 2), round(y - small.height / 2)), small)

    def at(seconds):
        picture = Image.new("RGB", (192, 192), (226, 232, 238))
        put(picture, "dog", 20 + 34 * seconds, 60)
        put(picture, "piano", 96, 140)
        return np.asarray(picture)

    clip = handed_over_clip(write_clip(tmp_path / "dog.mkv", [(at, 4.4)], fps=8))
    answer = asking.watch(clip, Asked("what moves?"))
    assert re.match(r"the dog moves from the \S* ?left to the \S* ?right \[1\]", answer.text)
    assert asking.watch(clip, Asked("does the piano move?")).text.startswith("no: the piano stays")
    assert not asking.watch(clip, Asked("does the submarine move?")).told

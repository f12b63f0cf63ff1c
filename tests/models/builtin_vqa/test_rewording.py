"""Whether something is placed or counted, asked as people ask who look for a picture."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.core.looking import Message, Role, Sampling
from scrubjay.media.world.captions import name_of
from scrubjay.media.world.draw import draw
from scrubjay.media.world.lexicon import OPPOSITE
from scrubjay.media.world.scene import Sampler, Template
from scrubjay.media.world.things import Language
from scrubjay.models.builtin_vqa.rewording import Reworded, reworded
from scrubjay.models.load import load_vlm

SPELLED = ("", "", "two", "three", "four", "five")
PLACES = {
    "left": "to the left of",
    "right": "to the right of",
    "above": "above",
    "below": "below",
}


@pytest.mark.parametrize(
    ("question", "instead"),
    [
        ("Is there a red star above a dog?", Reworded("is the red star above the dog?")),
        (
            "is there an owl to the left of the red ring",
            Reworded("is the owl to the left of the red ring?"),
        ),
        ("are there two frogs?", Reworded("how many frogs are there?", "2")),
        ("is there exactly 3 green rings?", Reworded("how many green rings are there?", "3")),
        ("is there a frog?", None),
        ("are there two frogs above a hat?", None),
        ("is the star above the dog?", None),
        ("how many frogs are there?", None),
    ],
)
def test_what_is_asked_instead(question: str, instead: Reworded | None) -> None:
    assert reworded(question) == instead


def asked(kind: int, random: np.random.Generator) -> tuple[np.ndarray, str, str]:
    """A picture, a question about what is placed or counted in it, and the right answer."""
    yes = bool(random.random() < 0.5)
    if kind == 0:
        scene = Sampler(held_out_pairs=True).scene(random, Template.PLACE)
        one, other = (name_of(concept, Language.ENGLISH) for concept in scene.concepts)
        place = PLACES[scene.place if yes else OPPOSITE[scene.place]]
        question = f"is there {one.one} {place} {other.one}?"
    else:
        scene = Sampler().scene(random, Template.COUNT)
        count = scene.count if yes else scene.count % 4 + 2
        question = (
            f"are there {SPELLED[count]} {name_of(scene.concepts[0], Language.ENGLISH).plural}?"
        )
    return draw(scene, random).picture, question, "yes" if yes else "no"


def test_it_is_answered_right_about_scenes_never_learned_from() -> None:
    model, random = load_vlm("builtin", threads=1), np.random.default_rng(4)
    told = right = 0
    for number in range(120):
        picture, question, answer = asked(number % 2, random)
        reply = model.reply([Message(Role.USER, (picture, question))], Sampling())
        told += reply.told
        right += reply.told and reply.text == answer
    assert told >= 108
    assert right >= 0.9 * told

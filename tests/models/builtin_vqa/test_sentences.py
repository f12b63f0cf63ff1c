from __future__ import annotations

import pytest

from scrubjay.models.builtin_vqa.lexicon import Noun, Said
from scrubjay.models.builtin_vqa.sentences import answer_text, caption_text
from scrubjay.models.builtin_vqa.sight import Object
from tests.models.builtin_vqa.small import WORDS

DOG, ICE, STOP = WORDS.things[0], WORDS.things[1], Noun("stop", "stop", "a")


def at(noun: Noun, x: float, y: float, *, sign: bool = False) -> Object:
    return Object(noun, sign, x, y, 0.2, 0.2, 1.0, 1.0)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (Said("concept", "ice cream"), "an ice cream"),
        (Said("concept", "orange cross"), "an orange cross"),
        (Said("concept", "red circle"), "a red circle"),
        (Said("region", "top left"), "at the top left"),
        (Said("region", "centre"), "in the centre"),
        (Said("number", "3"), "3"),
        (Said("word", "stop"), "stop"),
    ],
)
def test_answers_are_said_in_words(said: Said, text: str) -> None:
    assert answer_text(said, WORDS) == text


@pytest.mark.parametrize(
    ("seen", "text"),
    [
        ([at(DOG, 0.5, 0.5)], "a dog"),
        ([at(DOG, 0.2, 0.5), at(DOG, 0.5, 0.5), at(DOG, 0.8, 0.5)], "three dogs"),
        ([at(DOG, 0.8, 0.5), at(ICE, 0.2, 0.6)], "an ice cream to the left of a dog"),
        ([at(DOG, 0.5, 0.2), at(ICE, 0.4, 0.8)], "a dog above an ice cream"),
        ([at(DOG, 0.2, 0.1), at(DOG, 0.4, 0.1), at(ICE, 0.9, 0.9)], "two dogs and an ice cream"),
        ([at(STOP, 0.5, 0.1, sign=True)], "a sign that says stop"),
        (
            [at(STOP, 0.5, 0.1, sign=True), at(DOG, 0.5, 0.8)],
            "a dog and a sign that says stop",
        ),
    ],
)
def test_a_caption_names_counts_and_places(seen: list[Object], text: str) -> None:
    assert caption_text(seen) == text

"""What questions want, and what they are about."""

from __future__ import annotations

import pytest

from scrubjay.ask.question import Asks, asks, looked_for


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("how many cups are on the table?", Asks.COUNT),
        ("What is the number of dogs?", Asks.COUNT),
        ("what colour is the car?", Asks.COLOUR),
        ("Which color is it", Asks.COLOUR),
        ("what does the sign say?", Asks.TEXT),
        ("What is written on the door?", Asks.TEXT),
        ("read the label", Asks.TEXT),
        ("what was said in the recording?", Asks.SPEECH),
        ("what did she say about lemons?", Asks.SPEECH),
        ("where is the cat?", Asks.PLACE),
        ("is there a dog?", Asks.YES_NO),
        ("are the shoes red?", Asks.YES_NO),
        ("which picture shows a red cup?", Asks.WHICH),
        ("show me a bridge at night", Asks.WHICH),
        ("do I have a picture of a boat?", Asks.WHICH),
        ("who is that?", Asks.OTHER),
        ("wie viele Tassen?", Asks.OTHER),
    ],
)
def test_what_a_question_wants(text, kind):
    assert asks(text) is kind


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("how many red cups are there?", "red cups"),
        ("which picture shows a red cup?", "a red cup"),
        ("Do I have a picture of a boat?", "a boat"),
        ("show me a bridge at night", "a bridge at night"),
        ("what colour is the car in the picture?", "the car"),
        ("where is the cat?", "the cat"),
        ("is there a dog?", "a dog"),
        ("a red apple", "a red apple"),
        ("is it?", "it"),
        ("?", "?"),
        ("wie viele Tassen stehen da?", "wie viele Tassen stehen da"),
    ],
)
def test_what_a_search_looks_for(text, about):
    assert looked_for(text) == about

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.core.errors import BadMedia, WrongUse
from scrubjay.core.looking import Message, Role, Sampling
from scrubjay.models.colours import COLOURS
from scrubjay.models.load import load_vlm


def plain(colour: str) -> np.ndarray:
    return np.full((20, 30, 3), COLOURS[colour], np.uint8)


def user(*parts) -> Message:
    return Message(Role.USER, parts)


def said(*messages: Message, **sampling):
    return load_vlm("fake").reply(messages, Sampling(**sampling))


@pytest.mark.parametrize("colour", COLOURS)
def test_it_knows_the_colour_of_a_picture(colour: str) -> None:
    reply = said(user(plain(colour), "What colour is this?"))
    assert (reply.text, reply.told, reply.confidence) == (colour, True, 0.9)
    assert load_vlm("fake").caption(plain(colour), Sampling()).text == f"a {colour} picture"


def test_the_picture_shown_last_is_meant_and_all_are_counted() -> None:
    before = user(plain("red"), "Look."), Message(Role.ASSISTANT, ("ok",))
    assert said(*before, user("what color is it?")).text == "red"
    assert said(user(plain("red"), plain("blue"), "what colour is it?")).text == "blue"
    assert said(*before, user(plain("blue"), "how many pictures do you see?")).text == "2"


def test_it_repeats_the_rest_of_the_line() -> None:
    assert said(user("Answer briefly.", "repeat:  two  words\nand no more")).text == "two  words"


def test_what_it_does_not_know_it_says() -> None:
    for parts in (("who is this?",), (plain("red"), "who is this?"), ("what colour is it?",)):
        reply = said(user(*parts))
        assert (reply.text, reply.told, reply.confidence) == ("I can't tell", False, None)


def test_an_example_teaches_its_colour() -> None:
    examples = [
        user(plain("red"), "is it ripe?"),
        Message(Role.ASSISTANT, ("yes",)),
        user(plain("green"), "is it ripe?"),
        Message(Role.ASSISTANT, ("no",)),
    ]
    assert said(*examples, user(plain("green"), "is it ripe?")).text == "no"
    assert said(*examples, user(plain("red"), "is it ripe?")).text == "yes"
    assert not said(*examples, user(plain("blue"), "is it ripe?")).told


def test_sampling_is_followed() -> None:
    cut = said(user("repeat: one two three"), max_new_tokens=2)
    assert (cut.text, cut.tokens_out, cut.finished) == ("one two", 2, False)
    stopped = said(user("repeat: one two three"), stop=("three", " two"))
    assert (stopped.text, stopped.finished) == ("one", True)


def test_what_is_no_conversation_is_refused() -> None:
    for messages in (
        [],
        [user(plain("red"))],
        [user("  ")],
        [user("hello"), Message(Role.ASSISTANT, ("hi",))],
        [user("hello"), Message(Role.SYSTEM, ("be kind",)), user("hello")],
        [Message(Role.ASSISTANT, (plain("red"), "hi")), user("hello")],
    ):
        with pytest.raises(WrongUse):
            said(*messages)
    with pytest.raises(BadMedia):
        said(user(np.zeros((3, 3), np.uint8), "what colour is it?"))

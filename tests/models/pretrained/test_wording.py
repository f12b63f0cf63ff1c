from __future__ import annotations

import numpy as np

from scrubjay.core.looking import Message, Role
from scrubjay.models.pretrained.wording import wording

PICTURE = np.zeros((8, 8, 3), np.uint8)


def user(*parts) -> Message:
    return Message(Role.USER, parts)


def test_a_dialogue_keeps_every_turn_in_order() -> None:
    turns = [
        Message(Role.SYSTEM, ("Be brief.",)),
        user(PICTURE, "What is it?"),
        Message(Role.ASSISTANT, ("a cat",)),
        user("And this", PICTURE, "?"),
    ]
    made = wording("llava").text(wording("llava").turns(turns), "<image>", "</s>")
    assert made == (
        "Be brief. USER: <image>\nWhat is it? ASSISTANT: a cat</s>"
        "USER: And this\n<image>\n? ASSISTANT:"
    )


def test_paligemma_is_asked_the_last_question_about_the_last_pictures() -> None:
    own = wording("paligemma")
    turns = [user(PICTURE, PICTURE, "same?"), Message(Role.ASSISTANT, ("no",)), user("why  not?")]
    assert own.text(own.turns(turns), "<image>", "") == "<image><image>answer en why not?"
    assert own.text(own.turns([user(PICTURE, "OCR")]), "<image>", "") == "<image>OCR"
    assert not own.instructed
    assert own.needs_picture


def test_florence_is_asked_the_last_question_as_it_is() -> None:
    own = wording("florence2")
    turns = [user(PICTURE, "same?"), Message(Role.ASSISTANT, ("no",)), user("why  not?")]
    assert own.text(own.turns(turns), "<image>", "") == "why not?"
    assert own.turns(turns)[0].pictures == (PICTURE,)
    assert own.needs_picture

from __future__ import annotations

import numpy as np

from scrubjay.ask.answer import Shown
from scrubjay.ask.conversation import Talk, conversation
from scrubjay.ask.looking import handed_over
from scrubjay.ask.prompt import Prompts
from scrubjay.ask.question import Question
from scrubjay.models.pretrained.lesson import Lesson


def test_a_bare_question_is_what_a_model_was_taught_on() -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    asked = "Describe the product Kite, category toys."
    prompt = Prompts().get("bare").put(Question(asked, "en"), pictures=1)
    looked = handed_over([Shown("a.png", picture)])
    said = conversation(prompt, looked, Talk(), cite=False, shown_before=False)
    (taught,) = Lesson(picture, asked, "A kite.").messages
    (message,) = said
    assert message.role == taught.role
    assert message.text == taught.text
    assert [one is picture for one in message.pictures] == [True]

"""Examples are used as far as a model lets them, and the notes say how far."""

from __future__ import annotations

import hashlib

from PIL import Image

from scrubjay.ask.answer import Asked, Example
from scrubjay.ask.template import PLAIN, KeptExample
from scrubjay.core.looking import Reply
from tests.ask.conftest import BLUE, RED, Scripted, asking_with, picture, shown

ROUND = Asked(
    "what shape is it?",
    pictures=(shown(BLUE),),
    examples=(Example(shown(RED), "round"), Example(shown(BLUE), "boxy", wrong="round")),
)


def test_a_model_that_cannot_learn_has_its_answers_put_into_the_examples_words():
    model = Scripted(
        [Reply("circle"), Reply("square"), Reply("Square.", confidence=0.9)],
        instructed=False,
        max_pictures=1,
    )
    answer = asking_with(vlm=model).ask(ROUND)
    assert answer.text == "boxy"
    (note,) = answer.notes
    assert "cannot learn from examples: by itself it answers 0 of 2" in note
    assert "“square” is told as “boxy”" in note


def test_examples_that_contradict_each_other_change_nothing():
    model = Scripted([Reply("circle")], instructed=False, max_pictures=1)
    answer = asking_with(vlm=model).ask(ROUND)
    assert answer.text == "circle"
    assert "is told as" not in answer.notes[0]


def test_a_model_that_takes_one_picture_is_told_of_examples_in_words():
    model = Scripted([Reply("boxy")], max_pictures=1, captions=[Reply("a red disc")])
    answer = asking_with(vlm=model).ask(ROUND)
    assert answer.text == "boxy"
    asked = model.heard[0][-1].text
    assert "which shows a red disc, to the question “what shape is it?”" in asked
    assert "the right answer is: round" in asked
    assert "It would be wrong to answer: round" in asked
    assert "2 of 2 examples were told in words" in answer.notes[0]


def test_as_many_examples_are_shown_as_there_is_room():
    model = Scripted([Reply("boxy")], max_pictures=2, captions=[Reply("a red disc")])
    answer = asking_with(vlm=model).ask(ROUND)
    assert sum(len(one.pictures) for one in model.heard[0]) == 2
    assert "1 of 2 examples were told in words" in answer.notes[0]


def test_a_templates_own_examples_are_shown_while_their_pictures_are_as_they_were(tmp_path):
    path = tmp_path / "e.png"
    Image.fromarray(picture(RED)).save(path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    kept = KeptExample(str(path), sha256, "is it ripe?", "ripe")
    gone = KeptExample(str(tmp_path / "gone.png"), sha256, "is it ripe?", "ripe")
    import dataclasses

    template = dataclasses.replace(PLAIN, name="mine", examples=(kept, gone))
    model = Scripted([Reply("ripe")])
    asking = asking_with(vlm=model).with_template(template)
    asked = Asked("is it ripe?", pictures=(shown(RED),))
    answer = asking.ask(asked)
    assert [one.role.value for one in model.heard[0]] == ["system", "user", "assistant", "user"]
    assert "gone.png" in answer.notes[0]
    Image.fromarray(picture(BLUE)).save(path)
    answer = asking.ask(asked)
    assert len(model.heard[-1]) == 2
    assert any("changed" in note for note in answer.notes)

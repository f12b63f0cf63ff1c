"""A prompt is chosen by the owner's questions, and measured on some that no choice has seen."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from scrubjay.ask.labelled import read_labelled
from scrubjay.ask.optimise import Score, is_right, optimise, parted
from scrubjay.ask.prompt import Prompts
from scrubjay.core.errors import BadMedia, WrongUse
from scrubjay.core.looking import Reply, Role
from tests.ask.conftest import Scripted, asking_with, picture

COLOURS = [(200, 10, 10), (10, 200, 10), (10, 10, 200)]


@pytest.fixture
def questions(tmp_path):
    """Thirty pictures; the owner calls the red ones ripe."""
    lines = []
    for n in range(30):
        made = picture(COLOURS[n % 3], size=(20, 20 + n))
        Image.fromarray(made).save(tmp_path / f"{n}.png")
        answer = "ripe" if n % 3 == 0 else "unripe"
        lines.append({"image": f"{n}.png", "question": "what is it?", "answer": answer})
    path = tmp_path / "questions.jsonl"
    path.write_text("".join(json.dumps(line) + "\n\n" for line in lines))
    return path


class Picky(Scripted):
    """It answers right when a line is in the prompt, or when it was shown an example of both."""

    def __init__(self, line=None):
        super().__init__([])
        self.line = line

    def reply(self, messages, sampling):
        self.heard.append(tuple(messages))
        red = messages[-1].pictures[-1][5, 5, 0] > 100
        shown = {one.text for one in messages if one.role is Role.ASSISTANT}
        knows = (self.line or "nothing") in messages[-1].text or {"ripe", "unripe"} <= shown
        right = "ripe" if red else "unripe"
        return Reply(right if knows else "a coloured square", confidence=0.9)


def search(questions, model, **options):
    asking = asking_with(vlm=model)

    def ask(template, asked):
        answer = asking.with_template(template).ask(asked)
        return answer.text if answer.told else ""

    return optimise(read_labelled(questions), ask=ask, prompts=Prompts(), name="mine", **options)


def test_the_line_that_helps_is_found_and_measured_on_what_was_held_out(questions):
    found = search(questions, Picky("Answer in one short sentence."))
    assert found.best.share == 1.0
    assert found.plain.share == 0.0
    assert found.shown_better
    assert found.template.name == "mine"
    assert any(rule.add == "Answer in one short sentence." for rule in found.template.rules)
    assert found.template.examples == (), "of equals the simpler one"


def test_examples_that_help_are_found_and_belong_to_the_template(questions):
    found = search(questions, Picky())
    assert found.best.share == 1.0
    answers = {one.answer for one in found.template.examples}
    assert answers == {"ripe", "unripe"}
    (held_out,) = [parted(read_labelled(questions), 0)[2]]
    hers = {one.sha256 for one in held_out}
    assert not hers & {one.sha256 for one in found.template.examples}


def test_where_nothing_helps_it_is_not_claimed(questions):
    found = search(questions, Scripted([Reply("I can't tell")]))
    assert not found.shown_better
    assert found.chance == 1.0
    assert found.to_json()["best"]["accuracy"] == 0.0


def test_equal_seeds_choose_equally(questions):
    first, again = (search(questions, Picky(), seed=4) for _ in range(2))
    assert first.template == again.template
    assert first.tried == again.tried


def test_no_picture_is_in_two_parts(questions):
    parts = parted(read_labelled(questions), 3)
    seen = [{one.sha256 for one in part} for part in parts]
    assert all(seen)
    assert not seen[0] & seen[1]
    assert not seen[1] & seen[2]
    assert not seen[0] & seen[2]
    assert sum(map(len, parts)) == 30


def test_an_interval_is_wilsons():
    low, high = Score((True,) * 8 + (False,) * 2).interval
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)
    assert Score(()).interval == (0.0, 1.0)


@pytest.mark.parametrize(
    ("said", "answers", "right"),
    [
        ("Red.", ["red"], True),
        ("The cup is red [1]", ["red"], True),
        ("it is not red", ["red"], False),
        ("three", ["3"], True),
        ("13", ["3"], False),
        ("Yes, it is", ["yes"], True),
        ("no", ["yes"], False),
        ("there is yes", ["yes"], False),
        ("a red cup", ["mug", "the red cup"], True),
        ("", ["red"], False),
    ],
)
def test_what_counts_as_right(said, answers, right):
    assert is_right(said, answers) is right


@pytest.mark.parametrize(
    ("line", "error", "said"),
    [
        ("{", WrongUse, "line 1 is not JSON"),
        ("[]", WrongUse, "must be an object"),
        ('{"image": "0.png", "question": "q"}', WrongUse, "must have image"),
        ('{"image": "0.png", "question": "q", "answer": []}', WrongUse, "must have image"),
        ('{"image": "0.png", "question": "q", "answer": 3}', WrongUse, "each a text"),
        ('{"image": "gone.png", "question": "q", "answer": "a"}', WrongUse, "cannot be read"),
        ('{"image": "text.png", "question": "q", "answer": "a"}', BadMedia, "not a picture"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(questions, line, error, said):
    (questions.parent / "text.png").write_text("no picture")
    questions.write_text(line)
    with pytest.raises(error) as raised:
        read_labelled(questions)
    assert said in str(raised.value)


def test_too_few_questions_are_refused(questions):
    few = read_labelled(questions)[:8]
    with pytest.raises(WrongUse, match="too few"):
        parted(few, 0)
    with pytest.raises(WrongUse, match="cannot be read"):
        read_labelled(questions.with_name("nowhere.jsonl"))

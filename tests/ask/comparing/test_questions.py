from __future__ import annotations

import json

import pytest

from scrubjay.ask.comparing.questions import digest, read_questions
from scrubjay.ask.labelled import read_labelled
from scrubjay.core.errors import BadMedia, WrongUse
from tests.ask.comparing.posed import write_questions


def test_the_fields_mean_what_they_say(tmp_path):
    extra = (
        {"images": ["0.png", "1.png"], "question": "which?", "answer": ["a", "b"], "id": "two"},
        {"image": "0.png", "question": "who?", "unanswerable": True, "language": "EN"},
        {"image": "0.png", "question": "x?", "answers": "y", "choices": ["y", "n"]},
    )
    *_, two, nobody, chosen = read_questions(write_questions(tmp_path, n=2, extra=extra))
    assert (two.name, len(two.pictures), two.answers, two.annotated) == (
        "two",
        2,
        ("a", "b"),
        False,
    )
    assert (nobody.unanswerable, nobody.answers, nobody.language) == (True, (), "en")
    assert (chosen.choices, chosen.annotated) == (("y", "n"), True)
    assert chosen.shown[0].picture.shape == (40, 40, 3)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2 is not JSON"),
        ("[]", "line 2 must be an object"),
        ('{"question": "x", "answer": "y"}', "line 2 must have an image"),
        ('{"image": "0.png", "answer": "y"}', "line 2 must have a question"),
        ('{"image": "0.png", "question": "x"}', "line 2 must have answers"),
        ('{"image": "0.png", "question": "x", "answers": [1]}', "line 2: answers must be"),
        (
            '{"image": "0.png", "question": "x", "anwsers": ["y"]}',
            "line 2: 'anwsers' means nothing",
        ),
        ('{"image": "no.png", "question": "x", "answer": "y"}', "line 2: .*no.png cannot be read"),
        (
            '{"image": "0.png", "question": "x", "answer": "y", "unanswerable": 1}',
            "line 2: unanswerable must be true or false",
        ),
        (
            '{"image": "0.png", "question": "x", "answer": "y", "language": "klingon!"}',
            "line 2: ",
        ),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path, line, said):
    path = write_questions(tmp_path, n=1)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(WrongUse, match=said):
        read_questions(path)


def test_what_is_no_picture_or_no_question_is_refused(tmp_path):
    path = write_questions(tmp_path, n=1)
    (tmp_path / "0.png").write_bytes(b"no")
    with pytest.raises(BadMedia):
        read_questions(path)
    path.write_text("\n")
    with pytest.raises(WrongUse, match="holds no questions"):
        read_questions(path)


def test_a_label_may_be_corrected_without_asking_again(tmp_path):
    path = write_questions(tmp_path, n=3)
    before = digest(read_questions(path))
    path.write_text(path.read_text().replace('["red", "red"]', '["crimson"]'))
    assert digest(read_questions(path)) == before
    path.write_text(path.read_text().replace("what colour", "which colour"))
    assert digest(read_questions(path)) != before


def test_the_prompt_search_reads_the_same_file(tmp_path):
    extra = ({"image": "0.png", "question": "who?", "unanswerable": True},)
    labelled = read_labelled(write_questions(tmp_path, n=3, extra=extra))
    assert [one.answers for one in labelled] == [("red",), ("green",), ("blue",)]


def test_what_separates_lines_elsewhere_may_stand_in_a_text(tmp_path):
    path = write_questions(tmp_path, n=1)
    told = {"image": "0.png", "question": "a\u2028b?", "answer": "c"}
    path.write_text(json.dumps(told, ensure_ascii=False))
    assert read_questions(path)[0].question == "a\u2028b?"

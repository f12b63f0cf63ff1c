"""Ways to an answer, in this process."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.ask.comparing.answerers import AskTask, softmax
from scrubjay.ask.comparing.points import By
from scrubjay.ask.comparing.questions import read_questions
from scrubjay.ask.settings import Choice
from scrubjay.models.ocr.fake import write_text
from tests.ask.comparing.posed import point, write_questions


@pytest.fixture
def questions(tmp_path):
    from PIL import Image

    sign = write_text(np.full((60, 240, 3), 200, np.uint8), "EXIT 42")
    tmp_path.mkdir(exist_ok=True)
    Image.fromarray(sign).save(tmp_path / "sign.png")
    extra = (
        {"image": "sign.png", "question": "what does the sign say?", "answer": "EXIT 42"},
        {"image": "0.png", "question": "who painted it?", "unanswerable": True},
        {"image": "1.png", "question": "what colour is it?", "answer": "green", "choices": ["x"]},
    )
    return read_questions(write_questions(tmp_path, n=6, extra=extra))


def answers(questions, by, **more):
    worker = AskTask(point(by=by, **more), questions).open()
    return worker, [worker.do(at) for at in range(len(questions))]


@pytest.mark.parametrize("by", [By.CHAIN, By.MODEL])
def test_a_model_is_asked_with_its_chain_or_alone(questions, by):
    worker, said = answers(questions, by)
    assert [one["text"] for one in said[:3]] == ["red", "green", "blue"]
    assert said[7]["told"] is False
    assert (said[0]["confidence"], said[0]["tokens_out"]) == (pytest.approx(0.9), 1)
    assert 0 < said[0]["model_s"] <= said[0]["seconds"]
    assert worker.about["family"] == "fake"
    assert worker.about["instructed"] is True


def test_a_reader_answers_with_what_is_written(questions):
    _, said = answers(questions, By.OCR)
    assert (said[6]["text"], said[6]["told"]) == ("EXIT 42", True)
    assert said[0]["told"] is False


def test_the_commonest_answer_never_comes_from_the_picture_itself(questions):
    _, said = answers(questions[:6], By.COMMONEST)
    # of the five questions about other pictures two have each other colour, and one its own
    assert [
        one["text"] == colour for one, colour in zip(said, ["red", "green", "blue"], strict=False)
    ] == [False] * 3
    assert said[0]["confidence"] == pytest.approx(2 / 5)


def test_an_encoder_chooses_among_the_answers_of_such_questions(questions):
    encoder = Choice("fake")
    _, said = answers(questions, By.ENCODER, encoder=encoder)
    assert {one["text"] for one in said[:6]} <= {"red", "green", "blue"}
    assert said[8]["text"] == "x"  # its choices are its own
    assert said[8]["confidence"] == 1
    assert said[7]["told"] is False  # nothing to choose from


def test_softmax_by_hand():
    assert softmax(np.log(np.array([1, 3], np.float32))) == pytest.approx([0.25, 0.75])
    assert softmax(np.array([1000.0, 0.0], np.float32)) == pytest.approx([1.0, 0.0])

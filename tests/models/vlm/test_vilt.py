from __future__ import annotations

import pytest
import torch
from PIL import Image

from scrubjay.core.errors import WrongUse
from scrubjay.core.looking import Sampling
from tests.models.vlm.conversations import ONE, PICTURES, assistant, user

SHORT = Sampling(max_new_tokens=12)


def test_answers_and_their_chances_are_the_librarys_own(vlm, looking) -> None:
    from transformers import AutoProcessor, ViltForQuestionAnswering

    processor = AutoProcessor.from_pretrained(looking("vilt"))
    model = ViltForQuestionAnswering.from_pretrained(looking("vilt")).eval()
    said = set()
    for picture in PICTURES:
        for question in ("What colour is this?", "How many are there?", "Is it a cat?"):
            inputs = processor(images=Image.fromarray(picture), text=question, return_tensors="pt")
            with torch.no_grad():
                chances = model(**inputs).logits[0].sigmoid()
            ours = vlm("vilt").reply([user(picture, question)], SHORT)
            assert ours.text == model.config.id2label[int(chances.argmax())]
            assert ours.confidence == pytest.approx(float(chances.max()), rel=1e-4)
            assert ours.tokens_in == inputs["input_ids"].shape[1]
            said.add(ours.text)
    assert len(said) > 1


def test_it_forgets_what_was_said_before_and_keeps_the_picture(vlm) -> None:
    later = [user(PICTURES[0], "Is it a cat?"), assistant("no"), user("What colour is this?")]
    assert vlm("vilt").reply(later, SHORT) == vlm("vilt").reply(ONE, SHORT)


def test_a_long_question_and_a_missing_picture_are_refused(vlm) -> None:
    with pytest.raises(WrongUse, match="at most 24 tokens"):
        vlm("vilt").reply([user(PICTURES[0], "is it red or " * 12)], SHORT)
    with pytest.raises(WrongUse, match="show it one"):
        vlm("vilt").reply([user("What colour is the sky?")], SHORT)


def test_it_describes_nothing_and_says_so(vlm) -> None:
    reply = vlm("vilt").caption(PICTURES[0], SHORT)
    assert not reply.told
    assert reply.text.startswith("I can't tell: ")

from __future__ import annotations

import pytest
import torch
from PIL import Image

from scrubjay.core.errors import WrongUse
from scrubjay.core.looking import Sampling
from scrubjay.models.load import load_vlm
from tests.models.vlm.conversations import ONE, PICTURES, assistant, user

SHORT = Sampling(max_new_tokens=12)


def library(folder, picture, text: str, **options) -> str:
    from transformers import AutoProcessor, Blip2ForConditionalGeneration

    processor = AutoProcessor.from_pretrained(folder)
    model = Blip2ForConditionalGeneration.from_pretrained(folder).eval()
    inputs = processor(images=Image.fromarray(picture), text=text, return_tensors="pt")
    with torch.no_grad():
        made = model.generate(**inputs, do_sample=False, max_new_tokens=12, **options)
    return processor.batch_decode(made, skip_special_tokens=True)[0].strip()


@pytest.mark.parametrize("kind", ["blip2", "blip2_t5"])
def test_answers_and_captions_are_the_librarys_own(kind, vlm, looking) -> None:
    for picture in PICTURES[:3]:
        question = library(looking(kind), picture, "Question: What colour is this? Answer:")
        asked = [user(picture, "What colour\nis this?")]
        assert question.endswith(vlm(kind).reply(asked, SHORT).text)
        assert vlm(kind).reply(asked, SHORT).text
        assert library(looking(kind), picture, "").endswith(vlm(kind).caption(picture, SHORT).text)
    penalty = Sampling(max_new_tokens=12, repetition_penalty=1.7)
    theirs = library(
        looking(kind),
        PICTURES[0],
        "Question: What colour is this? Answer:",
        repetition_penalty=1.7,
    )
    assert theirs.endswith(vlm(kind).reply(ONE, penalty).text)


@pytest.mark.parametrize("kind", ["blip2", "blip2_t5"])
def test_pictures_are_told_apart(kind, vlm) -> None:
    said = {vlm(kind).caption(picture, SHORT).confidence for picture in PICTURES}
    assert len(said) == len(PICTURES)


def test_it_forgets_what_was_said_before_and_keeps_the_picture(vlm) -> None:
    later = [user(PICTURES[0], "Is it a cat?"), assistant("no"), user("What colour is this?")]
    assert vlm("blip2").reply(later, SHORT) == vlm("blip2").reply(ONE, SHORT)


def test_it_talks_about_one_picture(vlm) -> None:
    with pytest.raises(WrongUse, match="show it one"):
        vlm("blip2").reply([user("What colour is the sky?")], SHORT)
    with pytest.raises(WrongUse, match="1 picture at once, not 2"):
        vlm("blip2").reply([user(*PICTURES[:2], "What are these?")], SHORT)


def test_a_question_cannot_speak_in_control_tokens(vlm) -> None:
    loud = [user(PICTURES[0], "What <image> is </s> this?")]
    assert vlm("blip2").reply(loud, SHORT).tokens_out


def test_another_kind_names_its_family(looking) -> None:
    with pytest.raises(WrongUse, match=r"vlm=transformers"):
        load_vlm("blip2", source=looking("llava"))
    with pytest.raises(WrongUse, match=r"vlm=git"):
        load_vlm("blip2", source=looking("git"))

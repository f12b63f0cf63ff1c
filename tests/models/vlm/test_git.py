from __future__ import annotations

import torch
from PIL import Image

from scrubjay.core.looking import Sampling
from tests.models.vlm.conversations import ONE, PICTURES

SHORT = Sampling(max_new_tokens=12)


def test_captions_are_the_librarys_own(vlm, looking) -> None:
    from transformers import AutoModelForCausalLM, AutoProcessor

    processor = AutoProcessor.from_pretrained(looking("git"))
    model = AutoModelForCausalLM.from_pretrained(looking("git")).eval()
    for picture in PICTURES:
        pixels = processor(images=Image.fromarray(picture), return_tensors="pt")["pixel_values"]
        with torch.no_grad():
            made = model.generate(pixel_values=pixels, do_sample=False, max_new_tokens=12)
        theirs = processor.batch_decode(made, skip_special_tokens=True)[0].strip()
        ours = vlm("git").caption(picture, SHORT)
        assert ours.text == theirs
        assert 0 < ours.confidence < 1


def test_pictures_are_told_apart(vlm) -> None:
    assert len({vlm("git").caption(one, SHORT).confidence for one in PICTURES}) == len(PICTURES)


def test_a_question_is_not_answered_and_that_is_said(vlm) -> None:
    reply = vlm("git").reply(ONE, SHORT)
    assert not reply.told
    assert reply.text.startswith("I can't tell: ")

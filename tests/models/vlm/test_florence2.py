from __future__ import annotations

import pytest
import torch
from PIL import Image

from scrubjay.core.errors import WrongUse
from scrubjay.core.looking import Sampling
from tests.models.vlm.conversations import PICTURES, user

SHORT = Sampling(max_new_tokens=12)


def test_answers_and_captions_are_the_librarys_own(vlm, looking) -> None:
    from transformers import AutoModelForImageTextToText, AutoProcessor

    processor = AutoProcessor.from_pretrained(looking("florence2"))
    model = AutoModelForImageTextToText.from_pretrained(looking("florence2")).eval()

    def library(picture, text: str) -> str:
        inputs = processor(images=Image.fromarray(picture), text=text, return_tensors="pt")
        with torch.no_grad():
            made = model.generate(**inputs, do_sample=False, num_beams=1, max_new_tokens=12)
        said: str = processor.batch_decode(made, skip_special_tokens=True)[0]
        return said.strip()

    for picture in PICTURES[:3]:
        asked = [user(picture, "What colour\nis this?")]
        said = vlm("florence2").reply(asked, SHORT).text
        assert said
        assert said == library(picture, "What colour is this?")
        assert vlm("florence2").caption(picture, SHORT).text == library(picture, "<CAPTION>")
    with pytest.raises(WrongUse, match="show it one"):
        vlm("florence2").reply([user("What colour is the sky?")], SHORT)

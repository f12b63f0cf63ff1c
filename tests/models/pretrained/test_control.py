from __future__ import annotations

from types import SimpleNamespace

import pytest
from tokenizers import AddedToken

from scrubjay.models.pretrained.control import ControlTokens, placeholder

MARKS = ["</s>", "<image>", "<|im_end|>", "<|im_end|>x", "[INST]", "\n\n", "\t", "a"]


@pytest.fixture
def processor():
    added = {
        place: AddedToken(mark, special=mark not in ("[INST]", "\n\n"))
        for place, mark in enumerate(MARKS)
    }
    return SimpleNamespace(
        tokenizer=SimpleNamespace(added_tokens_decoder=added),
        image_token=AddedToken("<pic>"),
    )


def test_no_control_token_is_left_in_a_text(processor) -> None:
    apart = ControlTokens(processor, "[INST] {{ message }}").apart
    for mark in ("</s>", "<image>", "<|im_end|>", "<|im_end|>x", "[INST]", "<pic>", "<IMAGE>"):
        for text in (mark, f"say {mark}{mark} now", f"<{mark}>"):
            assert mark.lower() not in apart(text).lower()
            assert apart(text).replace(" ", "") == text.replace(" ", "")


def test_other_text_stays_as_it_is(processor) -> None:
    text = "a <b>\n\ttable, [INST] 1 < 2 > 0"
    assert ControlTokens(processor).apart(text) == text
    bare = SimpleNamespace(tokenizer=SimpleNamespace(added_tokens_decoder={}))
    assert ControlTokens(bare).apart("<image>") == "<image>"


def test_the_placeholder_of_a_picture_is_a_text_or_nothing(processor) -> None:
    assert placeholder(processor) == "<pic>"
    assert placeholder(SimpleNamespace(image_token="<image>")) == "<image>"
    assert placeholder(SimpleNamespace()) == ""

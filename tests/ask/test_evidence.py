"""What was read and heard reaches a model as data."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.ask.answer import Clue, Source
from scrubjay.ask.evidence import (
    BEGIN,
    END,
    MAX_LINE,
    MAX_SOURCE,
    Looked,
    block,
    harmless,
    named_in,
    without_control_tokens,
)
from scrubjay.core.types import Kind


def looked(*texts, kind="text"):
    clues = tuple(Clue(1, kind, text) for text in texts)
    return Looked(Source(1, "a.png", Kind.IMAGE), None, clues)


@given(st.text(max_size=80))
def test_no_text_can_look_like_a_sign(text):
    safe = harmless(text)
    assert not set(safe) & set("<>[]`\n\r\x1b")
    assert "<" not in unicodedata.normalize("NFKC", safe)
    assert BEGIN not in safe
    assert END not in safe
    assert len(safe) <= MAX_LINE


@given(st.lists(st.text(max_size=40), max_size=6))
def test_a_block_is_a_line_a_clue_between_its_marks(texts):
    told = block([looked(*texts)])
    if not texts:
        assert told == ""
        return
    lines = told.split("\n")
    assert (lines[0], lines[-1], len(lines)) == (BEGIN, END, len(texts) + 2)
    assert all(line.startswith("[1] written: ") for line in lines[1:-1])


def test_a_source_that_says_too_much_is_cut_and_says_so():
    told = block([looked(*["x" * 300] * 40)])
    assert len(told) < MAX_SOURCE + 200
    assert "(more of it is left out)" in told


def test_times_are_told_of_what_was_heard():
    clue = Clue(2, "speech", "hello", start_s=1.0, end_s=2.5)
    told = block([Looked(Source(2, "a.wav", Kind.SPEECH), None, (clue,))])
    assert "[2] heard at 1.0 to 2.5 s: hello" in told


@pytest.mark.parametrize(
    "token",
    [
        "<|im_start|>",
        "<image>",
        "</s>",
        "<s>",
        "[INST]",
        "[/INST]",
        "<start_of_turn>",
        "<\uff5cbegin\u2581of\u2581sentence\uff5c>",
    ],
)
def test_a_question_loses_its_control_tokens_and_keeps_its_words(token):
    told = without_control_tokens(f"what {token} is 3 < 4 [1]?")
    assert token not in told
    assert told.startswith("what ")
    assert told.endswith("is 3 < 4 [1]?")


@pytest.mark.parametrize(
    ("seen", "text", "named"),
    [
        ("octopus", "how many octopuses are there?", True),
        ("red cross", "what colour is the cross? red", True),
        ("cherry", "two cherries", True),
        ("star", "is that a starfish?", False),
        ("star", "did it start?", False),
        ("bee", "how many objects are there?", True),
        ("bee", "what is beside the magnet? a bee", True),
        ("", "what is that?", False),
    ],
)
def test_what_is_pointed_at_is_what_the_words_name(seen, text, named):
    assert named_in(seen, text) is named

"""How it is noticed that a model does not know."""

from __future__ import annotations

import pytest

from scrubjay.ask.telling import cannot_tell, is_told, says_untold, too_unsure
from scrubjay.core.looking import Reply


@pytest.mark.parametrize(
    "text",
    [
        "I can't tell",
        "I can\u2019t tell.",
        "I cannot tell: it is dark",
        "I'm sorry, but I can't see the picture",
        "I don't know",
        "It is not clear",
        "It cannot be determined.",
        "Unfortunately, I am unable to determine that",
        "unanswerable",
        "",
        "\n",
    ],
)
def test_these_are_no_answers(text):
    assert says_untold(text)


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "none",
        "a cat",
        "It is not red, it is blue",
        "The sign says: I can't tell",
        "He can't swim",
    ],
)
def test_these_are(text):
    assert not says_untold(text)
    assert is_told(Reply(text))


def test_a_model_that_says_it_is_untold_is_believed():
    assert not is_told(Reply("a cat", told=False))
    assert cannot_tell() == "I can't tell"
    assert too_unsure(Reply("x", confidence=0.4), 0.5)
    assert not too_unsure(Reply("x"), 0.5)

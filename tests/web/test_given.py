"""A text that a request gives is kept as it is, or refused by its name."""

from __future__ import annotations

import pytest

from scrubjay.core.errors import WrongUse
from scrubjay.web.given import MAX_TEXT, checked_text


@pytest.mark.parametrize("text", ["", " red\n", "ü" * MAX_TEXT, "\U0001f426"])
def test_a_text_is_kept_as_it_is(text: str) -> None:
    assert checked_text(text, "input") == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a" * (MAX_TEXT + 1), rf"input\[2\] has {MAX_TEXT + 1} characters; send at most"),
        ("half a pair \ud83d", r"input\[2\] is not Unicode text"),
    ],
)
def test_a_text_nobody_can_read_is_refused_by_its_name(text: str, reason: str) -> None:
    with pytest.raises(WrongUse, match=reason):
        checked_text(text, "input[2]")

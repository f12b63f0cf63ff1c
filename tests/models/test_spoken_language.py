from __future__ import annotations

import pytest

from scrubjay.core.errors import WrongUse
from scrubjay.models.spoken_language import (
    MAX_CHARACTERS,
    check_speed,
    checked_words,
    language_code,
    speakable,
)


@pytest.mark.parametrize("written", ["de", "DE", " de ", "de-AT", "de_AT"])
def test_a_language_is_its_code_whatever_follows(written: str) -> None:
    assert language_code(written) == "de"


@pytest.mark.parametrize("written", ["", "german", "--help", "d", "d3", "-v"])
def test_what_is_no_code_is_refused(written: str) -> None:
    with pytest.raises(WrongUse, match="two-letter code"):
        language_code(written)


def test_words_are_taken_once() -> None:
    assert checked_words(["one", " two ", "one", "traffic   light"]) == (
        "one",
        "two",
        "traffic light",
    )


@pytest.mark.parametrize(
    "words", [[], ["one", " "], "one two", ["w"] * 1 + [str(n) for n in range(1001)]]
)
def test_no_words_empty_words_and_too_many_are_refused(words) -> None:
    with pytest.raises(WrongUse):
        checked_words(words)


@pytest.mark.parametrize("speed", [0.0, -1.0, 0.2, 4.1, float("nan"), float("inf")])
def test_a_speed_nobody_speaks_at_is_refused(speed: float) -> None:
    with pytest.raises(WrongUse, match="speed"):
        check_speed(speed)


def test_control_characters_are_not_spoken() -> None:
    assert speakable("a\x00b\x1b[31m c\r\nd\u0085e\ud800f") == "a b [31m c d e f"


def test_a_text_that_takes_too_long_is_refused_with_the_longest() -> None:
    assert len(speakable("a" * MAX_CHARACTERS)) == MAX_CHARACTERS
    with pytest.raises(WrongUse, match="10,000"):
        speakable("a" * (MAX_CHARACTERS + 1))

from __future__ import annotations

import math

import numpy as np
import pytest

from scrubjay.core.errors import WrongUse
from scrubjay.core.hearing import Heard
from scrubjay.models.voice_activity import Span
from scrubjay.models.whisper_words import (
    Said,
    Window,
    confidence,
    cut,
    heard_in,
    known_language,
    tokens_but,
    windows,
)


def letters(text: str) -> list[int]:
    return [ord(one) for one in text]


def test_all_tokens_but_those_of_the_words_are_left_out() -> None:
    left_out = tokens_but(["one", "two cups"], letters, letters=128)
    allowed = {chr(at) for at in range(128)} - {chr(at) for at in left_out}
    assert allowed == set("one two cups") | set("OTC") | set(" .,?!")
    assert max(left_out) < 128


def test_without_vad_the_whole_sound_is_one_window() -> None:
    assert list(windows(np.zeros(16_000 * 70, np.float32), None)) == [Span(0.0, 70.0)]
    assert list(windows(np.zeros(0, np.float32), None)) == []


def test_a_window_is_cut_without_a_copy() -> None:
    sound = np.arange(32_000, dtype=np.float32)
    piece = cut(sound, Span(0.5, 1.0))
    assert (piece[0], len(piece)) == (8_000, 8_000)
    assert np.shares_memory(piece, sound)


def test_confidence_is_a_chance() -> None:
    assert confidence(math.log(0.25)) == pytest.approx(0.25)
    assert confidence(0.5) == 1.0
    assert confidence(-math.inf) == confidence(math.nan) == 0.0


def test_what_windows_hold_is_placed_in_the_whole_sound() -> None:
    sound, asked = np.zeros(16_000 * 10, np.float32), []
    said = {
        2.0: [
            Said(" one ", -0.5, 1.0, 0.0),
            Said("two", 1.0, 9.0, 0.0),
            Said("past", 2.0, 3.0, 0.0),
        ],
        4.0: [Said("  ", 0.0, 1.0, 0.0), Said("three", 1.5, 1.0, 0.0)],
    }

    def hear(piece: np.ndarray, language: str | None) -> Window:
        asked.append(language)
        return Window(said[len(piece) / 16_000], "de", 0.75)

    heard = heard_in(sound, [Span(1.0, 3.0), Span(5.0, 9.0)], hear, language=None, listener="it")
    assert heard.segments == (
        Heard("one", 1.0, 2.0, 1.0),
        Heard("two", 2.0, 3.0, 1.0),
        Heard("three", 6.5, 6.5, 1.0),
    )
    assert asked == [None, "de"]
    assert (heard.language, heard.language_confidence, heard.duration_s) == ("de", 0.75, 10.0)
    given = heard_in(sound, [], hear, language="fr", listener="it")
    assert (given.segments, given.language, given.language_confidence) == ((), "fr", None)


def test_a_language_a_model_does_not_know_is_refused() -> None:
    assert known_language("small", None, ["en"]) is None
    assert known_language("small", "en-GB", ["en"]) == "en"
    with pytest.raises(WrongUse, match="small"):
        known_language("small", "ja", ["en"])

from __future__ import annotations

import math

import numpy as np
import pytest

from scrubjay.models.voice_activity import Span
from scrubjay.models.whisper_words import confidence, cut, tokens_but, windows


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

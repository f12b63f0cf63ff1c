from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.models.tones import hear, spell


@given(message=st.binary(max_size=60), pause=st.integers(0, 5), before=st.integers(0, 300))
@settings(max_examples=60, deadline=None)
def test_what_is_spelled_is_heard_exactly(message: bytes, pause: int, before: int) -> None:
    sound = np.concatenate([np.zeros(before, np.float32), spell(message, pause=pause)])
    rounded = np.round(sound * 32767).astype("<i2").astype(np.float32) / np.float32(32768)
    assert bytes(tone.value for tone in hear(rounded)) == message


def test_every_byte_has_its_time() -> None:
    first, second = hear(spell(b"ab", pause=2))
    assert (first.start_s, first.end_s) == (0.0, 0.005)
    assert (second.start_s, second.end_s) == (0.01, 0.015)


def test_what_follows_the_tones_and_is_none_is_not_heard() -> None:
    noise = np.random.default_rng(0).uniform(-0.9, 0.9, 16_000).astype(np.float32)
    assert bytes(tone.value for tone in hear(np.concatenate([spell(b"ab"), noise]))) == b"ab"
    assert hear(noise) == []

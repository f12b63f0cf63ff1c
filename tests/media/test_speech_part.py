"""Silence around speech is left out, and nothing that was said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.core.types import SAMPLE_RATE, Sound
from scrubjay.media.speech_part import AFTER, BEFORE, FRAME, spoken_part


def said(seconds: float, *, loudness: float = 0.3) -> Sound:
    """Syllables: a tone that swells and fades five times a second."""
    at = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    swell = 0.55 - 0.45 * np.cos(2 * np.pi * 5 * at)
    return (loudness * swell * np.sin(2 * np.pi * 220 * at)).astype(np.float32)


def room(seconds: float, *, loudness: float) -> Sound:
    noise = np.random.default_rng(7).standard_normal(round(seconds * SAMPLE_RATE))
    return (loudness * noise).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(
    before=st.floats(0, 3), after=st.floats(0, 3), noise=st.sampled_from([0.0, 1e-4, 1e-3, 5e-3])
)
def test_what_was_said_stays_and_silence_around_it_goes(
    before: float, after: float, noise: float
) -> None:
    spoken = said(1.0)
    padded = np.concatenate([room(before, loudness=noise), spoken, room(after, loudness=noise)])
    part = spoken_part(padded)
    assert part.base is not None, "a view"
    assert len(spoken) - 4 * FRAME <= len(part) <= len(spoken) + BEFORE + AFTER + 2 * FRAME
    # The loud middle of what was said is in it, sample for sample.
    middle = spoken[FRAME * 10 : -FRAME * 10]
    start = part.ctypes.data - padded.ctypes.data
    offset = round(before * SAMPLE_RATE) + FRAME * 10 - start // part.itemsize
    assert np.array_equal(part[offset : offset + len(middle)], middle)


@pytest.mark.parametrize("sound", [np.zeros(0, np.float32), room(1, loudness=1e-4), said(0.004)])
def test_where_nobody_is_heard_all_of_it_stays(sound: Sound) -> None:
    assert spoken_part(sound) is sound


def test_a_pause_between_words_is_no_end() -> None:
    sound = np.concatenate([said(0.5), np.zeros(2 * SAMPLE_RATE, np.float32), said(0.5)])
    assert len(spoken_part(sound)) >= len(sound) - 8 * FRAME


def test_who_never_pauses_loses_nothing() -> None:
    at = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    steady = (0.2 * np.sin(2 * np.pi * 300 * at)).astype(np.float32)
    assert len(spoken_part(steady)) == len(steady)

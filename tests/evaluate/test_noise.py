from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.core.errors import WrongUse
from scrubjay.core.types import SAMPLE_RATE
from scrubjay.evaluate.noise import active_level, babble, in_noise, white


def tone(seconds, level=0.5, hertz=400.0):
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (level * np.sin(2 * np.pi * hertz * times)).astype(np.float32)


def test_pauses_do_not_make_speech_quieter():
    spoken = tone(0.5)
    paused = np.concatenate([spoken, np.zeros(2 * SAMPLE_RATE, np.float32), spoken])
    assert active_level(spoken) == pytest.approx(0.5 / np.sqrt(2), rel=1e-3)
    assert active_level(paused) == pytest.approx(active_level(spoken), rel=1e-3)
    assert active_level(np.zeros(1000, np.float32)) == 0.0
    assert active_level(np.zeros(0, np.float32)) == 0.0


@given(st.sampled_from([20.0, 10.0, 5.0, 0.0, -5.0]), st.floats(0.01, 1.0), st.integers(0, 99))
def test_the_noise_is_as_loud_as_was_asked(snr_db, level, seed):
    speech = np.concatenate([tone(0.3, level), np.zeros(SAMPLE_RATE // 5, np.float32)])
    noise = white(len(speech), np.random.default_rng(seed))
    heard = in_noise(speech, noise, snr_db).astype(np.float64)
    assert np.abs(heard).max() <= 1.0 + 1e-6
    # least squares: how much of each is in what is heard
    share, rest = np.linalg.lstsq(np.stack([speech, noise], axis=1), heard, rcond=None)[0]
    loud = active_level(share * speech) / np.sqrt(np.mean((rest * noise) ** 2))
    assert 20 * np.log10(loud) == pytest.approx(snr_db, abs=0.05)


def test_babble_is_several_voices_each_as_loud_as_the_others():
    voices = [tone(0.4, level, hertz) for level, hertz in ((0.9, 300), (0.01, 1000), (0.3, 2500))]
    mixed = babble(voices, SAMPLE_RATE, np.random.default_rng(0))
    power = np.abs(np.fft.rfft(mixed * np.hanning(len(mixed)))) ** 2
    around = [power[hertz - 25 : hertz + 25].sum() for hertz in (300, 1000, 2500)]
    assert max(around) / min(around) < 1.3
    again = babble(voices, SAMPLE_RATE, np.random.default_rng(0))
    assert np.array_equal(mixed, again)


def test_silence_stays_silence_and_what_cannot_be_mixed_is_refused():
    silence = np.zeros(800, np.float32)
    assert np.array_equal(in_noise(silence, white(800, np.random.default_rng(0)), 0.0), silence)
    with pytest.raises(WrongUse, match="as long"):
        in_noise(tone(0.1), white(10, np.random.default_rng(0)), 0.0)
    with pytest.raises(WrongUse, match="somebody speaks"):
        babble([silence], 100, np.random.default_rng(0))

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.core.errors import BadMedia, Damaged
from scrubjay.models.speech_input import FLOOR, SpeechInput, mel_bands

RATE = 16_000


def tone(frequency: float, seconds: float = 0.5, loudness: float = 0.3) -> np.ndarray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (loudness * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def slow_log_mel(wanted: SpeechInput, sound: np.ndarray) -> np.ndarray:
    """Frame by frame and sum by sum, as the definition reads."""
    n = np.arange(wanted.win_length)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / wanted.win_length)
    frequencies = np.arange(wanted.n_fft // 2 + 1) * RATE / wanted.n_fft
    low, high = (2595 * np.log10(1 + f / 700) for f in (wanted.f_min, wanted.f_max))
    edges = 700 * (10 ** (np.linspace(low, high, wanted.n_mels + 2) / 2595) - 1)
    rows = []
    for start in range(0, len(sound) - wanted.win_length + 1, wanted.hop_length):
        frame = sound[start : start + wanted.win_length].astype(np.float64) * window
        turns = np.exp(-2j * np.pi * np.outer(frequencies / RATE, n))
        power = np.abs(turns @ frame) ** 2
        bands = []
        for left, middle, right in zip(edges, edges[1:], edges[2:], strict=False):
            weights = np.interp(frequencies, [left, middle, right], [0, 1, 0], left=0, right=0)
            bands.append(np.log(weights @ power + FLOOR))
        rows.append(bands)
    logarithm = np.array(rows)
    return logarithm - logarithm.mean(axis=0)


def test_it_is_the_definition_summed_out() -> None:
    wanted = SpeechInput(n_mels=20)
    sound = tone(300, 0.1) + tone(2000, 0.1, 0.1) * np.linspace(0, 1, 1600, dtype=np.float32)
    ours = wanted.log_mel(sound)
    expected = slow_log_mel(wanted, sound)
    assert ours.shape == expected.shape == (1 + (1600 - 400) // 160, 20)
    np.testing.assert_allclose(ours, expected, atol=2e-3)


def test_a_tone_is_loudest_in_its_own_band() -> None:
    wanted = SpeechInput()
    for frequency in (200, 1000, 4000):
        power = wanted.spectrum(tone(frequency)).mean(axis=0)
        centre = 700 * (10 ** (wanted.band_mels()[int(power.argmax())] / 2595) - 1)
        assert abs(np.log2(centre / frequency)) < 0.15


def test_loudness_is_taken_away() -> None:
    noise = np.random.default_rng(0).standard_normal(6400).astype(np.float32)
    rising = noise * np.linspace(0.2, 1, 6400, dtype=np.float32)
    wanted = SpeechInput(n_mels=16)
    quiet, loud = (wanted.log_mel(rising * gain) for gain in (0.5, 1.0))
    np.testing.assert_allclose(quiet, loud, atol=0.02)
    np.testing.assert_allclose(loud.mean(axis=0), 0, atol=1e-5)


def test_shorter_sounds_are_padded_with_their_mean_and_counted() -> None:
    made = SpeechInput()([tone(300, 0.2), tone(300, 0.5)])
    frames = [1 + (round(s * RATE) - 400) // 160 for s in (0.2, 0.5)]
    assert made["mel"].shape == (2, frames[1], 64)
    assert made["mel"].dtype == np.float32
    assert made["lengths"].tolist() == frames
    assert made["lengths"].dtype == np.int64
    assert (made["mel"][0, frames[0] :] == 0).all()


@pytest.mark.parametrize("samples", [0, 1, 399, 400])
def test_the_shortest_sounds_make_one_frame(samples: int) -> None:
    made = SpeechInput()([np.full(samples, 0.1, np.float32)])
    assert made["lengths"].tolist() == [1]
    assert np.isfinite(made["mel"]).all()


def test_what_follows_the_window_is_not_heard() -> None:
    wanted = SpeechInput(window_s=0.25)
    long = np.concatenate([tone(300, 0.25), tone(3000, 3)])
    np.testing.assert_array_equal(wanted.log_mel(long), wanted.log_mel(tone(300, 0.25)))
    assert len(wanted.log_mel(long)) == wanted.max_frames


def test_nothing_makes_an_empty_batch() -> None:
    made = SpeechInput()([])
    assert made["mel"].shape[0] == 0
    assert made["lengths"].shape == (0,)


def test_bands_overlap_by_half_and_none_is_empty() -> None:
    bands = mel_bands(40, 512, 20.0, 7600.0)
    assert bands.shape == (257, 40)
    assert (bands >= 0).all()
    assert (bands.sum(axis=0) > 0).all()
    inside = bands.sum(axis=1)[40:200]
    np.testing.assert_allclose(inside, 1, atol=1e-5)


@pytest.mark.parametrize(
    "media",
    ["a text", np.zeros((2, 100), np.float32), np.zeros(100, np.int16), np.array([0.0, np.nan])],
)
def test_what_is_no_sound_is_refused(media) -> None:
    with pytest.raises(BadMedia):
        SpeechInput()([media])


def test_settings_survive_json() -> None:
    wanted = SpeechInput(n_mels=40, n_fft=1024, win_length=800, hop_length=200, window_s=3.0)
    assert SpeechInput.from_json(wanted.to_json()) == wanted


@pytest.mark.parametrize(
    "change",
    [
        {"n_mels": 0},
        {"hop_length": 0},
        {"win_length": 4096},
        {"f_max": 9000},
        {"f_min": 8000},
        {"window_s": 0},
        {"window_s": None},
    ],
)
def test_settings_nobody_wrote_are_refused(change) -> None:
    with pytest.raises(Damaged):
        SpeechInput.from_json(SpeechInput().to_json() | change)

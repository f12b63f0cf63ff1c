"""What speech models hear, against the library's own feature extractors on the same sounds."""

from __future__ import annotations

import numpy as np
import pytest

from scrubjay.core.errors import BadMedia, Damaged
from scrubjay.models.inputs import read_input
from scrubjay.models.speech.inputs import WaveformInput, WhisperInput, slaney_bands

LENGTHS = (1, 17, 399, 3_000, 16_000, 47_900, 48_000, 60_000)
"""Samples, around a window of three seconds and the edges of frames."""


def sounds(lengths: tuple[int, ...] = LENGTHS) -> list[np.ndarray]:
    random = np.random.default_rng(1)
    made = []
    for length in lengths:
        tone = np.sin(np.arange(length) * random.uniform(0.02, 0.5)) * random.uniform(0.01, 0.9)
        made.append((tone + 0.003 * random.standard_normal(length) + 0.02).astype(np.float32))
    return made


@pytest.mark.parametrize("bands", [80, 128])
def test_log_mels_are_whispers_own(bands: int) -> None:
    from transformers import WhisperFeatureExtractor

    theirs = WhisperFeatureExtractor(feature_size=bands, chunk_length=3)
    ours = WhisperInput(n_mels=bands, window_s=3.0)
    np.testing.assert_allclose(slaney_bands(bands, 400), theirs.mel_filters, atol=1e-8)
    wanted = theirs(sounds(), sampling_rate=16_000, return_tensors="np").input_features
    made = ours(sounds())
    assert made["mel"].shape == (len(LENGTHS), bands, 300)
    assert made["mel"].dtype == np.float32
    np.testing.assert_allclose(made["mel"], wanted, atol=2e-4)


def test_thirty_seconds_are_whispers_own_and_silence_is_added_without_being_computed() -> None:
    from transformers import WhisperFeatureExtractor

    heard = sounds((20_000, 480_000))
    theirs = WhisperFeatureExtractor(feature_size=80)
    wanted = theirs(heard, sampling_rate=16_000, return_tensors="np").input_features
    np.testing.assert_allclose(WhisperInput()(heard)["mel"], wanted, atol=2e-4)


def test_positions_that_hold_the_sound_are_counted() -> None:
    made = WhisperInput(window_s=3.0)([np.zeros(0, np.float32), *sounds((320, 321, 99_000))])
    assert made["lengths"].tolist() == [1, 1, 2, 150]
    assert np.isfinite(made["mel"]).all()


@pytest.mark.parametrize("normalise", [True, False])
def test_waveforms_are_the_librarys_own(normalise: bool) -> None:
    from transformers import Wav2Vec2FeatureExtractor

    heard = sounds((400, 16_000, 9_001))
    theirs = Wav2Vec2FeatureExtractor(do_normalize=normalise, return_attention_mask=True)
    wanted = theirs(heard, sampling_rate=16_000, padding=True, return_tensors="np")
    made = WaveformInput(normalise=normalise)(heard)
    np.testing.assert_allclose(made["waveform"], wanted["input_values"], atol=1e-5)
    assert made["lengths"].tolist() == wanted["attention_mask"].sum(axis=1).tolist()


def test_short_sounds_are_followed_by_silence_and_long_ones_cut() -> None:
    heard = [np.zeros(0, np.float32), *sounds((100, 40_000))]
    made = WaveformInput(min_samples=400, window_s=2.0)(heard)
    assert made["lengths"].tolist() == [400, 400, 32_000]
    assert np.isfinite(made["waveform"]).all()
    assert not made["waveform"][1, 100:].any()


@pytest.mark.parametrize(
    "ours", [WhisperInput(n_mels=128, window_s=7.5), WaveformInput(False, 321, 4.0)]
)
def test_settings_survive_json(ours, tmp_path) -> None:
    assert read_input(ours.to_json(), tmp_path) == ours
    assert ours([])[{"whisper": "mel", "waveform": "waveform"}[ours.kind]].shape[0] == 0
    with pytest.raises(BadMedia, match="text"):
        ours(["a text"])


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "whisper", "n_mels": 0},
        {"kind": "whisper", "hop_length": 500},
        {"kind": "whisper", "window_s": 0.01},
        {"kind": "whisper", "window_s": "long"},
        {"kind": "waveform", "min_samples": 0},
        {"kind": "waveform", "window_s": 0.01},
        {"kind": "waveform", "normalise": None, "min_samples": None},
    ],
)
def test_settings_nobody_wrote_are_damaged(changed, tmp_path) -> None:
    whole = WhisperInput() if changed["kind"] == "whisper" else WaveformInput()
    with pytest.raises(Damaged):
        read_input({**whole.to_json(), **changed}, tmp_path)

"""Variation does what it says, and nothing when it is off."""

from dataclasses import replace

import numpy as np
import pytest

from scrubjay.models.builtin.inputs import InputSettings, TowerInputs, VariedSpeech
from scrubjay.models.builtin.settings import NetworkSettings
from scrubjay.models.builtin.vary import ImageVariation, SpeechVariation, hide, reframe, vary
from scrubjay.models.speech_input import SpeechInput

OFF = SpeechVariation(
    warp=0.0,
    tempo=0.0,
    bend=0.0,
    shift=0,
    noise=0.0,
    snr=0.0,
    reverb=0.0,
    colour=0.0,
    band_mask=0,
    time_mask=0,
)
PLAIN = SpeechInput(n_mels=24, f_min=60, f_max=4000)


def tone(hertz, seconds=0.6):
    at = np.arange(int(16000 * seconds)) / 16000
    return (0.3 * np.sin(2 * np.pi * hertz * at)).astype(np.float32)


def spectra(n=16):
    random = np.random.default_rng(0)
    sounds = [random.normal(0, 0.1, 6000 + 500 * at).astype(np.float32) for at in range(n)]
    return [PLAIN.spectrum(sound) for sound in sounds]


def varied(found, **changes):
    return vary(
        found,
        PLAIN.band_mels(),
        replace(OFF, **changes),
        np.random.default_rng(1),
        max_frames=changes.pop("max_frames", 500),
    )


def test_nothing_changes_when_everything_is_off():
    found = spectra()
    x, lengths = varied(found)
    assert lengths.tolist() == [len(one) for one in found]
    for row, one in enumerate(found):
        assert np.allclose(x[row, : len(one)], one, atol=1e-5)


def test_an_input_that_does_not_vary_is_the_one_served():
    heard = VariedSpeech(PLAIN, OFF)
    sounds = [tone(440), tone(900, 0.3), np.zeros(0, np.float32)]
    plain, same = PLAIN(sounds), heard(sounds)
    assert np.array_equal(plain["lengths"], same["lengths"])
    assert np.allclose(plain["mel"], same["mel"], atol=1e-4)
    assert heard([])["mel"].shape == plain["mel"][:0].shape[:1] + PLAIN([])["mel"].shape[1:]


def test_warping_moves_a_tone_by_its_factor_at_most():
    found = [PLAIN.spectrum(tone(1000))] * 200
    x, _ = varied(found, warp=0.2)
    bands = x[:, 20].argmax(axis=1)
    hertz = 700 * (10 ** (PLAIN.band_mels() / 2595) - 1)
    assert len(set(bands.tolist())) > 3
    spacing = np.diff(hertz).max()
    assert (hertz[bands] >= 1000 / np.exp(0.2) - spacing).all()
    assert (hertz[bands] <= 1000 * np.exp(0.2) + spacing).all()


def test_tempo_changes_lengths_within_its_factor_and_the_window():
    found = spectra()
    _, lengths = varied(found, tempo=0.3)
    rate = lengths / np.array([len(one) for one in found])
    assert rate.std() > 0.05
    assert (np.abs(np.log(rate)) < 0.33).all()
    x, lengths = vary(
        found, PLAIN.band_mels(), replace(OFF, shift=9), np.random.default_rng(0), max_frames=30
    )
    assert x.shape[1] == lengths.max() == 30


def test_a_late_start_is_the_sound_s_own_silence():
    found = spectra()
    x, lengths = varied(found, shift=8)
    late = lengths - [len(one) for one in found]
    assert late.min() == 0
    assert late.max() == 8
    for row, one in enumerate(found):
        assert np.allclose(x[row, : late[row]], one.min())
        assert np.allclose(x[row, late[row] : lengths[row]], one, atol=1e-4)


def test_noise_and_reverb_touch_only_their_share_and_noise_only_adds():
    found = [PLAIN.spectrum(tone(700, 0.3))] * 400
    still, _ = varied(found)
    noisy, _ = varied(found, noise=0.4, snr=6.0)
    touched = np.abs(noisy - still).max(axis=(1, 2)) > 1e-4
    assert 0.3 < touched.mean() < 0.5
    assert (noisy - still).min() > -1e-3
    wet, _ = varied(found, reverb=0.4)
    assert 0.3 < (np.abs(wet - still).max(axis=(1, 2)) > 1e-4).mean() < 0.5


def test_reverb_carries_power_into_the_silence_after_a_sound():
    burst = np.full((30, 24), -12.0, np.float32)
    burst[5] = 4.0
    wet, _ = varied([burst] * 50, reverb=1.0)
    assert (wet[:, 8].max(axis=1) > -6).mean() > 0.8
    assert np.isfinite(wet).all()


def test_colour_is_the_same_at_every_moment():
    found = spectra(4)
    still, _ = varied(found)
    coloured, _ = varied(found, colour=1.0)
    curve = coloured - still
    assert np.abs(curve - curve[:, :1]).max() < 1e-4
    assert curve.std() > 0.3


def test_masks_are_no_wider_than_asked():
    x = np.ones((300, 40, 24), np.float32)
    hidden = hide(x.copy(), replace(OFF, band_mask=5, time_mask=7), np.random.default_rng(0)) == 0
    whole_bands = hidden.all(axis=1).sum(axis=1)
    whole_frames = hidden.all(axis=2).sum(axis=1)
    assert whole_bands.max() == 5
    assert whole_frames.max() == 7


def test_silence_and_nothing_survive_every_variation():
    strong = SpeechVariation(noise=1.0, reverb=1.0)
    heard = VariedSpeech(PLAIN, strong)
    batch = heard([np.zeros(0, np.float32), np.zeros(20000, np.float32), tone(300)])
    assert np.isfinite(batch["mel"]).all()
    for row, length in enumerate(batch["lengths"]):
        assert not batch["mel"][row, length:].any()


def test_a_reframed_picture_stays_inside_its_box():
    random = np.random.default_rng(0)
    box = (10.0, 4.0, 60.0, 84.0)
    for _ in range(200):
        left, top, right, bottom = reframe(box, ImageVariation(crop=0.3, stretch=0.4), random)
        assert 10 <= left < right <= 60
        assert 4 <= top < bottom <= 84
        assert right - left >= 0.7 * np.exp(-0.4) * 50 - 1e-6
    assert reframe(box, ImageVariation(crop=0.0, stretch=0.0), random) == pytest.approx(box)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_share_of_each_band_s_mean_is_removed(share):
    heard = replace(PLAIN, band_mean=share)
    spectrum = heard.spectrum(tone(700) + tone(1900))
    left = heard.log_mel(tone(700) + tone(1900)).mean(axis=0)
    means = spectrum.mean(axis=0)
    assert left == pytest.approx((1 - share) * (means - means.mean()), abs=1e-3)


def test_what_lies_under_the_range_is_one_silence():
    heard = replace(PLAIN, range_db=40.0, band_mean=0.0)
    mel = heard.log_mel(np.concatenate([tone(700), np.zeros(8000, np.float32)]))
    assert mel.max() - mel.min() == pytest.approx(4 * np.log(10), abs=1e-3)
    assert SpeechInput.from_json(heard.to_json()) == heard


def test_inputs_follow_the_network_s_sizes():
    inputs = TowerInputs(NetworkSettings(image_size=64, mels=20, words=9), InputSettings())
    assert (inputs.image.size, inputs.speech.n_mels, inputs.text.words) == (64, 20, 9)
    assert InputSettings.from_json(inputs.settings.to_json()) == inputs.settings

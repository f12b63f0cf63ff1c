from __future__ import annotations

import io
import struct
import sys
import wave

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.core.config import MediaLimits
from scrubjay.core.errors import BadMedia, MissingExtra
from scrubjay.media.audio import decode_sound, encode_wav, probe_sound
from tests.media.samples import by_ffmpeg, recorded, tone, video

FFMPEG = [("ipod", "aac"), ("mp4", "aac"), ("adts", "aac"), ("webm", "libopus")]


def loudest_pitch(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(sound))
    return float(spectrum.argmax() * 16_000 / len(sound))


@pytest.mark.parametrize(
    ("format", "subtype", "rate"),
    [
        ("WAV", "PCM_16", 8_000),
        ("WAV", "PCM_U8", 22_050),
        ("WAV", "PCM_24", 44_100),
        ("WAV", "FLOAT", 48_000),
        ("WAV", "ULAW", 8_000),
        ("FLAC", None, 44_100),
        ("MP3", None, 44_100),
        ("OGG", "VORBIS", 44_100),
        ("OGG", "OPUS", 48_000),
    ],
)
def test_a_recording_becomes_16_khz_mono(format: str, subtype: str | None, rate: int) -> None:
    data = recorded(tone(1.0, rate), rate, format, subtype)
    sound = decode_sound(data)
    assert sound.dtype == np.float32
    assert sound.ndim == 1
    assert len(sound) == pytest.approx(16_000, rel=0.1)
    assert loudest_pitch(sound) == pytest.approx(440, abs=3)
    assert np.abs(sound).max() == pytest.approx(0.5, abs=0.08)
    assert probe_sound(data) == pytest.approx(len(sound) / 16_000, abs=0.01)


@pytest.mark.parametrize(("container", "codec"), FFMPEG)
def test_m4a_aac_and_webm_become_16_khz_mono(container: str, codec: str) -> None:
    sound = decode_sound(by_ffmpeg(tone(1.0, 48_000), 48_000, container, codec))
    assert len(sound) == pytest.approx(16_000, rel=0.1)
    assert loudest_pitch(sound[2_000:-2_000]) == pytest.approx(440, abs=3)


def test_resampling_in_pieces_is_resampling_at_once() -> None:
    samples = np.random.default_rng(0).uniform(-0.4, 0.4, 200_000).astype(np.float32)
    sound = decode_sound(recorded(samples, 44_100, "WAV", "FLOAT"))
    np.testing.assert_allclose(sound, soxr.resample(samples, 44_100, 16_000), atol=1e-6)


def test_16_khz_is_kept_to_the_sample() -> None:
    samples = tone(10.0)
    np.testing.assert_array_equal(decode_sound(recorded(samples, 16_000, "WAV", "FLOAT")), samples)


def test_channels_are_averaged() -> None:
    both = np.stack([tone(), np.zeros_like(tone())], axis=1)
    sound = decode_sound(recorded(both, 16_000, "WAV", "FLOAT"))
    np.testing.assert_allclose(sound, tone() / 2, atol=1e-7)


def test_a_recording_over_full_scale_is_turned_down() -> None:
    sound = decode_sound(recorded(8 * tone(), 16_000, "WAV", "FLOAT"))
    assert np.abs(sound).max() == 1.0
    np.testing.assert_allclose(sound, tone() / np.abs(tone()).max(), atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_numbers_are_refused(bad: float) -> None:
    samples = tone()
    samples[100] = bad
    for decode in (decode_sound, probe_sound):
        with pytest.raises(BadMedia, match="not finite"):
            decode(recorded(samples, 16_000, "WAV", "FLOAT"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"a text named .wav", "not a recording"),
        (b"\x89PNG\r\n\x1a\n", "its content is PNG"),
        (recorded(np.zeros(0), 16_000, "WAV"), "no samples"),
        (recorded(np.zeros(1000), 16_000, "WAV"), "silent"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", "^damaged WAV recording: [^<]*$"),
    ],
)
def test_what_holds_no_sound_is_refused(data: bytes, reason: str) -> None:
    for decode in (decode_sound, probe_sound):
        with pytest.raises(BadMedia, match=reason):
            decode(data)


def test_a_sound_of_less_than_one_sample_is_refused() -> None:
    with pytest.raises(BadMedia, match="too short"):
        decode_sound(recorded(np.ones(2), 192_000, "WAV"))


def test_a_video_is_not_a_recording() -> None:
    with pytest.raises(BadMedia, match="not a recording"):
        decode_sound(video())


@pytest.mark.parametrize("rate", [100, 2_000_000])
def test_an_absurd_sampling_rate_is_refused(rate: int) -> None:
    with pytest.raises(BadMedia, match=f"{rate} Hz"):
        decode_sound(recorded(tone(), rate, "WAV"))


@pytest.mark.parametrize("format", ["WAV", "FLAC"])
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_a_truncated_recording_is_refused(format: str, part: float) -> None:
    data = recorded(np.random.default_rng(0).uniform(-1, 1, 48_000), 16_000, format)
    for decode in (decode_sound, probe_sound):
        with pytest.raises(BadMedia):
            decode(data[: int(part * len(data))])


def test_a_truncated_m4a_is_refused() -> None:
    data = by_ffmpeg(tone(3.0, 48_000), 48_000, "ipod", "aac")
    with pytest.raises(BadMedia):
        decode_sound(data[: len(data) // 2])


def test_a_wav_streamed_without_a_length_is_read_to_its_end() -> None:
    data = bytearray(recorded(tone(), 16_000, "WAV", "PCM_16"))
    at = data.index(b"data") + 4
    data[4:8] = data[at : at + 4] = b"\xff\xff\xff\xff"
    assert len(decode_sound(bytes(data))) == len(tone())


@pytest.mark.parametrize("format", ["WAV", "FLAC", "MP3", "OGG"])
def test_the_length_limit_holds_for_every_format(format: str) -> None:
    data = recorded(tone(2.0), 16_000, format)
    decode_sound(data, limits=MediaLimits(max_sound_s=2.2))
    for decode in (
        lambda limits: decode_sound(data, limits=limits),
        lambda limits: probe_sound(data, limits),
    ):
        with pytest.raises(BadMedia, match="longer than the limit of 1 s"):
            decode(MediaLimits(max_sound_s=1.0))


def test_the_length_limit_holds_while_decoding_when_the_header_says_less() -> None:
    """ADTS has no length in its header: only the decoded samples can tell."""
    data = by_ffmpeg(tone(3.0, 48_000), 48_000, "adts", "aac")
    with pytest.raises(BadMedia, match="longer than the limit"):
        decode_sound(data, limits=MediaLimits(max_sound_s=1.0))


def test_a_flac_header_that_promises_hours_is_refused_unread() -> None:
    data = bytearray(recorded(tone(), 16_000, "FLAC"))
    samples = 16_000 * 3600 * 5
    word = int.from_bytes(data[18:26], "big") & ~((1 << 36) - 1) | samples
    data[18:26] = word.to_bytes(8, "big")
    with pytest.raises(BadMedia, match="longer than the limit of 14,400 s"):
        decode_sound(bytes(data))


def test_without_the_speech_extra_m4a_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    data = by_ffmpeg(tone(1.0, 48_000), 48_000, "ipod", "aac")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtra, match=r"pip install 'scrubjay\[speech\]'"):
        decode_sound(data)


def test_encode_wav_is_read_back_by_the_standard_library_and_by_us() -> None:
    sound = tone()
    data = encode_wav(sound)
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (1, 16_000, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    np.testing.assert_allclose(samples / 32767, sound, atol=1 / 32767)
    np.testing.assert_allclose(decode_sound(data), sound, atol=1 / 16_000)


def test_encode_wav_clips_what_passes_full_scale() -> None:
    samples, _ = soundfile.read(io.BytesIO(encode_wav(4 * tone())), dtype="int16")
    assert samples.max() == 32767
    assert samples.min() == -32767


@given(
    st.sampled_from(["WAV", "FLAC", "MP3", "OGG"]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
)
@settings(max_examples=200, deadline=None)
def test_a_file_with_changed_bytes_raises_nothing_but_bad_media(
    format: str, changes: list[tuple[float, int]]
) -> None:
    data = bytearray(recorded(tone(0.1), 16_000, format))
    for place, byte in changes:
        data[int(place * len(data))] = byte
    try:
        sound = decode_sound(bytes(data), limits=MediaLimits(max_sound_s=60))
    except BadMedia:
        return
    assert np.isfinite(sound).all()
    assert np.abs(sound).max() <= 1


@given(
    st.sampled_from([("ipod", "aac"), ("adts", "aac"), ("webm", "libopus")]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_a_container_with_changed_bytes_raises_nothing_but_bad_media(
    kind: tuple[str, str], changes: list[tuple[float, int]]
) -> None:
    data = bytearray(by_ffmpeg(tone(0.2, 48_000), 48_000, *kind))
    for place, byte in changes:
        data[int(place * len(data))] = byte
    try:
        sound = decode_sound(bytes(data), limits=MediaLimits(max_sound_s=60))
    except BadMedia:
        return
    assert np.isfinite(sound).all()


@given(st.sampled_from([b"RIFF\xff\xff\xff\x7fWAVE", b"fLaC", b"OggS"]), st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_behind_a_magic_number_raise_nothing_but_bad_media(
    start: bytes, rest: bytes
) -> None:
    try:
        sound = decode_sound(start + rest)
    except BadMedia:
        return
    assert len(sound)


def test_a_wav_chunk_of_absurd_size_does_not_hang() -> None:
    data = b"RIFF\xff\xff\xff\x7fWAVE" + b"LIST" + struct.pack("<I", 0xFFFF_FFFF) + bytes(100)
    with pytest.raises(BadMedia):
        decode_sound(data)

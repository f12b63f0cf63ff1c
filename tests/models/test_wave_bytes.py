"""WAV files are read as libsndfile reads them, whatever their samples; broken ones are refused."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from scrubjay.core.errors import BadMedia
from scrubjay.models.wave_bytes import decode_pcm16, decode_wave, encode_wave, pcm16

SOUND = np.random.default_rng(0).uniform(-0.9, 0.9, 400).astype(np.float32)


def written(samples, subtype, kind="WAV", rate=22_050):
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format=kind, subtype=subtype)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["WAV", "WAVEX"])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_every_kind_of_sample_is_read(subtype, kind):
    stereo = np.stack([SOUND, SOUND[::-1]], axis=1)
    data = written(stereo, subtype, kind)
    samples, rate = decode_wave(data)
    expected, _ = soundfile.read(io.BytesIO(data), dtype="float32")
    assert rate == 22_050
    assert samples.dtype == np.float32
    np.testing.assert_allclose(samples, expected.mean(axis=1), atol=1e-6)


def test_what_is_written_is_read_again():
    data = encode_wave(SOUND, 24_000)
    again, rate = decode_wave(data)
    assert rate == 24_000
    np.testing.assert_allclose(again, SOUND, atol=1e-4)
    expected, _ = soundfile.read(io.BytesIO(data), dtype="float32")
    np.testing.assert_array_equal(again, expected)
    np.testing.assert_array_equal(decode_pcm16(pcm16(SOUND) + b"\x01"), again)
    assert pcm16(np.array([-3, 3], np.float32)) == struct.pack("<hh", -32767, 32767)


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFFFFF])
def test_a_file_whose_length_the_server_left_open_ends_where_the_bytes_do(length):
    data = bytearray(encode_wave(SOUND))
    data[4:8] = data[40:44] = struct.pack("<I", length)
    np.testing.assert_array_equal(decode_wave(bytes(data))[0], decode_wave(encode_wave(SOUND))[0])


def test_samples_that_are_not_finite_are_refused():
    with pytest.raises(BadMedia, match="finite"):
        decode_wave(written(np.array([0, np.nan, 1], np.float32), "FLOAT"))


@given(st.binary(max_size=200), st.integers(0, 60))
def test_broken_files_are_refused_and_nothing_else(data, kept):
    for broken in (data, encode_wave(SOUND)[:kept] + data):
        try:
            samples, rate = decode_wave(broken)
        except BadMedia:
            continue
        assert 1_000 <= rate <= 384_000
        assert np.abs(samples).max(initial=0) <= 1

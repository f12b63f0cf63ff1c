"""A voice elsewhere says what it is asked to, in the sound it sends."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from scrubjay.core.errors import BadConfig, RemoteFailed, WrongUse
from scrubjay.core.protocols import Voice
from scrubjay.models.load import load_asr, load_tts
from scrubjay.models.wave_bytes import encode_wave
from tests.models.remote_server import raw, status

VOICES = {"en": "en", "de": "de"}


def voice_at(server, **options):
    return load_tts("remote", url=server.url, model="speaker", retries=0, **options)


def test_it_speaks_as_the_voice_behind_the_server_does(server):
    voice = voice_at(server, voices=VOICES)
    assert isinstance(voice, Voice)
    here = load_tts("fake")
    for language, speed in ((None, 1.0), ("de", 1.0), ("en", 2.0)):
        spoken = voice.speak("Guten Tag", language=language, speed=speed)
        expected = here.speak("Guten Tag", language=language, speed=speed)
        np.testing.assert_allclose(spoken.samples, expected.samples, atol=1e-4)
        assert (spoken.rate, spoken.language) == (expected.rate, expected.language)
        heard = load_asr("fake").transcribe(spoken.samples)
        assert heard.text == "Guten Tag"


def test_the_rate_of_the_file_is_kept(server):
    server.script.append(raw(encode_wave(np.zeros(100, np.float32), 44_100), "audio/wav"))
    spoken = voice_at(server).speak("a")
    assert (spoken.rate, len(spoken.samples)) == (44_100, 100)


def test_samples_without_a_header_have_the_rate_that_was_agreed(server):
    spoken = voice_at(server, response_format="pcm", rate=16_000, voice="en").speak("good day")
    assert spoken.rate == 16_000
    assert load_asr("fake").transcribe(spoken.samples).text == "good day"


def test_one_voice_speaks_every_language_unless_voices_are_named(server):
    voice = voice_at(server, voice="alloy", language="fr")
    assert voice.speak("a").language == "fr"
    assert voice.speak("a", language="de-AT").language == "de"
    assert [body["voice"] for body in server.bodies()] == ["alloy", "alloy"]
    with pytest.raises(WrongUse, match="no voice for 'nl'; it speaks de, en"):
        voice_at(server, voices=VOICES).speak("a", language="nl")


def test_speed_is_left_out_where_it_is_the_voices_own(server):
    voice = voice_at(server)
    voice.speak("a")
    voice.speak("a", speed=1.5)
    assert [body.get("speed") for body in server.bodies()] == [None, 1.5]
    with pytest.raises(WrongUse, match="speed"):
        voice.speak("a", speed=100)


def test_nothing_is_said_without_asking_anybody(server):
    spoken = voice_at(server).speak("  ")
    assert spoken.duration_s > 0
    assert not spoken.samples.any()
    assert server.requests == []


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"<html>",
        b"RIFF\0\0\0\0WAVE",
        b"RIFF\0\0\0\0WAVEdata\x04\0\0\0abcd",
        encode_wave(np.zeros(9, np.float32))[:20],
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 85, 1, 16000, 1, 1, 0),
        b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + struct.pack("<HHIIHH", 1, 0, 16000, 1, 1, 16),
    ],
)
def test_what_is_no_sound_is_an_error_with_the_servers_name(server, sent):
    server.script.append(raw(sent, "audio/wav"))
    with pytest.raises(RemoteFailed, match=r"127\.0\.0\.1.*where a WAV file was asked for"):
        voice_at(server).speak("a")


def test_a_server_that_fails_is_named(server):
    server.script.append(status(500, "no voice today"))
    with pytest.raises(RemoteFailed, match="no voice today"):
        voice_at(server).speak("a")


def test_a_format_that_cannot_be_read_is_not_asked_for(server):
    with pytest.raises(BadConfig, match="'mp3'"):
        voice_at(server, response_format="mp3")

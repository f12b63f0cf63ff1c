"""A listener elsewhere hears what is said, with its times."""

from __future__ import annotations

import io
import json
import wave

import numpy as np
import pytest

from scrubjay.core.errors import BadConfig, RemoteFailed, WrongUse
from scrubjay.core.protocols import SpeechToText
from scrubjay.core.types import SAMPLE_RATE
from scrubjay.models.asr.remote import windows
from scrubjay.models.language_names import language_of
from scrubjay.models.load import load_asr, load_tts
from tests.models.remote_server import raw, status

QUIET = np.zeros(SAMPLE_RATE, np.float32)


def listener_at(server, **options):
    return load_asr("remote", url=server.url, model="listener", retries=0, **options)


def said(text, language="en"):
    return load_tts("fake").speak(text, language=language).samples


def answering(told):
    return raw(json.dumps(told).encode())


def test_it_hears_what_the_listener_behind_the_server_does(server):
    listener = listener_at(server)
    assert isinstance(listener, SpeechToText)
    sound = said("Wie spät ist es?\nHalb neun.", "de")
    there, here = listener.transcribe(sound), load_asr("fake").transcribe(sound)
    assert [one.text for one in there.segments] == ["Wie spät ist es?", "Halb neun."]
    for mine, theirs in zip(there.segments, here.segments, strict=True):
        assert mine.start_s == pytest.approx(theirs.start_s, abs=1e-3)
        assert mine.end_s == pytest.approx(theirs.end_s, abs=1e-3)
        assert mine.confidence == 1
    assert (there.language, there.duration_s) == ("de", here.duration_s)


def test_language_and_words_are_told_to_the_server(server):
    listener = listener_at(server)
    told = listener.transcribe(said("zwei"), language="de-AT", words=["eins", "zwei"])
    form = server.requests[0].form
    assert (form["language"], form["prompt"]) == (b"de", b"eins, zwei.")
    assert form["model"] == b"listener"
    assert told.language == "de"
    listener.transcribe(said("zwei"))
    assert not {"language", "prompt"} & set(server.requests[1].form)
    with pytest.raises(WrongUse):
        listener.transcribe(QUIET, language="deutsch!")


def test_a_server_without_times_is_asked_without_them_from_then_on(server):
    listener = listener_at(server)
    server.script.append(status(400, "response_format 'verbose_json' is not compatible"))
    for _ in range(2):
        told = listener.transcribe(said("good day"))
        (heard,) = told.segments
        assert (heard.text, heard.start_s) == ("good day", 0)
        assert heard.end_s == pytest.approx(told.duration_s)
        assert heard.confidence is None
    formats = [asked.form["response_format"] for asked in server.requests]
    assert formats == [b"verbose_json", b"json", b"json"]


def test_what_it_refuses_otherwise_is_an_error(server):
    server.script.append(status(400, "file is too large"))
    with pytest.raises(RemoteFailed, match="file is too large"):
        listener_at(server).transcribe(QUIET)


def test_times_outside_the_sound_are_brought_inside(server):
    segments = [
        {"text": "a", "start": -3, "end": 0.5, "avg_logprob": -0.1},
        {"text": "b", "start": 0.5, "end": 99, "avg_logprob": None},
        {"text": " ", "start": 0, "end": 1},
        {"text": "c", "start": "x", "end": float("inf"), "avg_logprob": 3},
    ]
    server.script.append(answering({"text": "a b c", "segments": segments}))
    told = listener_at(server).transcribe(QUIET)
    assert [(one.text, one.start_s, one.end_s) for one in told.segments] == [
        ("a", 0, 0.5),
        ("b", 0.5, 1),
        ("c", 0, 1),
    ]
    assert [one.confidence for one in told.segments] == [pytest.approx(np.exp(-0.1)), None, 1]


@pytest.mark.parametrize("told", [{}, {"text": 3}, {"text": "a", "segments": [3]}])
def test_an_answer_without_text_is_an_error(server, told):
    server.script.append(answering(told))
    with pytest.raises(RemoteFailed, match="text"):
        listener_at(server).transcribe(QUIET)


def test_where_nobody_speaks_there_is_no_segment(server):
    told = listener_at(server).transcribe(QUIET)
    assert (told.segments, told.text) == ((), "")


def test_a_short_sound_ends_in_silence_as_servers_refuse_shorter_ones(server):
    assert listener_at(server).transcribe(QUIET[:9]).duration_s == 9 / SAMPLE_RATE
    with wave.open(io.BytesIO(server.requests[0].form["file"])) as sent:
        assert sent.getnframes() == SAMPLE_RATE // 10


def test_a_long_sound_is_cut_where_it_is_quiet_and_its_times_go_on(server):
    noise = np.random.default_rng(0).normal(0, 0.1, 70 * SAMPLE_RATE).astype(np.float32)
    noise[25 * SAMPLE_RATE : 26 * SAMPLE_RATE] = 0
    parts = list(windows(noise, 30))
    np.testing.assert_array_equal(np.concatenate([part for _, part in parts]), noise)
    assert 25 < parts[1][0] < 26
    assert all(len(part) <= 30 * SAMPLE_RATE for _, part in parts)
    server.script += [answering({"text": f"part {at}"}) for at in range(len(parts))]
    told = listener_at(server, window_s=30).transcribe(noise)
    assert [one.start_s for one in told.segments] == [start for start, _ in parts]
    assert told.segments[-1].end_s == pytest.approx(70)
    with pytest.raises(BadConfig, match="window_s"):
        listener_at(server, window_s=5)


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("english", "en"),
        ("German", "de"),
        ("de", "de"),
        ("pt-BR", "pt"),
        ("haitian creole", "ht"),
        ("haw", "haw"),
        ("klingonish", None),
        (None, None),
        (3, None),
    ],
)
def test_languages_are_known_by_their_names(told, code):
    assert language_of(told) == code

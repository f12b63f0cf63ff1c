"""`/v1/audio/transcriptions` and `/v1/audio/speech` are OpenAI's, through its own client."""

from __future__ import annotations

import io

import httpx
import numpy as np
import openai
import pytest
import soundfile

from scrubjay.core.config import Settings
from scrubjay.core.types import SAMPLE_RATE
from scrubjay.models.load import load_asr, load_tts
from scrubjay.models.wave_bytes import decode_pcm16, encode_wave
from scrubjay.store.home import Home
from scrubjay.web.server import create_app
from scrubjay.web.settings import ServeSettings
from tests.web.conftest import FAKES
from tests.web.live import listening

SAID = "Zwei Tassen <auf> dem Tisch\nund eine daneben"


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    home = Home(Settings(home=tmp_path_factory.mktemp("home"), threads=1, builtin=False))
    app = create_app(home, ServeSettings(watch_s=0, access_log=False), asking=FAKES)
    with listening(app) as address:
        yield address


@pytest.fixture(scope="module")
def client(url):
    """The `openai` package as it comes, at a real port."""
    with openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def sound():
    return load_tts("fake").speak(SAID, language="de").samples


@pytest.fixture(scope="module")
def file(sound):
    return ("said.wav", encode_wave(sound), "audio/wav")


def hear(client, file, **more):
    return client.audio.transcriptions.create(model="scrubjay", file=file, **more)


def test_a_recording_is_heard(client, file):
    assert hear(client, file).text == SAID.replace("\n", " ")


def test_every_kind_of_answer_says_the_same(client, file, sound):
    words = SAID.replace("\n", " ")
    assert hear(client, file, response_format="text") == words + "\n"
    told = hear(client, file, response_format="verbose_json", timestamp_granularities=["segment"])
    here = load_asr("fake").transcribe(sound)
    assert (told.text, told.language, told.task) == (words, "de", "transcribe")
    assert told.duration == pytest.approx(here.duration_s, abs=1e-3)
    for mine, theirs in zip(told.segments, here.segments, strict=True):
        assert mine.text == theirs.text
        assert (mine.start, mine.end) == pytest.approx((theirs.start_s, theirs.end_s), abs=2e-3)
        assert mine.avg_logprob == 0
        assert mine.no_speech_prob is None


def test_subtitles_are_subtitles(client, file):
    srt = hear(client, file, response_format="srt").split("\n\n")
    number, times, line = srt[0].split("\n")
    assert (number, line, len(srt)) == ("1", "Zwei Tassen <auf> dem Tisch", 3)
    assert times[:8] == "00:00:00"
    assert times[8] == ","
    vtt = hear(client, file, response_format="vtt")
    assert vtt.startswith("WEBVTT\n\n00:00:00.")
    assert "Zwei Tassen &lt;auf&gt; dem Tisch" in vtt
    assert " --> " in vtt


@pytest.mark.parametrize("kind", ["flac", "wav"])
def test_files_of_several_kinds_are_heard(client, sound, kind):
    out = io.BytesIO()
    soundfile.write(out, sound, SAMPLE_RATE, format=kind.upper())
    assert hear(client, (f"a.{kind}", out.getvalue())).text == SAID.replace("\n", " ")


def test_language_words_prompt_and_temperature_are_taken(client, file):
    told = hear(
        client,
        file,
        language="de",
        prompt="Tassen",
        temperature=0.2,
        response_format="verbose_json",
    )
    assert told.language == "de"
    held = hear(client, file, extra_body={"words": ["zwei", "tisch"]})
    assert held.text == "Zwei Tisch"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"stream": "true"}, "stream"),
        ({"response_format": "diarized_json"}, "response_format"),
        ({"timestamp_granularities[]": "word"}, "words have no times"),
        ({"include[]": "logprobs"}, "include"),
        ({"language": "german!"}, "language"),
        ({"smell": "a"}, "'smell'"),
        ({"words[]": [f"a{at}" for at in range(1001)]}, "words"),
    ],
)
def test_what_is_not_followed_is_refused_by_name(url, file, fields, says):
    answer = httpx.post(f"{url}/v1/audio/transcriptions", data=fields, files={"file": file})
    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ({}, 400),
        ({"recording": b"RIFF"}, 400),
        ({"file": ("a.wav", b"")}, 422),
        ({"file": ("a.wav", b"RIFF....WAVEfmt ")}, 422),
        ({"file": ("a.wav", b"no sound at all")}, 422),
        ({"file": ("../../etc/passwd", b"root:x:0:0")}, 422),
    ],
)
def test_what_is_no_recording_is_refused(url, files, status):
    sent = files or {"nothing": (None, "")}
    answer = httpx.post(f"{url}/v1/audio/transcriptions", files=sent)
    assert answer.status_code == status
    assert "/" not in answer.json()["error"]["message"].partition(":")[0]


def test_an_address_is_no_recording(url):
    answer = httpx.post(f"{url}/v1/audio/transcriptions", data={"file": "http://127.0.0.1:9/a"})
    assert answer.status_code == 400
    assert "must be a file" in answer.json()["error"]["message"]


def test_a_text_is_spoken(client):
    here = load_tts("fake").speak(SAID, language="de")
    made = client.audio.speech.create(
        model="scrubjay", voice="de", input=SAID, response_format="wav"
    )
    assert made.response.headers["content-type"] == "audio/wav"
    samples, rate = soundfile.read(io.BytesIO(made.content), dtype="float32")
    assert rate == here.rate
    np.testing.assert_allclose(samples, here.samples, atol=1e-4)
    assert load_asr("fake").transcribe(samples).language == "de"


def test_any_other_voice_is_the_one_there_is_and_speed_is_followed(client):
    slow, fast = (
        client.audio.speech.create(
            model="fake", voice="alloy", input=SAID, response_format="pcm", speed=speed
        ).content
        for speed in (1.0, 2.0)
    )
    assert len(fast) < len(slow)
    here = load_tts("fake").speak(SAID)
    assert len(decode_pcm16(slow)) == pytest.approx(here.duration_s * 24_000, abs=2)


@pytest.mark.parametrize(
    ("name", "container", "kind"),
    [
        ("mp3", "MP3", "audio/mpeg"),
        ("opus", "OGG", "audio/ogg"),
        ("flac", "FLAC", "audio/flac"),
        (None, "MP3", "audio/mpeg"),
    ],
)
def test_a_text_is_spoken_in_the_format_that_is_asked_for(client, name, container, kind):
    more = {} if name is None else {"response_format": name}
    made = client.audio.speech.create(model="scrubjay", voice="en", input=SAID, **more)
    assert made.response.headers["content-type"] == kind
    told = soundfile.info(io.BytesIO(made.content))
    assert told.format == container
    here = load_tts("fake").speak(SAID)
    assert told.duration == pytest.approx(here.duration_s, abs=0.2)


@pytest.mark.parametrize(
    "more",
    [
        {"input": ""},
        {"input": "a" * 10_001},
        {"response_format": "aac"},
        {"speed": 9.0},
        {"speed": 0.0},
        {"stream_format": "sse"},
        {"voice": 3},
        {"smell": "a"},
    ],
)
def test_speech_that_cannot_be_is_refused(url, more):
    body = {"model": "scrubjay", "input": "a", "voice": "en", **more}
    answer = httpx.post(f"{url}/v1/audio/speech", json=body)
    assert answer.status_code == 400
    assert next(iter(more)) in answer.text


def test_only_models_that_answer_here_may_be_named(client, file):
    with pytest.raises(openai.NotFoundError, match="whisper-1"):
        client.audio.transcriptions.create(model="whisper-1", file=file)
    with pytest.raises(openai.NotFoundError, match="tts-1"):
        client.audio.speech.create(model="tts-1", voice="en", input="a")

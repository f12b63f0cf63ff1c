"""The promises of SpeechToText, held by every family that `families(Room.ASR)` finds.

A new family needs one line in BUILDERS: how to make a small one, and what it is to hear.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import pytest

from scrubjay.core.errors import BadMedia, WrongUse
from scrubjay.core.hearing import Transcript
from scrubjay.core.looking import ModelSpec
from scrubjay.core.protocols import SpeechToText
from scrubjay.models.family import Room
from scrubjay.models.load import families, load_asr, load_tts
from tests.models.voices import noise, say, silence, tone


class Small(NamedTuple):
    """A small listener, and speech for it with silence around."""

    make: Callable[..., SpeechToText]
    speech: Callable[[], np.ndarray]


def spoken() -> np.ndarray:
    return np.concatenate([silence(0.6), say("how many cups are on the table"), silence(0.6)])


def tones() -> np.ndarray:
    return np.concatenate([silence(0.6), load_tts("fake").speak("how many cups\nred").samples])


def pocketsphinx(request) -> SpeechToText:
    pytest.importorskip("pocketsphinx")
    return load_asr("pocketsphinx")


def faster_whisper(request) -> SpeechToText:
    folder = request.getfixturevalue("converted_folder")
    return load_asr("faster_whisper", source=folder, threads=1, beam=1)


def whisper(request) -> SpeechToText:
    return load_asr("whisper", source=request.getfixturevalue("whisper_folder"))


def remote(request) -> SpeechToText:
    url = request.getfixturevalue("standing_server").url
    return load_asr("remote", url=url, model="listener", retries=0)


BUILDERS = {
    "fake": Small(lambda _: load_asr("fake"), tones),
    "faster_whisper": Small(faster_whisper, spoken),
    "pocketsphinx": Small(pocketsphinx, spoken),
    "remote": Small(remote, tones),
    "whisper": Small(whisper, spoken),
}

each = pytest.mark.parametrize("family", BUILDERS)


@pytest.fixture(scope="module")
def listeners(request) -> Callable[[str], SpeechToText]:
    made: dict[str, SpeechToText] = {}

    def listener(family: str) -> SpeechToText:
        if family not in made:
            made[family] = BUILDERS[family].make(request)
        return made[family]

    return listener


@pytest.fixture
def listener(listeners, family: str) -> SpeechToText:
    return listeners(family)


@pytest.fixture
def speech(family: str) -> np.ndarray:
    return BUILDERS[family].speech()


def check(transcript: Transcript, sound: np.ndarray) -> None:
    assert isinstance(transcript, Transcript)
    assert transcript.duration_s == pytest.approx(len(sound) / 16_000, abs=1e-3)
    assert transcript.listener
    before = 0.0
    for one in transcript.segments:
        assert one.text == one.text.strip() != ""
        assert before - 1e-6 <= one.start_s <= one.end_s <= transcript.duration_s + 1e-6
        assert one.confidence is None or 0 <= one.confidence <= 1
        before = one.start_s
    assert transcript.to_json()["text"] == transcript.text


@each
def test_the_spec_says_what_it_is(family: str, listener: SpeechToText) -> None:
    assert isinstance(listener, SpeechToText)
    spec = listener.spec
    assert isinstance(spec, ModelSpec)
    assert spec == listener.spec
    assert spec.family == family
    assert spec.name
    assert len(spec.fingerprint) == 64


@each
def test_speech_is_heard_where_it_is(family: str, listener: SpeechToText, speech) -> None:
    transcript = listener.transcribe(speech)
    check(transcript, speech)
    assert transcript.segments
    assert transcript.segments[0].start_s > 0.3
    assert transcript.language is not None


@each
@pytest.mark.parametrize(
    "sound",
    [silence(0), silence(1), noise(0.01), noise(2, 0.05), tone(2)],
    ids=["empty", "silence", "10 ms", "noise", "tone"],
)
def test_where_nobody_speaks_nothing_is_heard(family: str, listener: SpeechToText, sound) -> None:
    transcript = listener.transcribe(sound)
    check(transcript, sound)
    assert transcript.segments == ()
    assert transcript.text == ""
    assert transcript.confidence is None


@each
def test_the_same_sound_is_heard_the_same_way_and_left_as_it_was(
    family: str, listener: SpeechToText, speech
) -> None:
    before = speech.copy()
    speech.setflags(write=False)
    first = listener.transcribe(speech)
    listener.transcribe(np.concatenate([noise(1, 0.02), speech[::-1]]))
    assert listener.transcribe(speech) == first
    assert speech.tobytes() == before.tobytes()


@each
def test_a_given_language_is_kept(family: str, listener: SpeechToText, speech) -> None:
    transcript = listener.transcribe(speech, language="en-US")
    check(transcript, speech)
    assert (transcript.language, transcript.language_confidence) == ("en", None)


@each
def test_words_can_be_given(family: str, listener: SpeechToText, speech) -> None:
    transcript = listener.transcribe(speech, language="en", words=["cups", "red", "how many"])
    check(transcript, speech)


@each
def test_threads_hear_the_same_as_one(family: str, listener: SpeechToText, speech) -> None:
    alone = listener.transcribe(speech, language="en")
    with ThreadPoolExecutor(3) as pool:
        heard = pool.map(lambda _: listener.transcribe(speech, language="en"), range(3))
        assert list(heard) == [alone] * 3


@each
def test_what_cannot_be_heard_is_refused(family: str, listener: SpeechToText) -> None:
    for media in (np.zeros((2, 100), np.float32), np.zeros(100, np.int16), "text"):
        with pytest.raises(BadMedia):
            listener.transcribe(media)
    with pytest.raises(BadMedia):
        listener.transcribe(np.full(100, np.nan, np.float32))
    with pytest.raises(WrongUse):
        listener.transcribe(silence(0.1), language="no language")
    for words in ([], [" "]):
        with pytest.raises(WrongUse):
            listener.transcribe(silence(0.1), words=words)


@pytest.mark.parametrize("family", families(Room.ASR))
def test_every_family_has_a_builder_here(family: str) -> None:
    assert family in BUILDERS, f"{family!r} is not held to the contract: add it to BUILDERS"


def test_no_builder_is_left_over() -> None:
    assert set(BUILDERS) <= set(families(Room.ASR))

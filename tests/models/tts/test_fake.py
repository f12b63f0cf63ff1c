from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrubjay.core.errors import BadMedia, WrongUse
from scrubjay.models.load import load_asr, load_tts

TEXTS = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1)


@given(
    lines=st.lists(TEXTS.filter(str.strip), min_size=1, max_size=4),
    speed=st.sampled_from([0.5, 1, 2, 4]),
)
@settings(max_examples=60, deadline=None)
def test_the_fake_listener_reads_back_the_fake_voice_line_by_line(lines, speed) -> None:
    spoken = load_tts("fake").speak("\n".join(lines), speed=speed)
    heard = load_asr("fake").transcribe(spoken.samples)
    assert [one.text for one in heard.segments] == lines
    assert heard.duration_s == pytest.approx(spoken.duration_s)
    times = [time for one in heard.segments for time in (one.start_s, one.end_s)]
    assert times == sorted(times)
    assert times[-1] <= spoken.duration_s


def test_the_language_is_told_in_the_sound() -> None:
    spoken = load_tts("fake").speak("wie viele Tassen?", language="de-AT")
    assert spoken.language == "de"
    heard = load_asr("fake").transcribe(spoken.samples)
    assert (heard.language, heard.language_confidence) == ("de", 1.0)
    given = load_asr("fake").transcribe(spoken.samples, language="fr")
    assert (given.language, given.language_confidence) == ("fr", None)
    assert given.text == "wie viele Tassen?"


def test_only_the_words_given_are_heard() -> None:
    spoken = load_tts("fake").speak("Three red cups, please.")
    heard = load_asr("fake").transcribe(spoken.samples, words=["three", "cups"])
    assert heard.text == "Three cups,"


def test_faster_is_shorter() -> None:
    slow, plain, fast = (
        load_tts("fake").speak("how many?", speed=speed).duration_s for speed in (0.5, 1, 2)
    )
    assert slow > plain > fast


@pytest.mark.parametrize("text", ["", " \n"])
def test_empty_text_is_a_short_silence(text: str) -> None:
    spoken = load_tts("fake").speak(text)
    assert 0 < spoken.duration_s < 1
    assert not spoken.samples.any()
    assert load_asr("fake").transcribe(spoken.samples).segments == ()


def test_in_noise_in_speech_and_in_nothing_it_hears_nothing() -> None:
    noise = np.random.default_rng(1).uniform(-0.8, 0.8, 16_000).astype(np.float32)
    for sound in (noise, noise[:0], np.zeros(8_000, np.float32)):
        heard = load_asr("fake").transcribe(sound)
        assert heard.segments == ()
        assert heard.language is None


def test_wrong_uses_are_refused() -> None:
    with pytest.raises(WrongUse):
        load_tts("fake").speak("a", language="german")
    with pytest.raises(WrongUse):
        load_tts("fake").speak("a", speed=0)
    with pytest.raises(BadMedia):
        load_asr("fake").transcribe(np.zeros((2, 9), np.float32))
    with pytest.raises(WrongUse):
        load_asr("fake").transcribe(np.zeros(9, np.float32), words=[])

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from difflib import SequenceMatcher

import numpy as np
import pytest
import soxr

from scrubjay.core.errors import WrongUse
from scrubjay.models.load import load_asr
from tests.models.voices import needs_espeak, noise, say, silence

pytest.importorskip("pocketsphinx")

DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@pytest.fixture(scope="module")
def listener():
    return load_asr("pocketsphinx")


def telephone(sound: np.ndarray) -> np.ndarray:
    """As it sounds after a line of 8 kHz."""
    narrow = soxr.resample(sound, 16_000, 8_000, quality="HQ")
    return soxr.resample(narrow, 8_000, 16_000, quality="HQ").astype(np.float32)


@needs_espeak
@pytest.mark.parametrize("voice", ["en-us", "en-us+f3"])
@pytest.mark.parametrize("line", [lambda sound: sound, telephone], ids=["wide", "telephone"])
def test_a_grammar_of_ten_words_hears_digits(listener, voice: str, line) -> None:
    said = ["three", "one", "four", "one", "five", "nine", "two", "six"]
    parts = [part for word in said for part in (noise(0.5, 1e-3), say(word, voice))]
    heard = listener.transcribe(line(np.concatenate(parts)), words=DIGITS)
    matched = SequenceMatcher(a=said, b=heard.text.split()).get_matching_blocks()
    assert sum(block.size for block in matched) >= 6
    assert len(heard.text.split()) <= 10
    assert set(heard.text.split()) <= set(DIGITS)


@needs_espeak
def test_words_are_written_as_they_were_given_and_may_be_several(listener) -> None:
    words = ["Traffic Light", "Table", "CUP"]
    for word in words:
        heard = listener.transcribe(say(word.lower()), words=words)
        assert heard.text == word


@needs_espeak
def test_segments_have_the_times_of_the_speech(listener) -> None:
    first, second = say("how many cups are on the table"), say("what colour is the car")
    sound = np.concatenate([silence(1.0), first, silence(1.5), second, silence(0.5)])
    heard = listener.transcribe(sound)
    begins = (1.0, 2.5 + len(first) / 16_000)
    assert [one.start_s for one in heard.segments] == pytest.approx(begins, abs=0.1)
    ends = (1.0 + len(first) / 16_000, len(sound) / 16_000 - 0.5)
    assert [one.end_s for one in heard.segments] == pytest.approx(ends, abs=0.1)
    assert all(0 <= one.confidence <= 1 for one in heard.segments)


@needs_espeak
def test_one_grammar_after_another_and_free_speech_between(listener) -> None:
    sound = say("four")
    assert listener.transcribe(sound, words=DIGITS).text == "four"
    assert listener.transcribe(sound, words=["apple", "table"]).text in {"", "apple", "table"}
    free = listener.transcribe(sound)
    assert listener.transcribe(sound, words=DIGITS).text == "four"
    assert listener.transcribe(sound) == free


def test_unknown_words_are_named_and_nothing_in_them_is_grammar(listener) -> None:
    with pytest.raises(WrongUse, match=r"'xqzzy', 'grün'"):
        listener.transcribe(silence(1), words=["one", "xqzzy", "grün"])
    for word in ("one | two", "<said>", "(one)", "one;", "one(2)", "{tag}", "7", "one*"):
        with pytest.raises(WrongUse, match="does not know how to say"):
            listener.transcribe(silence(1), words=[word])


def test_another_language_says_what_to_use_instead(listener) -> None:
    with pytest.raises(WrongUse, match=r"asr=faster_whisper.*asr=whisper.*asr=remote"):
        listener.transcribe(silence(1), language="de")


@needs_espeak
def test_another_language_is_not_passed_off_as_english(listener) -> None:
    english = ("how many cups are on the table", "what colour is the car", "is the door open")
    other = {
        "de": ("wie viele Tassen stehen auf dem Tisch", "welche Farbe hat das Auto"),
        "fr": ("combien de tasses y a-t-il sur la table", "de quelle couleur est la voiture"),
        "es": ("cuántas tazas hay en la mesa", "de qué color es el coche"),
    }
    known = [listener.transcribe(say(text)).language for text in english]
    assert known.count("en") >= 2
    strange = [
        listener.transcribe(say(text, voice)).language
        for voice, texts in other.items()
        for text in texts
    ]
    assert strange.count(None) >= 3
    assert listener.transcribe(say(other["de"][0], "de"), language="en").language == "en"


@needs_espeak
def test_without_vad_all_of_it_is_heard_in_pieces() -> None:
    listener = load_asr("pocketsphinx", vad=False)
    sound = np.concatenate([silence(0.2), say("seven"), silence(17), say("three"), silence(0.2)])
    heard = listener.transcribe(
        sound + noise(len(sound) / 16_000, 1e-3)[: len(sound)], words=DIGITS
    )
    assert [one.start_s for one in heard.segments] == [0.0, 15.0]


@needs_espeak
def test_a_long_sound_costs_no_copy_of_itself(listener) -> None:
    sound = np.concatenate([silence(120), say("three"), silence(120), say("four"), silence(60)])
    tracemalloc.start()
    heard = listener.transcribe(sound, words=DIGITS)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [one.text for one in heard.segments] == ["three", "four"]
    assert peak < sound.nbytes / 3


@needs_espeak
def test_it_says_nothing_on_standard_error_and_needs_no_torch() -> None:
    program = (
        "import sys\n"
        "from tests.models.voices import say\n"
        "from scrubjay.models.load import load_asr\n"
        "print(load_asr('pocketsphinx').transcribe(say('seven'), words=['seven', 'one']).text)\n"
        "print(sorted({'torch', 'faster_whisper', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["seven", "[]"]
    assert done.stderr == ""

"""What the offline voice says, the offline listener hears: the default models, end to end."""

from __future__ import annotations

from difflib import SequenceMatcher

import pytest
import soxr

from scrubjay.models.load import load_asr, load_tts
from tests.models.voices import needs_espeak

pytest.importorskip("pocketsphinx")

QUESTIONS = (
    "how many cups are on the table",
    "what color is the car",
    "where is the red book",
    "read the sign please",
    "who is standing next to the tree",
    "is the door open",
    "what is in the picture",
    "find a dog on the beach",
    "how many people are there",
    "what does the sign say",
)
VOCABULARY = sorted({word for question in QUESTIONS for word in question.split()})


def heard(words: list[str] | None) -> float:
    """Share of the questions' words that are heard."""
    voice, listener = load_tts("espeak"), load_asr("pocketsphinx")
    right = count = 0
    for question in QUESTIONS:
        spoken = voice.speak(question)
        sound = soxr.resample(spoken.samples, spoken.rate, 16_000, quality="HQ")
        text = listener.transcribe(sound, words=words).text
        said = question.split()
        blocks = SequenceMatcher(a=said, b=text.split(), autojunk=False).get_matching_blocks()
        right += sum(block.size for block in blocks)
        count += len(said)
        print(f"{question!r} is heard as {text!r}")
    print(f"{right} of {count} words")
    return right / count


@needs_espeak
def test_spoken_questions_are_heard() -> None:
    """36 of 53 words."""
    assert heard(None) >= 0.55


@needs_espeak
def test_and_more_of_them_where_the_words_are_known() -> None:
    """42 of 53 words, out of the 34 there are."""
    assert heard(VOCABULARY) >= 0.7

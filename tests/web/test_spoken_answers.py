"""Answers kept to be heard: for who was answered, for a while, in bounded memory."""

from __future__ import annotations

import asyncio
import io

import numpy as np
import pytest
import soundfile

from scrubjay.core.errors import UnknownName, WrongUse
from scrubjay.core.hearing import Spoken
from scrubjay.web import spoken_answers
from scrubjay.web.spoken_answers import KEPT_S, LONGEST, MOST, SpokenAnswers

RATE = 22_050


class Voice:
    """Says a text as that many samples, each of them its first letter."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    async def __call__(self, text: str, language: str) -> Spoken:
        self.said.append((text, language))
        await asyncio.sleep(0)
        samples = np.full(len(text), ord(text[0]) / 256, np.float32)
        return Spoken(samples, RATE, language, "a voice")


def heard(kept: SpokenAnswers, name: str, voice: Voice, owner: str = "me") -> bytes:
    return asyncio.run(kept.sound(name, owner=owner, speak=voice))


def test_an_answer_is_a_wav_file_of_what_the_voice_said() -> None:
    kept, voice = SpokenAnswers(), Voice()
    name = kept.keep("a red star", "en", owner="me")
    assert voice.said == []
    samples, rate = soundfile.read(io.BytesIO(heard(kept, name, voice)), dtype="float32")
    assert rate == RATE
    assert samples == pytest.approx(np.full(10, ord("a") / 256), abs=1e-4)
    assert voice.said == [("a red star", "en")]


def test_it_is_spoken_once_however_often_it_is_asked_for() -> None:
    kept, voice = SpokenAnswers(), Voice()
    name = kept.keep("twice", "de", owner="me")

    async def both() -> list[bytes]:
        return list(
            await asyncio.gather(
                *(kept.sound(name, owner="me", speak=voice) for _ in range(5)),
            )
        )

    assert len(set(asyncio.run(both()))) == 1
    assert voice.said == [("twice", "de")]


def test_nobody_else_hears_it_and_names_differ() -> None:
    kept, voice = SpokenAnswers(), Voice()
    names = {kept.keep("mine", "en", owner="me") for _ in range(50)}
    assert len(names) == 50
    assert min(map(len, names)) >= 20
    for owner in ("", "you", "mee"):
        with pytest.raises(UnknownName, match="ask again"):
            heard(kept, names.copy().pop(), voice, owner)
    with pytest.raises(UnknownName):
        heard(kept, "guessed", voice)
    assert voice.said == []


def test_it_is_forgotten_after_a_while() -> None:
    now = 100.0
    kept, voice = SpokenAnswers(clock=lambda: now), Voice()
    name = kept.keep("soon gone", "en", owner="me")
    now += KEPT_S - 1
    assert heard(kept, name, voice)
    now += 1
    with pytest.raises(UnknownName):
        heard(kept, name, voice)
    assert kept._kept == {}


def test_the_oldest_goes_when_there_are_too_many() -> None:
    kept, voice = SpokenAnswers(), Voice()
    names = [kept.keep(f"answer {at}", "en", owner="me") for at in range(MOST + 3)]
    assert len(kept._kept) == MOST
    with pytest.raises(UnknownName):
        heard(kept, names[2], voice)
    assert heard(kept, names[3], voice)


def test_sounds_take_bounded_memory_and_are_spoken_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spoken_answers, "MOST_BYTES", 3 * 250)
    kept, voice = SpokenAnswers(), Voice()
    names = [kept.keep(letter * 100, "en", owner="me") for letter in "abcd"]
    sounds = [heard(kept, name, voice) for name in names]
    assert len(sounds[0]) == 244
    assert [one.sound is None for one in kept._kept.values()] == [True, False, False, False]
    assert heard(kept, names[0], voice) == sounds[0]
    assert len(voice.said) == 5


def test_a_very_long_answer_is_spoken_in_part() -> None:
    kept, voice = SpokenAnswers(), Voice()
    heard(kept, kept.keep("x" * 10 * LONGEST, "en", owner="me"), voice)
    assert len(voice.said[0][0]) == LONGEST


def test_a_voice_that_fails_is_asked_again() -> None:
    kept, voice = SpokenAnswers(), Voice()
    name = kept.keep("try again", "xx", owner="me")

    async def fails(text: str, language: str) -> Spoken:
        raise WrongUse(f"nobody speaks {language}")

    with pytest.raises(WrongUse, match="nobody speaks xx"):
        asyncio.run(kept.sound(name, owner="me", speak=fails))
    assert heard(kept, name, voice)

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from scrubjay.core.errors import NotReady, ScrubjayError, UnknownName, WrongUse
from scrubjay.core.hearing import Spoken
from scrubjay.models.load import load_tts
from scrubjay.models.tts import espeak

needs_espeak = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng is not installed"
)


def said(text: str, **how) -> np.ndarray:
    return load_tts("espeak").speak(text, **how).samples


@needs_espeak
def test_it_says_what_the_command_says() -> None:
    made = subprocess.run(
        ["espeak-ng", "-v", "en-us", "-s", "165", "-b", "1", "--stdin", "--stdout"],
        input=b"how many cups?",
        capture_output=True,
        check=True,
    ).stdout
    samples = np.frombuffer(made[44:], "<i2").astype(np.float32) / 32768
    spoken = load_tts("espeak").speak("how many cups?")
    assert spoken.rate == int.from_bytes(made[24:28], "little") == 22_050
    assert spoken.samples.tobytes() == samples.tobytes()
    assert spoken.samples.any()


@needs_espeak
@pytest.mark.parametrize(
    ("asked", "code", "voice"),
    [
        (None, "en", "en-us"),
        ("en", "en", "en-us"),
        ("en-GB", "en", "en-gb"),
        ("de", "de", "de"),
        ("de_AT", "de", "de"),
        ("pt", "pt", "pt"),
        ("no", "no", "nb"),
        ("zh", "zh", "cmn"),
    ],
)
def test_a_language_finds_its_best_voice(asked: str | None, code: str, voice: str) -> None:
    spoken = load_tts("espeak").speak("1 2 3", language=asked)
    assert (spoken.language, spoken.voice) == (code, f"espeak-ng {voice}")


@needs_espeak
@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ar", "مرحبا"),
        ("cs", "dobrý den"),
        ("el", "καλημέρα"),
        ("hi", "नमस्ते"),
        ("ja", "こんにちは"),
        ("ko", "안녕하세요"),
        ("ru", "сколько чашек"),
        ("ta", "வணக்கம்"),
        ("tr", "merhaba"),
        ("uk", "добрий день"),
    ],
)
def test_languages_of_other_scripts_are_spoken(language: str, text: str) -> None:
    voice = load_tts("espeak")
    assert language in voice.spec.languages
    spoken = voice.speak(text, language=language)
    assert 0.3 < spoken.duration_s < 5
    assert np.abs(spoken.samples).max() > 0.1


@needs_espeak
def test_a_text_that_would_be_silent_is_refused() -> None:
    assert not said("...").any()
    with pytest.raises(WrongUse, match="no sounds"):
        said("3 2 1", language="he")


@needs_espeak
def test_languages_sound_different_and_an_unknown_one_names_the_nearest() -> None:
    assert said("1 2 3", language="de").tobytes() != said("1 2 3", language="fr").tobytes()
    with pytest.raises(UnknownName, match="unknown language of espeak-ng 'xx'"):
        said("a", language="xx")


@needs_espeak
def test_twice_the_speed_is_about_half_the_time() -> None:
    text = "one two three four five six seven eight nine ten eleven twelve"
    slow, plain, fast = (len(said(text, speed=speed)) for speed in (0.6, 1.0, 2.0))
    assert slow > 1.3 * plain
    assert fast < 0.65 * plain


@needs_espeak
@pytest.mark.parametrize("text", ["", " \t\n", "\x00\x01"])
def test_nothing_to_say_is_a_short_silence(text: str) -> None:
    spoken = load_tts("espeak").speak(text)
    assert isinstance(spoken, Spoken)
    assert 0 < spoken.duration_s < 1
    assert not spoken.samples.any()


@needs_espeak
@pytest.mark.parametrize(
    ("text", "as_text"),
    [
        ("\x0180S fast", "80S fast"),
        ("a\x1b\x07b", "a b"),
        ("one\r\ntwo", "one two"),
    ],
)
def test_control_characters_steer_nothing(text: str, as_text: str) -> None:
    assert said(text).tobytes() == said(as_text).tobytes()


@needs_espeak
def test_phonemes_and_markup_are_text() -> None:
    assert said("[[h@l'oU]]").tobytes() == said("[ [h@l'oU]]").tobytes()
    assert said("[[[h@l'oU]]]").tobytes() == said("[ [ [h@l'oU]]]").tobytes()
    # A break that was obeyed would be ten seconds of silence.
    spoken = load_tts("espeak").speak('a <break time="10s"/> b')
    quiet = np.abs(spoken.samples) < 1e-3
    longest = max(len(run) for run in "".join("q" if one else "." for one in quiet).split("."))
    assert longest < spoken.rate


@needs_espeak
def test_a_text_is_never_an_option(tmp_path: Path) -> None:
    target = tmp_path / "stolen.wav"
    for text in (f"-w {target}", f"--stdout -w{target}", "--help", "-f /etc/passwd"):
        assert said(text).any()
    assert not target.exists()
    with pytest.raises(WrongUse):
        said("a", language=f"-w{target}")
    with pytest.raises(UnknownName):
        load_tts("espeak", voice=f"-w{target}")
    with pytest.raises(UnknownName, match="variant"):
        load_tts("espeak", voice=f"en-us+../../{target}")


@needs_espeak
def test_a_text_in_any_script_is_spoken() -> None:
    for text in ("Überraschung", "日本語", "👍🏽", "\ud800half", "\ufffe", "a\u202eb"):
        spoken = load_tts("espeak").speak(text)
        assert spoken.duration_s > 0
        assert np.isfinite(spoken.samples).all()


@needs_espeak
def test_long_texts_are_spoken_quickly_and_endless_ones_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert len(said("the cat sat on the mat. " * 400)) > 100 * 22_050
    with pytest.raises(WrongUse, match="at most 10,000"):
        said("a" * 10_001)
    monkeypatch.setattr(espeak, "LONGEST_S", 20)
    with pytest.raises(WrongUse, match="give it in parts"):
        said("the cat sat on the mat. " * 400)


@needs_espeak
def test_voices_variants_and_pitches() -> None:
    plain = said("hello")
    woman = load_tts("espeak", voice="en-us+f3").speak("hello").samples
    high = load_tts("espeak", pitch=90).speak("hello").samples
    assert len({one.tobytes() for one in (plain, woman, high)}) == 3
    for options in ({"pitch": 100}, {"words_a_minute": 10}, {"voice": "english"}):
        with pytest.raises(WrongUse):
            load_tts("espeak", **options)


@needs_espeak
def test_the_fingerprint_follows_the_voice() -> None:
    prints = [
        load_tts("espeak", **options).spec.fingerprint
        for options in ({}, {"voice": "de"}, {"pitch": 60}, {})
    ]
    assert len(set(prints)) == 3
    assert prints[0] == prints[3]


def test_without_espeak_the_message_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotReady, match="apt-get install espeak-ng"):
        load_tts("espeak")


def other_espeak(folder: Path, speaks: str) -> None:
    """An espeak-ng that lists one voice, and does something else when it is to speak."""
    script = folder / "espeak-ng"
    script.write_text(
        "#!/bin/sh\ncase $1 in\n--version) echo other;;\n"
        "--voices) echo ' 2  en-us  --/M  English  gmw/en-US  (en 3)';;\n"
        f"*) {speaks};;\nesac\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)


def test_one_that_fails_or_hangs_is_an_error_that_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    espeak._voices.cache_clear()
    try:
        other_espeak(tmp_path, "exit 1")
        with pytest.raises(ScrubjayError, match="said nothing"):
            load_tts("espeak").speak("hello")
        other_espeak(tmp_path, "exec sleep 60")
        voice = load_tts("espeak")
        monkeypatch.setattr(espeak, "PATIENCE_S", 0.5)
        began = time.monotonic()
        with pytest.raises(ScrubjayError, match="still speaking"):
            voice.speak("hello")
        assert time.monotonic() - began < 50
    finally:
        espeak._voices.cache_clear()

"""A question asked aloud into chromium's microphone is answered aloud, without another press."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from playwright.sync_api import Playwright, expect

from scrubjay.core.types import Sound
from scrubjay.models.load import load_asr, load_tts
from scrubjay.models.wave_bytes import decode_wave
from tests.web.browser.asked import RED, is_heard, picture, wav_of
from tests.web.browser.chromium import Seen, launch, watched
from tests.web.browser.hearing import SILENCE_S, listens, speak
from tests.web.browser.looking import announced, at_rest
from tests.web.browser.served import serving
from tests.web.conftest import ServedHome

pytestmark = pytest.mark.slow

QUESTION = "what color do you see"
"""Heard rightly wherever its samples begin. Most questions are heard as others now and then:
"how many pictures are there" in one of eight, by which millisecond the listener begins with."""
COLOURS = ("black", "blue", "brown", "green", "grey", "orange", "pink", "red", "white", "yellow")
MICROPHONE = 48_000


@pytest.fixture(scope="module")
def asking(served_home: ServedHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What hears and speaks is what comes with Scrubjay."""
    pytest.importorskip("pocketsphinx", reason="nobody to hear: pip install 'scrubjay[speech]'")
    if shutil.which("espeak-ng") is None:
        pytest.skip("nobody to speak: apt-get install espeak-ng")
    log = tmp_path_factory.mktemp("asking-aloud") / "log"
    with serving(served_home.path, log, models=("vlm=fake", "ocr=fake")) as where:
        yield where


def spoken(words: str, path: Path) -> Path:
    """Somebody says a question into a sound card."""
    said = load_tts("espeak").speak(words, language="en")
    heard = soxr.resample(said.samples, said.rate, MICROPHONE)
    silence = np.zeros(round(SILENCE_S * MICROPHONE), np.float32)
    sound = np.concatenate([silence, heard, silence])
    soundfile.write(path, sound, MICROPHONE, subtype="PCM_16")
    return path


def heard(wav: bytes) -> str:
    """A colour that is said in a WAV file."""
    samples, rate = decode_wave(wav)
    sound: Sound = soxr.resample(samples, rate, 16_000).astype(np.float32)
    return load_asr("pocketsphinx").transcribe(sound, words=COLOURS).text


def test_a_spoken_question_is_answered_aloud(
    playwright: Playwright, asking: str, seen: Seen, tmp_path: Path
) -> None:
    question = spoken(QUESTION, tmp_path / "question.wav")
    with (
        launch(playwright, microphone=question) as browser,
        watched(browser, asking, seen) as context,
    ):
        page = context.new_page()
        listens(page)
        at_rest(page, "/ask")
        page.get_by_label("Choose pictures").set_input_files(
            [picture(tmp_path / "one.png"), picture(tmp_path / "two.png", RED)]
        )
        speak(page, "Ask aloud")
        article = page.locator("#the-answer")
        expect(article).to_contain_text(f"You said: {QUESTION}", timeout=60_000)
        expect(article.locator("#said")).to_have_text("red")
        expect(article).to_be_focused()
        is_heard(page)
        expect(announced(page)).to_have_text("Answered. It is spoken now.")
        assert heard(wav_of(page)) == "red"
        article.get_by_text("How it was answered").click()
        expect(article.get_by_role("row", name="Listening")).to_contain_text("pocketsphinx")


def test_what_was_begun_can_be_forgotten(
    playwright: Playwright, asking: str, seen: Seen, tmp_path: Path
) -> None:
    question = spoken(QUESTION, tmp_path / "question.wav")
    with (
        launch(playwright, microphone=question) as browser,
        watched(browser, asking, seen) as context,
    ):
        page = context.new_page()
        at_rest(page, "/ask")
        page.get_by_role("button", name="Ask aloud").click()
        expect(page.locator("#speak")).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("Escape")
        expect(page.locator("#hearing")).to_have_text("Forgotten.")
        expect(page.locator("#speak")).to_have_attribute("aria-pressed", "false")
        expect(page.locator("#the-answer")).to_have_count(0)


def test_a_browser_that_may_not_listen_says_what_to_do(
    playwright: Playwright, asking: str, seen: Seen
) -> None:
    with launch(playwright) as browser, watched(browser, asking, seen) as context:
        page = context.new_page()
        at_rest(page, "/ask")
        page.get_by_role("button", name="Ask aloud").click()
        expect(page.locator("#hearing")).to_contain_text("icrophone")
        expect(page.locator("#speak")).to_have_attribute("aria-pressed", "false")

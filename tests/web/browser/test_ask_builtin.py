"""Asking in a browser with the models that come with Scrubjay: a drawn scene, by hand and aloud."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soxr
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect

from scrubjay.cli.demo.collection import write_month
from scrubjay.core.types import Sound
from scrubjay.media.world.months import first_month
from scrubjay.models.load import load_asr
from scrubjay.models.wave_bytes import decode_wave
from tests.web.browser.asked import ask, is_heard, wav_of
from tests.web.browser.chromium import Seen, launch, watched
from tests.web.browser.hearing import listens, speak
from tests.web.browser.looking import at_rest
from tests.web.browser.served import serving
from tests.web.browser.test_ask_aloud import spoken
from tests.web.conftest import ServedHome

pytestmark = pytest.mark.slow

SHOT = 28
"""A lion above a red triangle."""
WORDS = ("a", "lion", "above", "below", "red", "blue", "triangle", "square", "dog", "and")
SECONDS = 90_000
"""The models are loaded with the first question."""


@pytest.fixture(scope="module")
def asking(served_home: ServedHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    for part in ("rapidocr", "pocketsphinx"):
        pytest.importorskip(part, reason="a model that comes along: pip install 'scrubjay[ask]'")
    if shutil.which("espeak-ng") is None:
        pytest.skip("nobody to speak: apt-get install espeak-ng")
    with serving(served_home.path, tmp_path_factory.mktemp("builtin") / "log") as where:
        yield where


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scene")
    write_month(folder, [shot for shot in first_month() if shot.number == SHOT], lambda *_: None)
    (path,) = (folder / "pictures").glob("*.png")
    return path


@pytest.fixture
def page(browser: Browser, asking: str, seen: Seen) -> Iterator[Page]:
    with watched(browser, asking, seen) as context:
        yield context.new_page()


def test_a_scene_is_described_with_frames_where_things_are(page: Page, scene: Path) -> None:
    at_rest(page, "/ask")
    page.get_by_label("Choose pictures").set_input_files(scene)
    page.get_by_role("button", name="Describe").click()
    article = page.locator("#the-answer")
    expect(article.locator("#said")).to_contain_text("lion", timeout=SECONDS)
    expect(article.locator("#said")).to_contain_text("red triangle")
    marks = article.locator(".marks li:has(.mark-number)").filter(has_text="Seen")
    lion = marks.filter(has_text="lion").first
    triangle = marks.filter(has_text="red triangle").first
    expect(lion).to_contain_text("%")
    boxes = {}
    for name, mark in (("lion", lion), ("triangle", triangle)):
        number = mark.locator(".mark-number").inner_text().split()[-1]
        boxes[name] = article.locator("rect.over").nth(int(number) - 1).bounding_box()
    above, below = boxes["lion"], boxes["triangle"]
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] / 2 < below["y"] + below["height"] / 2


def test_a_question_about_it_is_answered_and_one_it_cannot_know_is_not(
    page: Page, scene: Path, tmp_path: Path
) -> None:
    at_rest(page, "/ask")
    page.get_by_label("Choose pictures").set_input_files(scene)
    ask(page, "what colour is the triangle?")
    said = page.locator("#the-answer #said")
    expect(said).to_have_text("red", timeout=SECONDS)
    noise = np.random.default_rng(5).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    page.get_by_role("button", name=f"Remove {scene.name}").click()
    page.get_by_label("Choose pictures").set_input_files(tmp_path / "noise.png")
    ask(page, "what colour is the triangle?")
    expect(said).to_contain_text("I can't tell", timeout=SECONDS)
    expect(page.locator("#the-answer")).not_to_contain_text("How sure")


def test_a_scene_is_asked_about_aloud_and_the_answer_is_spoken(
    playwright: Playwright, asking: str, seen: Seen, scene: Path, tmp_path: Path
) -> None:
    question = spoken("what do you see", tmp_path / "question.wav")
    with (
        launch(playwright, microphone=question) as browser,
        watched(browser, asking, seen) as context,
    ):
        page = context.new_page()
        listens(page)
        at_rest(page, "/ask")
        page.get_by_label("Choose pictures").set_input_files(scene)
        speak(page, "Ask aloud")
        article = page.locator("#the-answer")
        expect(article).to_contain_text("You said: what do you see", timeout=SECONDS)
        expect(article.locator("#said")).to_contain_text("lion")
        is_heard(page)
        samples, rate = decode_wave(wav_of(page))
        sound: Sound = soxr.resample(samples, rate, 16_000).astype(np.float32)
        heard = load_asr("pocketsphinx").transcribe(sound, words=WORDS).text.split()
        assert "lion" in heard
        assert "triangle" in heard

"""What somebody asks about and does on the Ask page, and what is measured there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from scrubjay.models.ocr.fake import write_text

FAKES = ("vlm=fake", "ocr=fake", "asr=fake", "tts=fake")
"""Models that follow from arithmetic."""
RED, BLUE = (220, 30, 30), (30, 60, 220)

SMALLER = """
least => {
  const shown = (one) => one.checkVisibility({visibilityProperty: true, opacityProperty: false});
  const seen = new Set();
  const found = [];
  const all = "a[href], button, input, select, textarea, summary, audio, video";
  for (const one of document.querySelectorAll(all)) {
    if (one.type === "hidden" || one.closest(".visually-hidden, .skip") || !shown(one)) continue;
    const target = one.closest("label") ?? one;
    if (seen.has(target)) continue;
    seen.add(target);
    const {width, height} = target.getBoundingClientRect();
    if (Math.min(width, height) < least - 0.5 && width > 0) {
      const name = (one.getAttribute("aria-label") || one.textContent || one.id).trim();
      const size = `${Math.round(width)} x ${Math.round(height)}`;
      found.push(`${one.tagName} ${name.slice(0, 40)}: ${size}`);
    }
  }
  return found;
}
"""
"""Everything that can be pressed and is smaller than so many pixels, whichever side is shorter."""

IN_SENTENCES = ("A ", "AUDIO ")
"""Links within text are as high as their line, players as their browser makes them."""


def picture(
    path: Path, colour: tuple[int, int, int] = BLUE, text: str = "", width: int = 600
) -> Path:
    """A picture of one colour, with text that the fake reader reads."""
    shown = np.full((width // 2, width, 3), colour, np.uint8)
    Image.fromarray(write_text(shown, text) if text else shown).save(path)
    return path


def smaller(page: Page, least: int, *, controls: bool = False) -> list[str]:
    """What can be pressed and is too small.

    Args:
        controls: whether links that are no buttons, and players, are left out.
    """
    found: list[str] = page.evaluate(SMALLER, least)
    return [one for one in found if not (controls and one.startswith(IN_SENTENCES))]


def question(page: Page) -> Locator:
    """Where one types a question."""
    return page.get_by_role("textbox", name="Question")


def ask(page: Page, words: str) -> None:
    """Type a question and press Enter."""
    question(page).fill(words)
    question(page).press("Enter")


def answered(page: Page, words: str) -> Locator:
    """Wait for an answer; it must have the focus."""
    article = page.locator("#the-answer")
    expect(article.locator("#said")).to_have_text(words)
    return article


def wav_of(page: Page) -> bytes:
    """The answer's sound, as the page's player is given it."""
    address = page.locator(".voice audio").get_attribute("src")
    assert address is not None
    sound = page.request.get(address)
    assert sound.headers["content-type"] == "audio/wav"
    return sound.body()


def is_heard(page: Page) -> None:
    """Wait until the answer's player has played something."""
    page.wait_for_function(
        """() => {
             const one = document.querySelector(".voice audio");
             return one.currentSrc.includes("/ask/spoken/") && one.currentTime > 0;
           }"""
    )

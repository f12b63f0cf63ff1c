"""What a visitor does and sees on the search page."""

from __future__ import annotations

import base64
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.web.browser.lived_in import opened

HAND_OVER = """
([kind, name, type, data]) => {
  const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name, {type}));
  const how = {bubbles: true, cancelable: true, composed: true};
  if (kind === "paste") {
    const target = document.activeElement || document.body;
    target.dispatchEvent(new ClipboardEvent("paste", {...how, clipboardData: carried}));
    return;
  }
  for (const step of ["dragenter", "dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(step, {...how, dataTransfer: carried}));
  }
}
"""
"""Puts a file on the page as a hand would: the events a browser sends, with a real File."""


def at_rest(page: Page, path: str) -> None:
    """Go somewhere, and wait until its scripts are there too."""
    page.goto(path, wait_until="networkidle")


def box(page: Page) -> Locator:
    """Where one types."""
    return page.get_by_role("searchbox", name="What are you looking for?")


def hits(page: Page) -> Locator:
    """What was found, the best first."""
    return page.locator("#results li.hit")


def ids(page: Page) -> list[str]:
    """Items of the hits."""
    return [one.get_attribute("data-id") or "" for one in hits(page).all()]


def answered(page: Page, about: str) -> None:
    """Wait until the page shows what is nearest to something."""
    expect(page.locator("#results h2").first).to_contain_text(about)


def announced(page: Page) -> Locator:
    """What a screen reader is told."""
    return page.locator("#announcer")


def hand_over(page: Page, how: str, file: Path, media_type: str) -> None:
    """Drop or paste a file.

    Args:
        how: `drop` or `paste`.
    """
    data = base64.b64encode(file.read_bytes()).decode()
    page.evaluate(HAND_OVER, [how, file.name, media_type, data])


def id_of(home: Path, name: str) -> str:
    """The item a file of the collection became."""
    (found,) = [one.id for one in opened(home).catalog.items() if Path(one.uri).name == name]
    return found

"""Uploading: several files, each with its progress and its outcome, found a moment later."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from scrubjay.cli.demo.collection import shipped_sound
from tests.web.browser.lived_in import ASKED
from tests.web.browser.looking import answered, hits

pytestmark = pytest.mark.slow


def test_files_are_uploaded_with_progress_and_found(
    own_page: Page, lived_in_home: Path, tmp_path: Path
) -> None:
    page = own_page
    picture, sound, broken = (tmp_path / name for name in ("new.png", "said.ogg", "broken.png"))
    old = lived_in_home.parent / "2026-02" / "pictures" / "hedgehog-041.png"
    Image.open(old).convert("RGB").rotate(90).save(picture)
    sound.write_bytes(shipped_sound(ASKED[115]))
    broken.write_bytes(b"\x89PNG\r\n\x1a\n nothing more")
    page.goto("/upload")
    page.get_by_label("Files").set_input_files([picture, sound, broken])
    page.get_by_label("Caption", exact=True).fill("a souvenir of Lisbon")
    page.get_by_label("Tags").fill("holiday, 2026")
    page.get_by_role("button", name="Upload").click()
    lines = page.locator("#uploads > li")
    expect(lines).to_have_count(3)
    expect(lines.filter(has_text="new.png").get_by_role("link")).to_be_visible()
    expect(lines.filter(has_text="said.ogg").get_by_role("link")).to_be_visible()
    expect(lines.filter(has_text="broken.png").locator(".why")).not_to_be_empty()
    expect(lines.filter(has_text="broken.png").get_by_role("link")).to_have_count(0)
    lines.filter(has_text="new.png").get_by_role("link").click()
    expect(page.get_by_role("main")).to_contain_text("holiday")
    page.goto("/?q=five+telescopes&kind=speech")
    answered(page, "five telescopes")
    expect(hits(page).first.get_by_role("heading")).to_have_text("a souvenir of Lisbon")

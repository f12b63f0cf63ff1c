"""A browser that runs no script finds, uploads, opens and deletes all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.browser.chromium import Seen, watched
from tests.web.browser.looking import answered, box, hits, id_of

pytestmark = pytest.mark.slow


@pytest.fixture
def plain(browser: Browser, own_address: str, seen: Seen) -> Iterator[Page]:
    with watched(browser, own_address, seen, java_script_enabled=False) as context:
        yield context.new_page()


def test_everything_needed_works_without_scripts(
    plain: Page, own_home: Path, lived_in_home: Path
) -> None:
    plain.goto("/")
    expect(plain.get_by_role("button", name="Search by speaking")).to_be_hidden()
    box(plain).fill("four red squares")
    box(plain).press("Enter")
    answered(plain, "four red squares")
    right = id_of(lived_in_home, "scene-082.png")
    expect(hits(plain).first).to_have_attribute("data-id", right)

    hits(plain).first.get_by_role("link", name="More like this").click()
    expect(hits(plain).first).to_be_visible()
    plain.goto("/?q=a+trophy&all=1")
    plain.get_by_role("link", name="Show more").click()
    expect(hits(plain).first).to_be_visible()

    picture = lived_in_home.parent / "2026-01" / "pictures" / "scene-082.png"
    plain.goto("/")
    plain.get_by_label("Or search with a picture or a recording").set_input_files(picture)
    plain.get_by_role("button", name="Search with this file").click()
    expect(hits(plain).first).to_have_attribute("data-id", right)

    new = lived_in_home.parent / "2026-02" / "pictures" / "hedgehog-041.png"
    changed = own_home.parent / "hedgehog.png"
    changed.write_bytes(_a_little_different(new))
    plain.goto("/upload")
    plain.get_by_label("Files").set_input_files(changed)
    plain.get_by_label("Caption", exact=True).fill("my own hedgehog")
    plain.get_by_role("button", name="Upload").click()
    outcome = plain.get_by_role("link", name="hedgehog.png")
    expect(outcome).to_be_visible()
    outcome.click()
    expect(plain.get_by_role("heading", level=1)).to_have_text("my own hedgehog")

    plain.get_by_role("link", name="Delete").click()
    expect(plain.get_by_role("heading", name="Delete this item?")).to_be_visible()
    plain.get_by_role("button", name="Delete").click()
    expect(plain.get_by_role("heading", name="Items")).to_be_visible()
    plain.goto("/items")
    expect(plain.get_by_text("my own hedgehog")).to_have_count(0)


def _a_little_different(picture: Path) -> bytes:
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.open(picture).convert("RGB").rotate(180).save(out, "PNG")
    return out.getvalue()

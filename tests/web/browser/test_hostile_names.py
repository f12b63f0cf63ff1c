"""File names, captions, tags and columns that hold markup are shown as the text they are."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser.chromium import Seen
from tests.web.browser.lived_in import (
    BAD_CAPTION,
    BAD_NAME,
    BAD_TAG,
    BAD_VALUE,
    RIGHT_TO_LEFT,
    WORDLESS,
    opened,
)
from tests.web.browser.looking import answered, at_rest, hand_over, hits, id_of

pytestmark = pytest.mark.slow

FOREIGN = "b, script:not([src]), [onerror], [onload], i:not(:empty)"
"""Elements that only what was written into the collection could have made."""


def test_markup_is_text_on_every_page_that_shows_it(
    page: Page, seen: Seen, lived_in_home: Path
) -> None:
    own = id_of(lived_in_home, BAD_NAME)
    for path in (
        f"/?like={own}",
        f"/?q={quote(BAD_CAPTION)}&all=1",
        f"/items/{quote(own)}",
        f"/items/{quote(own)}/delete",
        f"/items?tag={quote(BAD_TAG)}",
        f"/items?deleted={quote(BAD_CAPTION)}",
        "/items",
        f"/?q=x&where={quote(BAD_VALUE)}",
        f"/?month={quote(BAD_VALUE)}&q=x",
        f"/items/{quote(BAD_VALUE, safe='')}",
    ):
        answer = page.goto(path)
        assert answer is not None
        if answer.status >= 400:
            seen.refusal(answer.status)
        expect(page.get_by_role("main")).to_be_visible()
        assert page.locator(FOREIGN).count() == 0, path
        assert "49" not in page.title(), path  # 7 * 7, had the caption been a template


def test_the_item_page_says_what_was_written_letter_for_letter(
    page: Page, lived_in_home: Path
) -> None:
    page.goto(f"/items/{quote(id_of(lived_in_home, BAD_NAME))}")
    expect(page.get_by_role("heading", level=1)).to_have_text(BAD_CAPTION)
    main = page.get_by_role("main")
    for text in (BAD_TAG, BAD_VALUE, BAD_NAME):
        expect(main).to_contain_text(text)


def test_a_file_handed_over_under_a_bad_name_is_text(
    page: Page, seen: Seen, tmp_path: Path
) -> None:
    at_rest(page, "/")
    bad = tmp_path / BAD_NAME
    bad.write_bytes(b"no picture at all")
    hand_over(page, "drop", bad, "image/png")
    expect(page.locator("#results .state h2")).to_be_visible()
    assert page.locator(FOREIGN).count() == 0
    seen.refusal(422)


def test_a_caption_written_from_right_to_left_is_shown_so(page: Page, lived_in_home: Path) -> None:
    (own,) = [one.id for one in opened(lived_in_home).catalog.items() if one.language == "ar"][:1]
    page.goto(f"/items/{own}")
    quoted = page.get_by_role("listitem").filter(has_text=RIGHT_TO_LEFT).first
    assert quoted.evaluate("one => getComputedStyle(one).direction") == "rtl"
    expect(quoted).to_have_attribute("lang", "ar")


def test_a_long_name_does_not_widen_a_phones_page(page: Page, lived_in_home: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/items", f"/items/{id_of(lived_in_home, WORDLESS)}", "/?q=noise&all=1"):
        page.goto(path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 390, path
    page.goto("/?q=noise")
    answered(page, "noise")
    expect(hits(page).first).to_be_visible()

"""The review page in a browser: mark, take back, fix, with a keyboard too; what is said stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser.axe import violations
from tests.web.browser.lived_in import opened
from tests.web.browser.looking import announced, at_rest

pytestmark = pytest.mark.slow


def test_hits_are_marked_and_captions_fixed(own_page: Page, own_home: Path) -> None:
    page, feedback = own_page, opened(own_home).feedback
    at_rest(page, "/")
    page.get_by_role("link", name="Review").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Review")
    first = page.get_by_role("region", name="Worth a look").get_by_role("link").first
    query = first.inner_text()
    first.click()
    card = page.locator("#hits > li").first
    item = card.get_attribute("data-id") or ""
    wrong, right = (card.get_by_role("button", name=name) for name in ("Wrong", "Right"))
    for one in (wrong, right):
        box = one.bounding_box()
        assert box is not None
        assert box["height"] >= 44

    wrong.click()
    expect(wrong).to_have_attribute("aria-pressed", "true")
    expect(announced(page)).to_contain_text("Marked wrong")
    expect(wrong).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(right).to_have_attribute("aria-pressed", "true")
    expect(wrong).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(right).to_have_attribute("aria-pressed", "true")
    assert feedback.of_query(query) == {item: True}
    right.click()
    expect(card).to_contain_text("Not marked")
    assert feedback.of_query(query) == {}

    wrong.click()
    expect(card).to_contain_text("Marked wrong")
    card.get_by_text("Fix the caption").first.click()
    card.get_by_role("textbox").fill("a caption that is true")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert violations(page, colours=scheme == "dark") == []
    card.get_by_role("button", name="Fix the caption").click()
    expect(card).to_contain_text("The caption is fixed")
    assert feedback.captions() == {item: "a caption that is true"}
    card.get_by_role("heading").get_by_role("link").click()
    field = page.get_by_role("textbox", name="From the next training on")
    expect(field).to_have_value("a caption that is true")
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("Fix the caption").first).to_be_visible()
    assert feedback.captions() == {}

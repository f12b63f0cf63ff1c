"""The items pages: everything known, and deleting after being asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser.lived_in import opened
from tests.web.browser.looking import hits, id_of

pytestmark = pytest.mark.slow


def test_an_items_page_tells_everything_that_is_known(page: Page, lived_in_home: Path) -> None:
    item = next(
        one for one in opened(lived_in_home).catalog.items() if one.uri.endswith("scene-082.png")
    )
    page.goto(f"/items/{item.id}")
    main = page.get_by_role("main")
    for caption in item.captions:
        expect(main.get_by_role("listitem").filter(has_text=caption).first).to_be_visible()
    for text in (item.id, item.uri, "January 2026", "drawn", f"{item.width}", item.sha256[:8]):
        expect(main).to_contain_text(text)
    shown = main.get_by_role("img", name=item.captions[0]).first
    assert shown.evaluate("one => one.decode().then(() => one.naturalWidth)") == item.width


def test_the_list_goes_on_page_by_page_and_is_filtered(page: Page, lived_in_home: Path) -> None:
    page.goto("/items")
    shown = 0
    while True:
        shown += page.locator(".item-list > li").count()
        further = page.get_by_role("link", name="Next page")
        if not further.count():
            break
        further.click()
        page.wait_for_load_state()
    assert shown == opened(lived_in_home).catalog.count()
    page.goto("/items")
    page.get_by_role("checkbox", name="Recordings").check()
    page.wait_for_url("**kind=speech*")
    for line in page.locator(".item-list p").all_inner_texts():
        assert "ecording" in line


def test_deleting_asks_first_and_then_it_is_found_no_more(own_page: Page, own_home: Path) -> None:
    page, own = own_page, id_of(own_home, "scene-082.png")
    page.goto(f"/items/{own}")
    page.get_by_role("link", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete this item?")
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_be_hidden()
    assert own in {one.id for one in opened(own_home).catalog.items()}
    page.get_by_role("link", name="Delete").click()
    dialog.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Items")
    expect(page.get_by_role("status").filter(has_text="four red squares")).to_be_visible()
    assert own not in {one.id for one in opened(own_home).catalog.items()}
    page.goto("/?q=four+red+squares&all=1")
    expect(hits(page).first).to_be_visible()
    assert own not in {one.get_attribute("data-id") for one in hits(page).all()}

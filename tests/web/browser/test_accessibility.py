"""axe finds nothing wrong with any page, in any state, at two widths, in dark and in light."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.browser.axe import violations
from tests.web.browser.chromium import NARROW, WIDE, Seen, watched
from tests.web.browser.every_page import EMPTY_PAGES, PAGES, Places, every_page
from tests.web.browser.looking import at_rest, hand_over

pytestmark = pytest.mark.slow

REFLOW = 320
"""Pixels at which nothing may need scrolling to both sides (WCAG 1.4.10)."""
REFUSED = {"no-such-item": 404, "wrong-condition": 400, "ask-about-a-recording": 422}
"""Pages that are answers with a status of their own."""


@pytest.fixture(scope="module")
def places(lived_in_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    with every_page(lived_in_home, tmp_path_factory.mktemp("every-page")) as found:
        yield found


@pytest.fixture
def visitor(browser: Browser, places: Places, seen: Seen) -> Iterator[Page]:
    with watched(browser, places.address, seen, reduced_motion="reduce") as context:
        yield context.new_page()


def wrong(page: Page) -> list[str]:
    """What axe says at both widths in both colour schemes, and whether it fits a phone."""
    found = []
    for width in (REFLOW, NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": 844})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{width}: wider than the window")
        if width == REFLOW:
            continue
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            again = scheme == "dark"
            found += [f"{scheme} {width}: {one}" for one in violations(page, colours=again)]
    return found


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wrong_with_a_page(visitor: Page, places: Places, seen: Seen, name: str) -> None:
    visitor.goto(places.paths[name])
    expect(visitor.get_by_role("main")).to_be_visible()
    assert wrong(visitor) == []
    if name in REFUSED:
        seen.refusal(REFUSED[name])


@pytest.mark.parametrize("name", EMPTY_PAGES)
def test_nothing_is_wrong_with_a_page_that_has_nothing_to_show(
    browser: Browser, places: Places, seen: Seen, name: str
) -> None:
    with watched(browser, places.empty, seen, reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(EMPTY_PAGES[name])
        expect(page.get_by_role("main")).to_be_visible()
        assert wrong(page) == []


def test_nothing_is_wrong_with_what_appears_while_one_works(
    visitor: Page, lived_in_home: Path
) -> None:
    page = visitor
    page.goto("/models")
    page.get_by_role("link", name="Roll back").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert wrong(page) == []
    at_rest(page, "/")
    picture = lived_in_home.parent / "2026-01" / "pictures" / "scene-082.png"
    hand_over(page, "drop", picture, "image/png")
    expect(page.locator("#attached")).to_be_visible()
    expect(page.locator("#results h2").first).to_contain_text("scene-082.png")
    assert wrong(page) == []
    page.get_by_text("Filter by what your own columns say").click()
    assert wrong(page) == []

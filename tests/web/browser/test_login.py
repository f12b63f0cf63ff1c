"""A server with a token: nothing is shown before it was given, and log-out ends it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.web.browser.axe import violations
from tests.web.browser.chromium import Seen, watched
from tests.web.browser.lived_in import copied
from tests.web.browser.looking import answered, box
from tests.web.browser.served import serving

pytestmark = pytest.mark.slow

TOKEN = "correct-horse-battery-staple-42"


@pytest.fixture
def guarded(lived_in_home: Path, browser: Browser, seen: Seen, tmp_path: Path) -> Iterator[Page]:
    home = copied(lived_in_home, tmp_path / "home")
    with (
        serving(home, tmp_path / "log", token=TOKEN) as address,
        watched(browser, address, seen) as context,
    ):
        yield context.new_page()


def test_the_token_opens_the_page_once_and_logging_out_closes_it(guarded: Page, seen: Seen) -> None:
    page = guarded
    page.goto("/items")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    expect(page.get_by_role("navigation", name="Main")).to_have_count(0)
    assert violations(page) == []
    page.get_by_label("Token").fill("wrong-horse-battery-staple-00")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert violations(page) == []
    seen.refusal(401)
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Items")
    page.goto("/")
    box(page).fill("a trophy")
    answered(page, "a trophy")
    cookies = page.context.cookies()
    assert cookies
    for cookie in cookies:
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Strict"
        assert TOKEN not in cookie["value"]
    page.wait_for_load_state("networkidle")  # no small picture may come after the end
    page.get_by_role("button", name="Log out").click()
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")

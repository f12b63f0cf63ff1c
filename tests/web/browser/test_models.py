"""The models page: versions, figures over the months, promoting and going back when asked to."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser.lived_in import opened
from tests.web.browser.looking import answered
from tests.web.browser.under_way import refused

pytestmark = pytest.mark.slow


def test_rolling_back_and_promoting_ask_first_and_change_what_answers(
    own_page: Page, own_home: Path
) -> None:
    page, registry = own_page, opened(own_home).registry
    now = registry.champion()
    assert now is not None
    (before,) = [one for one in registry.ids() if one != now.version]
    champion = page.get_by_role("region", name="Champion: what answers now")
    job = page.locator("#job [role=status], #job [role=alert]")

    page.goto("/models")
    page.get_by_role("link", name="Roll back").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(before)
    dialog.get_by_role("button", name="Leave it as it is").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Roll back").click()
    dialog.get_by_role("button").first.click()
    expect(job).to_be_visible(timeout=60_000)
    page.goto("/models")
    expect(champion).to_contain_text(before)
    served = registry.champion()
    assert served is not None
    assert served.version == before

    page.get_by_role("link", name=f"Promote {now.version}").click()
    page.get_by_role("link", name="Leave it as it is").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    page.get_by_role("link", name=f"Promote {now.version}").click()
    page.get_by_role("button", name="Promote").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    expect(job).to_contain_text(f"{now.version} answers now", timeout=60_000)
    page.goto("/models")
    expect(champion).to_contain_text(now.version)
    page.goto("/?q=a+trophy")
    answered(page, "a trophy")
    expect(page.get_by_role("contentinfo")).to_contain_text(now.version)


def test_months_are_a_plot_and_a_table_that_say_the_same(own_page: Page, own_home: Path) -> None:
    refused(own_home, "2026-03")
    refused(own_home, "2026-04")
    own_page.goto("/models")
    plot = own_page.get_by_role("img", name="Right answers found, month by month")
    expect(plot).to_be_visible()
    for month in ("Feb", "Mar", "Apr"):
        expect(plot).to_contain_text(month)
    assert plot.locator("path.line").count() >= 2
    own_page.get_by_text("The same as a table").click()
    row = own_page.get_by_role("row").filter(has_text="April 2026")
    for text in ("refused", "61", "66"):
        expect(row).to_contain_text(text)

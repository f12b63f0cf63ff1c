"""A run's page follows the run while it works, by itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser.under_way import running

pytestmark = pytest.mark.slow


def test_progress_of_a_running_month_moves_without_a_reload(own_page: Page, own_home: Path) -> None:
    page = own_page
    with running(own_home) as run:
        run.did("scan")
        page.goto("/runs")
        bar = page.get_by_role("progressbar", name="Steps done")
        expect(bar).to_have_attribute("value", "1")
        page.goto(f"/runs/{run.folder.name}")
        expect(page.get_by_role("heading", level=1)).to_have_text("March 2026")
        expect(bar).to_have_attribute("value", "1")
        run.did("validate")
        expect(bar).to_have_attribute("value", "2")
        expect(page.locator("li[aria-current=step]")).to_have_count(1)


def test_a_finished_months_page_tells_why_and_opens_its_report(page: Page) -> None:
    page.goto("/runs")
    page.get_by_role("link", name="February 2026, run").click()
    expect(page.get_by_role("main")).to_contain_text("promoted")
    expect(page.get_by_role("main")).to_contain_text("the challenger is the first")
    page.get_by_role("link", name="Open the report").click()
    expect(page.locator("body")).to_contain_text("2026-02")

"""The pages that `scrubjay compare` writes, opened at a desk and on a phone, light and dark."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="no browser driver: pip install playwright")

from playwright.sync_api import Browser, Page

from tests.ask.comparing.pages import chat_page_of, encoder_page_of, page_of
from tests.web.browser.axe import violations
from tests.web.browser.chromium import NARROW, WIDE, Seen, watched

pytestmark = pytest.mark.slow

FOCUSED = """(one => one.getAttribute("aria-label") || one.tagName)(document.activeElement)"""
PAGES = ("compare", "chat", "encoders")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("reports")
    made = (page_of(folder), chat_page_of(), encoder_page_of())
    for name, page in zip(PAGES, made, strict=True):
        (folder / f"{name}.html").write_text(page)
    (folder / "favicon.ico").write_bytes(b"")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(params=[WIDE, NARROW], ids=["desk", "phone"])
def opened(
    request: pytest.FixtureRequest, browser: Browser, reports: str, seen: Seen
) -> Iterator[Page]:
    dark = "dark" if request.param == NARROW else "light"
    with watched(browser, reports, seen, width=request.param, color_scheme=dark) as context:
        page = context.new_page()
        page.add_init_script("window.stolen = false")
        yield page


@pytest.mark.parametrize("name", PAGES)
def test_nothing_bars_anybody_and_nothing_runs(opened: Page, name: str) -> None:
    opened.goto(f"/{name}.html")
    for closed in opened.locator("details").all():
        closed.evaluate("one => one.open = true")
    assert violations(opened) == []
    assert opened.evaluate("document.scripts.length") <= 1  # axe, which looks
    # nothing but tables, which scroll by themselves, is wider than the window
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_every_table_can_be_reached_and_scrolled_by_keyboard(opened: Page) -> None:
    opened.goto("/compare.html")
    reached = set()
    for _ in range(40):
        opened.keyboard.press("Tab")
        reached.add(opened.evaluate(FOCUSED))
    assert {"Figures", "Pairs of points", "A", "SUMMARY"} <= reached
    assert any(one.startswith("Answers to question") for one in reached)


def test_a_plot_is_told_in_words_and_beside_its_table(opened: Page) -> None:
    opened.goto("/compare.html")
    plots = opened.get_by_role("img", name="Accuracy against time")
    assert plots.count() == 1
    told = plots.locator("desc").text_content() or ""
    assert "1 good" in told
    assert opened.get_by_role("table").first.get_by_role("rowheader", name="good").count() == 1

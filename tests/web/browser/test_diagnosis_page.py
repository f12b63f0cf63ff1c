"""The page that `scrubjay diagnose` writes, opened at a desk and on a phone, light and dark."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="no browser driver: pip install playwright")

from playwright.sync_api import Browser, Page

from scrubjay.core.config import Settings
from scrubjay.retrain.diagnosing.diagnose import TITLES, diagnose
from scrubjay.retrain.diagnosing.page import diagnosis_html
from scrubjay.store.home import Home
from tests.retrain.diagnosing import collected
from tests.web.browser.axe import violations
from tests.web.browser.chromium import NARROW, WIDE, Seen, watched
from tests.web.browser.test_compare_report import FOCUSED, Quiet

pytestmark = pytest.mark.slow

EVIL = "</td><script>stolen = true</script><img src=x onerror='stolen = true'>"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Two versions on a collection whose owner writes markup into captions and attributes."""
    folder: Path = tmp_path_factory.mktemp("diagnosis")
    home = Home(Settings(home=folder / "home", threads=1))
    shelf = collected.collection(folder / "media")
    for at in range(12):
        shelf.picture(
            f"evil-{at}.png", (220, 40, at), captions=(f"{EVIL} {at}",), attributes={EVIL: at % 2}
        )
    home.catalog.upsert(shelf.items)
    home.catalog.snapshot()
    own, other = collected.registered(home, "hears", "also")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(collected.OPENED_BY, collected.opened)
        found = diagnose(home, own, against=other)
    served = folder / "served"
    served.mkdir()
    (served / "page.html").write_text(diagnosis_html(found, home.reader()))
    (served / "favicon.ico").write_bytes(b"")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(served)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(params=[WIDE, NARROW], ids=["desk", "phone"])
def opened(
    request: pytest.FixtureRequest, browser: Browser, page: str, seen: Seen
) -> Iterator[Page]:
    dark = "dark" if request.param == NARROW else "light"
    with watched(browser, page, seen, width=request.param, color_scheme=dark) as context:
        tab = context.new_page()
        tab.add_init_script("window.stolen = false")
        tab.goto("/page.html")
        yield tab


def test_nothing_bars_anybody_and_nothing_of_an_owner_runs(opened: Page) -> None:
    for closed in opened.locator("details").all():
        closed.evaluate("one => one.open = true")
    assert violations(opened) == []
    assert opened.evaluate("window.stolen") is False
    # nothing but tables and plots, which scroll by themselves, is wider than the window
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_every_section_has_its_heading_and_is_reached_from_the_top(opened: Page) -> None:
    headings = opened.locator("h2").all_text_contents()
    assert headings == ["Overall", *TITLES.values()]
    links = opened.get_by_role("navigation", name="On this page").get_by_role("link")
    assert links.all_text_contents() == headings
    for link in links.all():
        target = link.get_attribute("href")
        assert target is not None
        assert opened.locator(f"h2{target}").count() == 1


def test_slices_and_plots_are_read_without_sight_and_reached_by_keyboard(opened: Page) -> None:
    worse = opened.get_by_role("region", name="Slices shown to be worse")
    row = worse.get_by_role("row").filter(has_text="language: es").first
    assert "worse" in (row.text_content() or "")
    assert worse.get_by_role("columnheader", name="shown to be worse?").count() == 1
    plot = opened.get_by_role("img", name="as noise grows").first
    assert "clean" in (plot.locator("desc").text_content() or "")
    reached = set()
    for _ in range(30):
        opened.keyboard.press("Tab")
        reached.add(opened.evaluate(FOCUSED))
    assert {"Overall figures", "Slices shown to be worse"} <= reached

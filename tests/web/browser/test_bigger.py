"""Big targets on every page: nothing that is pressed is smaller than 64 pixels, nothing breaks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from scrubjay.web.bigger import COOKIE
from tests.web.browser.asked import smaller
from tests.web.browser.axe import violations
from tests.web.browser.chromium import NARROW, WIDE, Seen, watched
from tests.web.browser.looking import at_rest
from tests.web.browser.served import serving
from tests.web.conftest import ServedHome

pytestmark = pytest.mark.slow

TOKEN = "a-token-of-at-least-twenty-characters"
LEAST = 64
PATHS = (
    "/",
    "/?q=a+star&all=1",
    "/?q=a+tone&kind=speech&all=1",
    "/?like={picture}&q=at+night",
    "/?q=a+star&month=1999-01",
    "/ask?item={picture}",
    "/items",
    "/items/{picture}",
    "/items/{recording}",
    "/items/{picture}/delete",
    "/upload",
    "/review?q=a+star",
    "/models",
    "/runs",
    "/items/nobody",
)


@pytest.fixture(scope="module")
def address(served_home: ServedHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(served_home.path, tmp_path_factory.mktemp("bigger") / "log") as where:
        yield where


@pytest.fixture(scope="module")
def names(served_home: ServedHome) -> dict[str, str]:
    kinds = {item.kind.value: item.id for item in served_home.open().catalog.items()}
    return {"picture": kinds["image"], "recording": kinds["speech"]}


@pytest.fixture
def bigger(browser: Browser, address: str, seen: Seen) -> Iterator[Page]:
    with watched(browser, address, seen, reduced_motion="reduce") as context:
        switch_on(context, address)
        yield context.new_page()


def switch_on(context: BrowserContext, address: str) -> None:
    context.add_cookies([{"name": COOKIE, "value": "1", "url": address}])


def wrong(page: Page) -> list[str]:
    """What is too small, too wide or inaccessible at both widths, in dark and in light."""
    found = []
    for width in (320, NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": 844})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(f"{width}: wider than the window")
        found += [f"{width}: too small: {one}" for one in smaller(page, LEAST)]
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {one}" for one in violations(page, colours=scheme == "dark")]
    return found


@pytest.mark.parametrize("path", PATHS)
def test_everything_that_is_pressed_is_big(
    bigger: Page, seen: Seen, names: dict[str, str], path: str
) -> None:
    answer = bigger.goto(path.format(**names))
    assert answer is not None
    expect(bigger.locator("html")).to_have_class("bigger")
    assert wrong(bigger) == []
    if answer.status >= 400:
        seen.refusal(answer.status)


def test_letters_are_larger_and_contrast_is_the_highest(bigger: Page) -> None:
    style = """() => {
      const {fontSize, color, backgroundColor} = getComputedStyle(document.body);
      return [parseFloat(fontSize), color, backgroundColor];
    }"""
    bigger.goto("/ask")
    assert bigger.evaluate(style) == [20, "rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    bigger.emulate_media(color_scheme="dark")
    assert bigger.evaluate(style) == [20, "rgb(255, 255, 255)", "rgb(0, 0, 0)"]


def test_the_switch_keeps_what_is_on_the_page_and_is_remembered(
    browser: Browser, address: str, seen: Seen
) -> None:
    with watched(browser, address, seen) as context:
        page = context.new_page()
        at_rest(page, "/ask")
        page.get_by_role("textbox", name="Question").fill("how many cups?")
        page.get_by_role("button", name="Bigger").click()
        expect(page.locator("html")).to_have_class("bigger")
        expect(page.locator("#announcer")).to_contain_text("bigger now")
        expect(page.get_by_role("textbox", name="Question")).to_have_value("how many cups?")
        another = context.new_page()
        another.goto("/upload")
        expect(another.locator("html")).to_have_class("bigger")
        page.get_by_role("button", name="Usual size").click()
        expect(page.locator("#announcer")).to_contain_text("Usual size")
        another.reload()
        expect(another.locator("html")).not_to_have_class("bigger")


def test_the_log_in_can_be_made_bigger_too(
    browser: Browser, served_home: ServedHome, seen: Seen, tmp_path: Path
) -> None:
    with (
        serving(served_home.path, tmp_path / "log", token=TOKEN) as address,
        watched(browser, address, seen, java_script_enabled=False) as context,
    ):
        page = context.new_page()
        page.goto("/items")
        page.get_by_role("button", name="Bigger").click()
        expect(page.locator("html")).to_have_class("bigger")
        expect(page.get_by_role("heading", name="Log in")).to_be_visible()
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Log in").click()
        expect(page.locator("html")).to_have_class("bigger")


def test_forced_colours_stay_the_systems(browser: Browser, address: str, seen: Seen) -> None:
    with watched(browser, address, seen, forced_colors="active") as context:
        switch_on(context, address)
        page = context.new_page()
        page.goto("/ask")
        button = page.get_by_role("button", name="Describe")
        assert button.evaluate("one => getComputedStyle(one).borderTopStyle") == "solid"
        assert smaller(page, LEAST) == []
        assert violations(page) == []

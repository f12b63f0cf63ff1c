"""One home, one server and one browser for all that is tried in a browser."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="no browser driver: pip install playwright")

from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.web.browser import lived_in
from tests.web.browser.chromium import APPEARS_MS, Seen, executable, launch, watched
from tests.web.browser.served import serving


@pytest.fixture(scope="session")
def lived_in_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once, also when several processes share the tests. Never changed: copy it."""
    executable()
    pytest.importorskip("torch", reason="the home's encoder is prepared once, with torch")
    shared = tmp_path_factory.getbasetemp()
    if tmp_path_factory.getbasetemp().name.startswith("popen-"):  # a worker's, below the run's
        shared = shared.parent
    folder = shared / "lived-in"
    with (shared / "lived-in.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            folder.mkdir()
            lived_in.build(folder)
            (folder / "whole").touch()
    return folder / "home"


@pytest.fixture(scope="package")
def address(lived_in_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A served copy of the home, for all who leave it as it is."""
    folder = tmp_path_factory.mktemp("served")
    home = lived_in.copied(lived_in_home, folder / "home")
    with serving(home, folder / "log") as where:
        yield where


@pytest.fixture
def own_home(lived_in_home: Path, tmp_path: Path) -> Path:
    """A copy of the home to change."""
    return lived_in.copied(lived_in_home, tmp_path / "home")


@pytest.fixture
def own_address(own_home: Path, tmp_path: Path) -> Iterator[str]:
    """The copy, served."""
    with serving(own_home, tmp_path / "log") as where:
        yield where


# Of the package, not the session: while playwright is open nobody else may run an event loop.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """The browser's driver."""
    executable()
    expect.set_options(timeout=APPEARS_MS)
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A browser for all who need no microphone."""
    with launch(playwright) as one:
        yield one


@pytest.fixture
def seen() -> Iterator[Seen]:
    """What went wrong on any page; the test fails at its end if something did."""
    one = Seen()
    yield one
    one.nothing()


@pytest.fixture
def page(browser: Browser, address: str, seen: Seen) -> Iterator[Page]:
    """A visitor of the served home, at a desk."""
    with watched(browser, address, seen) as context:
        yield context.new_page()


@pytest.fixture
def own_page(browser: Browser, own_address: str, seen: Seen) -> Iterator[Page]:
    """A visitor of a home that may be changed."""
    with watched(browser, own_address, seen) as context:
        yield context.new_page()

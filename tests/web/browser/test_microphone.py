"""Asking aloud: chromium's microphone hears a real recording, and the right picture comes first."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.web.browser.chromium import Seen, launch, watched
from tests.web.browser.hearing import SILENCE_S, listens, speak
from tests.web.browser.lived_in import ASKED, spoken_wav
from tests.web.browser.looking import announced, at_rest, hits, id_of

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", sorted(ASKED))
def test_what_is_said_is_shown_first(
    playwright: Playwright,
    address: str,
    lived_in_home: Path,
    seen: Seen,
    tmp_path: Path,
    number: int,
) -> None:
    said = spoken_wav(ASKED[number], tmp_path / "said.wav", lead_s=SILENCE_S)
    with (
        launch(playwright, microphone=said) as browser,
        watched(browser, address, seen) as context,
    ):
        page = context.new_page()
        listens(page)
        at_rest(page, "/")
        page.get_by_role("checkbox", name="Pictures").check()
        speak(page, "Search by speaking")
        right = id_of(lived_in_home, f"scene-{number:03d}.png")
        expect(hits(page).first).to_have_attribute("data-id", right)
        expect(announced(page)).not_to_be_empty()


def test_a_browser_that_may_not_listen_says_what_to_do(
    playwright: Playwright, address: str, seen: Seen
) -> None:
    with launch(playwright) as browser, watched(browser, address, seen) as context:
        page = context.new_page()
        at_rest(page, "/")
        page.get_by_role("button", name="Search by speaking").click()
        expect(page.locator("#hearing")).to_contain_text("icrophone")
        expect(page.get_by_role("button", name="Search by speaking")).to_have_attribute(
            "aria-pressed", "false"
        )

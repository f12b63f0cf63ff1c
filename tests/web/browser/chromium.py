"""Debian's chromium, driven through playwright: watched for errors and for leaving the machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    Playwright,
    Route,
    ViewportSize,
)

NARROW, WIDE = 390, 1280
"""Pixels: a phone and a desk."""
STARTS_MS, ANSWERS_MS, APPEARS_MS = 120_000, 60_000, 30_000
"""A busy machine's patience; nothing is waited for that is there."""


def executable() -> str:
    """Where chromium is; the test skips where it is not."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no browser to look with: apt-get install chromium")
    return found


def launch(playwright: Playwright, *, microphone: Path | None = None) -> Browser:
    """Start chromium without a window.

    Args:
        microphone: a WAV file that every microphone hears once, from its start.
    """
    arguments = ["--disable-dev-shm-usage"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--no-sandbox")
    if microphone is not None:
        arguments += [
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={microphone}%noloop",
        ]
    return playwright.chromium.launch(
        executable_path=executable(), args=arguments, timeout=STARTS_MS
    )


@dataclass
class Seen:
    """What went wrong while pages were open."""

    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def refusal(self, status: int) -> None:
        """Take back what the browser notes of an answer that was meant to refuse."""
        expected = [one for one in self.errors if f"status of {status} " in one]
        assert len(expected) == 1, self.errors
        self.errors.remove(expected[0])

    def nothing(self) -> None:
        """Hold that no script failed, no policy was broken and nobody else was asked."""
        assert self.errors == []
        assert self.strangers == []
        assert self.dialogs == []


@contextmanager
def watched(
    browser: Browser, address: str, seen: Seen, *, width: int = WIDE, **more: Any
) -> Iterator[BrowserContext]:
    """A fresh visitor, whose pages report errors; only `address` can be reached.

    Args:
        more: what `Browser.new_context` takes.
    """
    size = ViewportSize(width=width, height=844 if width == NARROW else 800)
    context = browser.new_context(base_url=address, viewport=size, **more)
    context.set_default_timeout(ANSWERS_MS)

    def check(route: Route) -> None:
        url = route.request.url
        if url.startswith(f"{address}/"):
            route.continue_()
        else:
            seen.strangers.append(url)
            route.abort()

    def dismiss(dialog: Dialog) -> None:
        seen.dialogs.append(dialog.message)
        dialog.dismiss()

    def listen(said: ConsoleMessage) -> None:
        if said.type == "error":
            seen.errors.append(f"{said.text} ({said.location.get('url')})")

    def watch(page: Page) -> None:
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("dialog", dismiss)
        page.on("console", listen)

    context.route("**/*", check)
    context.on("page", watch)
    try:
        yield context
    finally:
        context.close()

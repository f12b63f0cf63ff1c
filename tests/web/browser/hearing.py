"""A person who presses the microphone, speaks when it listens, and is not cut short."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

SILENCE_S = 3.0
"""Before what is said: a file is heard from when the microphone opens, and the page listens later.
And after it: so long is waited for an end."""

WATCH = """
window.heardQuiet = 0;
window.heardLoud = 0;
window.AudioWorkletNode = class extends AudioWorkletNode {
  constructor(context, ...more) {
    super(context, ...more);
    this.port.addEventListener("message", ({data}) => {
      const seconds = (data?.length ?? 0) / context.sampleRate;
      const loud = data?.some((one) => Math.abs(one) > 0.01);
      window.heardLoud += loud ? seconds : 0;
      window.heardQuiet = loud ? 0 : window.heardQuiet + seconds;
    });
  }
};
"""
"""Seconds of sound that came to the page, as the sound's own samples count them: on a busy machine
they come later than the clock says."""


def listens(page: Page) -> None:
    """Watch what the pages opened from now on hear."""
    page.add_init_script(WATCH)


def speak(page: Page, button: str) -> None:
    """Press the microphone, let all be heard that is said, and press again."""
    told, pressed = page.locator("#hearing"), page.locator("#speak")
    open_or_not = re.compile("Listening|cannot be used")
    page.get_by_role("button", name=button).click()
    expect(told).to_contain_text(open_or_not)
    if pressed.get_attribute("aria-pressed") == "false":  # the browser did not open its own device
        page.get_by_role("button", name=button).click()
        expect(told).to_contain_text("Listening")
    expect(pressed).to_have_attribute("aria-pressed", "true")
    page.wait_for_function("() => window.heardLoud > 0.3 && window.heardQuiet > 1")
    pressed.click()
    expect(pressed).to_have_attribute("aria-pressed", "false")

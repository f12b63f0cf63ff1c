"""The whole way with a keyboard alone: what has the focus is always seen, and nothing is a trap."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.web.browser.looking import answered, box, hits

pytestmark = pytest.mark.slow

FOCUSED = """
() => {
  const one = document.activeElement;
  if (!one || one === document.body) return null;
  const box = one.getBoundingClientRect();
  const ring = (element) => {
    const style = getComputedStyle(element);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1)
      || style.boxShadow !== "none";
  };
  let seen = ring(one);
  for (let up = one, i = 0; up && i < 3 && !seen; up = up.parentElement, i += 1) seen = ring(up);
  if (!seen && one.nextElementSibling) seen = ring(one.nextElementSibling);
  const label = one.labels && one.labels[0] ? one.labels[0].textContent : "";
  const name = one.getAttribute("aria-label") || label || one.textContent || "";
  return {
    tag: one.tagName, name: name.trim().replace(/\\s+/g, " "), seen,
    inView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}
"""


def focused(page: Page) -> dict[str, object] | None:
    found: dict[str, object] | None = page.evaluate(FOCUSED)
    return found


def tab_to(page: Page, name: str, *, most: int = 60) -> None:
    """Press Tab until something of that name has the focus; each stop must be seen."""
    for _ in range(most):
        page.keyboard.press("Tab")
        page.wait_for_function("document.activeElement.getAnimations().length === 0")
        now = focused(page)
        if now is None:
            continue
        assert now["seen"], f"the focus cannot be seen on {now}"
        assert now["inView"], f"the focus is outside the window on {now}"
        if name in str(now["name"]):
            return
    raise AssertionError(f"{name!r} cannot be reached with the Tab key")


def test_search_item_delete_and_back_without_a_mouse(own_page: Page) -> None:
    page = own_page
    page.goto("/items")
    page.keyboard.press("Tab")
    assert "Skip" in str((focused(page) or {})["name"])
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()

    page.goto("/")
    box(page).focus()
    page.keyboard.type("a trophy")
    page.keyboard.press("Enter")
    answered(page, "a trophy")
    tab_to(page, "Pictures")
    page.keyboard.press("Space")
    expect(page.get_by_role("checkbox", name="Pictures")).to_be_checked()
    expect(hits(page).locator("audio")).to_have_count(0)
    title = hits(page).first.get_by_role("heading").inner_text()
    tab_to(page, title)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)

    tab_to(page, "Delete")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Delete this item?")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name="Delete")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    expect(dialog.get_by_role("button", name="Delete")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Items")


@pytest.mark.parametrize(
    "path", ["/", "/?q=a+trophy", "/ask", "/items", "/upload", "/models", "/runs"]
)
def test_the_focus_goes_through_a_page_and_out_again(page: Page, path: str) -> None:
    page.goto(path)
    page.locator("body").evaluate("() => document.activeElement.blur()")
    stops = []
    for _ in range(150):
        page.keyboard.press("Tab")
        now = focused(page)
        if now is None:
            break
        assert now["seen"], f"{path}: the focus cannot be seen on {now}"
        stops.append(now["name"])
    assert len(stops) < 150, f"{path}: the focus never leaves"
    wanted = page.get_by_role("main").locator("a[href], button, input, select, summary").all()
    reachable = [one for one in wanted if one.is_visible() and one.is_enabled()]
    assert len(stops) >= len(reachable)

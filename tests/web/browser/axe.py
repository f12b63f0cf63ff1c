"""axe-core's judgement of a page, as lines a person can act on."""

from __future__ import annotations

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
"""WCAG 2.2 AA, and axe's own habits of good pages."""
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules among them that a change of colours alone can break."""


def violations(page: Page, *, colours: bool = False) -> list[str]:
    """What the page as it stands breaks: rule, element, what to do.

    Args:
        colours: whether nothing but the colours changed since it was last looked at.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    only = {"type": "rule", "values": COLOURS} if colours else {"type": "tag", "values": TAGS}
    found = page.evaluate(
        "options => axe.run(options).then(({violations}) => violations)",
        {"runOnly": only, "resultTypes": ["violations"]},
    )
    return [
        f"{one['id']}: {node['target']} {node['html'][:200]} {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]

"""axe-core's judgement of a page, as lines a person can act on."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
"""WCAG 2.2 AA, and axe's own habits of good pages."""


def violations(page: Page) -> list[str]:
    """What the page as it stands breaks: rule, element, what to do."""
    options = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['html'][:200]} {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]

"""Rows of figures as `bench/ask.py` prints them: lines for people, or Markdown to paste."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure.

    Attributes:
        what: was measured.
        figure: with its unit.
        script: that prints it by itself.
    """

    what: str
    figure: str
    script: str

    def line(self, *, markdown: bool) -> str:
        """As a row of docs/figures.md, or for a terminal."""
        if markdown:
            return f"| {self.what} | {self.figure} | `{self.script}` |"
        return f"  {self.what}: {self.figure}"


def middle(values: Sequence[float], form: str = ".0f") -> str:
    """The median, with the least and the greatest: `12 [11, 15]`."""
    low, high = min(values), max(values)
    return f"{statistics.median(values):{form}} [{low:{form}}, {high:{form}}]"

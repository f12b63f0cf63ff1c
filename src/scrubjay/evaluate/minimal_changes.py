"""Putting other words into a caption: articles, capitals and spaces stay right."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scrubjay.evaluate.english import article_for

_ARTICLE = re.compile(r"\b(an?)( +)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Change:
    """What to put where.

    Attributes:
        edits: (start, end, text) of stretches that do not overlap, in any order.
        swapped: what was there, and what stands there instead.
    """

    edits: tuple[tuple[int, int, str], ...]
    swapped: tuple[str, str]


def applied(caption: str, change: Change) -> str:
    """The caption with its stretches replaced.

    `a` before a changed word becomes `an` where it must; the first letter stays as large as it was.
    """
    text = caption
    for start, end, put in sorted(change.edits, reverse=True):
        capital = text[start : start + 1].isupper() and _begins(caption, start)
        new = put[:1].upper() + put[1:] if capital else put
        text = text[:start] + new + text[end:]
        article = _ARTICLE.search(text[:start])
        if article and new:
            right = article_for(new)
            right = right.capitalize() if article[1][0].isupper() else right
            text = text[: article.start(1)] + right + article[2] + text[start:]
    return text


def _begins(caption: str, start: int) -> bool:
    """Whether a sentence begins here."""
    before = caption[:start].rstrip()
    return not before or before[-1] in ".!?:\n"

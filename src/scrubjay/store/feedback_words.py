"""What may be kept of what people say: lengths, and no control characters."""

from __future__ import annotations

import unicodedata
from typing import Final

from scrubjay.core.errors import WrongUse

MAX_QUERY: Final = 500
"""Characters of a query that somebody judged hits of."""
MAX_CAPTION: Final = 2_000
"""Characters of a fixed caption."""
MAX_ID: Final = 512
"""Characters of an item's id."""
_NONE: Final = ("Cc", "Cs")
_BREAKS: Final = frozenset("\t\n\r\u2028\u2029")
_TURNED: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def asked_words(query: str) -> str:
    """A query as it is kept.

    Raises:
        WrongUse: it is empty, too long, or holds control characters.
    """
    return _words(query, "the query", MAX_QUERY)


def caption_words(caption: str) -> str:
    """A caption as it is kept.

    Raises:
        WrongUse: it is empty, too long, or holds control characters.
    """
    return _words(caption, "the caption", MAX_CAPTION)


def _words(given: str, what: str, most: int) -> str:
    for one in given:
        if (unicodedata.category(one) in _NONE and one not in _BREAKS) or one in _TURNED:
            raise WrongUse(f"{what} holds the control character U+{ord(one):04X}; write it without")
    words = " ".join(given.split())
    if not words:
        raise WrongUse(f"{what} is empty; write some words")
    if len(words) > most:
        raise WrongUse(f"{what} has {len(words)} characters; write at most {most}")
    return words


def item_id(item: str) -> str:
    """An item's id as it is kept.

    Raises:
        WrongUse: it is empty, too long, or holds control characters.
    """
    if not item or len(item) > MAX_ID or any(unicodedata.category(one) in _NONE for one in item):
        raise WrongUse(
            f"{item[:40]!r} is no id of an item; give one of 1 to {MAX_ID} characters, as "
            f"`scrubjay search --json` shows it"
        )
    return item

"""Captions that describe nothing visible, by their wording alone: a heuristic, told as one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

REPEATED_GROUPS = 5
"""Content groups that may share a caption before it tells nothing apart, in any collection."""

REPEATED_SHARE = 0.05
"""And the share of all of them."""

_FILE = re.compile(
    r"(?i)^\S*\.(jpe?g|png|gif|bmp|tiff?|webp|heic|avif|svg|pdf|wav|mp3|flac|ogg|m4a|mp4|mov)$"
    r"|^(img|dsc[nf]?|dscf|pict?|p|mvi|vid|scan|screenshot|image|photo|foto|wp|pxl|gopr|dji)"
    r"[\s_-]*\d[\d\s_.:-]*$"
)
_HEX = re.compile(r"(?i)^(?=.*\d)[0-9a-f]{8,}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_CODE = re.compile(r"^(?=.*\d)[A-Z0-9]+([-_/.#][A-Z0-9]+)+$|^#?\d{4,}$|^[A-Z]{1,4}\d{3,}[A-Z]?$")


def _listed(names: str) -> frozenset[str]:
    return frozenset(name.strip() for name in names.split("|"))


_TOKENS = re.compile(r"\d+|[^\W\d_]+|[$€£¥%]")
_MONTHS_AND_DAYS = _listed(
    "january|february|march|april|may|june|july|august|september|october|november|december|"
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday|"
    "jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun"
)
_OF_DATES = _listed("st|nd|rd|th|am|pm|of|at|on|the|t|z|h|gmt|utc|cet")
_OF_PRICES = _listed("from|only|now|off|sale|each|per|incl|vat|was")
_MONEY = _listed("$|€|£|¥|%|usd|eur|gbp|chf|yen|euro|euros|dollar|dollars|price")
_LONGEST = 60
"""Characters of the longest caption that is a date, a price, a name or a code only."""

_PLACEHOLDERS = _listed(
    "untitled|no title|n/a|na|none|null|nan|unknown|tbd|todo|test|image|picture|photo|photograph|"
    "an image|a picture|a photo|a photograph|caption|caption here|description|title|alt text|"
    "no caption|no description|description to follow|image not available|no image|default|"
    "placeholder|thumbnail|untitled image|new image|copy|click to enlarge|see description|"
    "sans titre|ohne titel|bild|foto|sin titulo|sin título|-|--|?|xx|xxx"
)
_PHRASES = ("lorem ipsum", "click here", "click to enlarge", "image may contain", "placeholder")


def vague_wording(caption: str) -> str | None:
    """Why a caption describes nothing visible, in words; None when it may.

    Wording only: of what is not English little is caught.
    """
    text = " ".join(caption.split())
    bare = text.strip(" .!,;:\"'()[]").casefold()
    if not bare:
        return "it is empty"
    if bare in _PLACEHOLDERS or any(phrase in bare for phrase in _PHRASES):
        return "it is a placeholder"
    if len(text) > _LONGEST:
        return None
    if _FILE.match(text):
        return "it is a file's name"
    if _is_date(text):
        return "it is a date or a time only"
    if _is_price(text):
        return "it is a price only"
    if _HEX.match(bare) or _CODE.match(text):
        return "it is a number or a code"
    if not any(letter.isalpha() for letter in text) and len(text) > 2:
        return "it has no word"
    return None


def _is_date(text: str) -> bool:
    """Two or more of day, month, year, hour, or a year alone; and nothing else."""
    tokens = [token.casefold() for token in _TOKENS.findall(text)]
    numbers = [token for token in tokens if token.isdigit()]
    named = sum(token in _MONTHS_AND_DAYS for token in tokens)
    if not numbers or not all(
        token in _MONTHS_AND_DAYS or token in _OF_DATES or (token.isdigit() and len(token) <= 4)
        for token in tokens
    ):
        return False
    a_year = any(len(token) == 4 and token[:2] in {"19", "20"} for token in numbers)
    return a_year or named > 0 or (len(numbers) > 1 and any(sign in text for sign in ":/-."))


def _is_price(text: str) -> bool:
    tokens = [token.casefold() for token in _TOKENS.findall(text)]
    return (
        any(token in _MONEY for token in tokens)
        and any(token.isdigit() for token in tokens)
        and all(token.isdigit() or token in _MONEY or token in _OF_PRICES for token in tokens)
    )


def repeated_captions(captions: Sequence[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Captions that many different content groups share: they tell none of them apart.

    Args:
        captions: (group, caption), as often as they occur.

    Returns:
        The caption as first written to its groups, the most shared first.
    """
    groups: dict[str, dict[str, None]] = defaultdict(dict)
    written: dict[str, str] = {}
    known = {group for group, _ in captions}
    for group, caption in captions:
        key = " ".join(caption.casefold().split())
        if key:
            groups[key][group] = None
            written.setdefault(key, caption)
    most = max(REPEATED_GROUPS, REPEATED_SHARE * len(known))
    found = [(key, tuple(among)) for key, among in groups.items() if len(among) > most]
    found.sort(key=lambda one: (-len(one[1]), one[0]))
    return {written[key]: among for key, among in found}

"""An answer as it is written down: plain text, whose citations name what was looked at."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection
from typing import Final

CITATION: Final = re.compile(r"([ \t]*)\[(\d{1,4}(?:[ \t]*,[ \t]*\d{1,4})*)\]")
_STEERS: Final = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)|[^\[\]])"
)
_UNFINISHED: Final = re.compile(
    r"[ \t\n]*(?:\x1b(?:\[[0-?]{0,16}|\][^\x07\x1b]{0,256}\x1b?)?|\[[\d, \t]{0,24})?\Z"
)
_DROPPED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_JOINERS: Final = frozenset({"\u200c", "\u200d"})
"""Some scripts are not written right without them."""


def plain(text: str) -> str:
    """A text without characters that would steer a terminal, a page or the order of reading."""
    return "".join(map(_shown, _STEERS.sub("", text.replace("\r\n", "\n"))))


def percent(chance: float) -> str:
    """`71%`; only a certainty is called 100%."""
    return f"{min(round(100 * chance), 100 if chance >= 1 else 99)}%"


def cited(text: str) -> tuple[int, ...]:
    """The numbers a text cites, each once, in order."""
    found = [int(one) for mark in CITATION.finditer(text) for one in mark[2].split(",")]
    return tuple(dict.fromkeys(found))


def uncited(text: str) -> str:
    """A quoted text, whose own brackets are no citations of ours: `[1]` becomes `(1)`."""
    return CITATION.sub(lambda mark: f"{mark[1]}({mark[2]})", text)


def written(text: str, numbers: Collection[int]) -> str:
    """A whole text as `Writing` would write it."""
    writing = Writing(numbers)
    writing.add(text)
    return writing.end()


class Writing:
    """A text that comes piece by piece: made plain, its false citations left out.

    What was handed on, joined, is the whole text.
    """

    def __init__(
        self, numbers: Collection[int], on_text: Callable[[str], None] | None = None
    ) -> None:
        """Name the sources there are, and who hears of the text as it comes."""
        self._numbers = frozenset(numbers)
        self._on_text = on_text
        self._held = ""
        self._space = ""
        self._told: list[str] = []

    def add(self, piece: str) -> None:
        """Take the next piece; what may still become part of something stays behind."""
        self._held = _STEERS.sub("", self._held + "".join(map(_shown_or_begins, piece)))
        held = _UNFINISHED.search(self._held)
        at = held.start() if held is not None else len(self._held)
        ready, self._held = self._held[:at], self._held[at:]
        self._tell(ready)

    def end(self) -> str:
        """Hand on what is left; the whole text."""
        left, self._held = self._held, ""
        self._tell(left)
        return "".join(self._told)

    def _tell(self, text: str) -> None:
        text = self._space + plain(CITATION.sub(self._checked, text))
        kept = text.rstrip() if self._told else text.strip()
        self._space = text[len(text.rstrip()) :] if kept or self._told else ""
        if kept:
            self._told.append(kept)
            if self._on_text is not None:
                self._on_text(kept)

    def _checked(self, mark: re.Match[str]) -> str:
        numbers = dict.fromkeys(int(one) for one in mark[2].split(","))
        return "".join(f"{mark[1] or ' '}[{one}]" for one in numbers if one in self._numbers)


def _shown(one: str) -> str:
    if one in {"\n", " "} or one in _JOINERS:
        return one
    if one == "\t":
        return " "
    return "" if unicodedata.category(one) in _DROPPED else one


def _shown_or_begins(one: str) -> str:
    """An escape sequence is taken out whole, so its ends are kept until it is."""
    return one if one in {"\x1b", "\x07"} else _shown(one)

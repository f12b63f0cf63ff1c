"""Answers about several sources as one, with what each rests on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scrubjay.ask.evidence import Looked
from scrubjay.ask.question import Asks
from scrubjay.ask.writing import uncited

_WORDS: Final = re.compile(r"[^\W_]+", re.UNICODE)
_EMPTY: Final = frozenset(
    _WORDS.findall(
        "a an and any are as at be been but by can could did do does for from had has have he her "
        "his how i if in into is it its me my no not of on or our out over said say says she so "
        "some tell than that the their them then there these they this those to up us was we were "
        "what when where which who whom whose why will with would you your about many much picture "
        "photo image recording recordings written heard hear read text word words sign please"
    )
)
_NONE: Final = frozenset(
    {"no", "0", "zero", "none", "nothing", "nothing moves", "nothing comes", "nothing goes"}
)
LEAST_SHARE: Final = 0.5
"""Of a question's own words that a line must have to be quoted as its answer."""


@dataclass(frozen=True, slots=True)
class Said:
    """What is answered about one source.

    Attributes:
        number: of the source.
        confidence: None: not said.
    """

    number: int
    text: str
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Together:
    """One answer of several, citing those it rests on."""

    text: str
    confidence: float | None
    numbers: tuple[int, ...]


def combined(
    said: Sequence[Said], asks: Asks, *, ranked: bool, parts: bool = False
) -> Together | None:
    """What several sources say; equal answers are told once. None where none says anything.

    Numbers are never added up: each is of its own source.

    Args:
        said: in the order of the sources.
        asks: what the question wants. Which ones: a `no` is left out. Of a collection, sources
            without any say nothing of how many there are, and a `no` nothing against a `yes`.
        ranked: whether the nearer source counts more; else the order of the sources is kept.
        parts: whether the sources are parts of one thing: one without any says nothing then.
    """
    groups: dict[str, list[Said]] = {}
    for one in said:
        groups.setdefault(_same(one.text), []).append(one)
    differ = len(groups) > 1
    against = ranked and (asks is Asks.COUNT or (asks is Asks.YES_NO and differ))
    against = against or (parts and differ)
    if asks is Asks.WHICH or against:
        groups = {same: some for same, some in groups.items() if same not in _NONE}
    if not groups:
        return None
    told = list(groups.values())
    if ranked:
        told.sort(key=lambda some: (-_worth(some), some[0].number))
    numbers = tuple(one.number for some in told for one in some)
    surest = [one.confidence for one in told[0] if one.confidence is not None]
    least = [one.confidence for one in said if one.confidence is not None]
    confidence = (max(surest) if ranked else min(least)) if surest and least else None
    return Together(
        "; ".join(f"{some[0].text} {_cites(some)}" for some in told), confidence, numbers
    )


def says_none(said: Sequence[Said]) -> bool:
    """Whether all that is said is that there is none."""
    return bool(said) and all(_same(one.text) in _NONE for one in said)


def quoted(
    looked: Sequence[Looked], question: str, *kinds: str, strictly: bool = False
) -> list[Said]:
    """The lines of each source that a question is about, between quotation marks.

    Args:
        kinds: of clue.
        strictly: a line must share words with the question; else one without words of its own
            (`what does it say?`) is answered with all lines.
    """
    wanted = content_words(question)
    said = []
    for one in looked:
        about = content_words(f"{one.source.name} {one.source.caption or ''}")
        left = wanted if strictly else wanted - about
        lines = [
            clue
            for clue in one.of(*kinds)
            if (_share(left, clue.text) >= LEAST_SHARE if left else not strictly)
        ]
        if lines:
            known = [clue.confidence for clue in lines if clue.confidence is not None]
            text = uncited(" ".join(clue.text for clue in lines))
            said.append(Said(one.source.number, f"“{text}”", min(known) if known else None))
    return said


def is_part(some: str, text: str) -> bool:
    """Whether a text is some of the words of another, and more than a letter."""
    words = set(_WORDS.findall(some.casefold()))
    return len("".join(words)) > 1 and words < set(_WORDS.findall(text.casefold()))


def content_words(text: str) -> frozenset[str]:
    """Its words, without those that only ask or join."""
    words = {one for one in _WORDS.findall(text.casefold()) if one not in _EMPTY}
    return frozenset(map(_stem, words)) - _EMPTY


def _share(wanted: frozenset[str], text: str) -> float:
    return len(wanted & content_words(text)) / len(wanted)


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _same(text: str) -> str:
    return " ".join(_WORDS.findall(text.casefold()))


def _worth(said: Sequence[Said]) -> float:
    """A vote for each, worth its confidence (half where it is not said) by its nearness."""
    return sum((0.5 if one.confidence is None else one.confidence) / one.number for one in said)


def _cites(said: Sequence[Said]) -> str:
    return " ".join(f"[{one.number}]" for one in said)

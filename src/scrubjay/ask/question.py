"""What a question asks for, as far as its English words say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from scrubjay.core.types import Sound


class Asks(StrEnum):
    """What kind of answer a question wants."""

    COUNT = "count"
    YES_NO = "yes_no"
    COLOUR = "colour"
    TEXT = "text"
    SPEECH = "speech"
    PLACE = "place"
    WHICH = "which"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Question:
    """A question in words.

    Attributes:
        language: two-letter code the answer is to be in.
        sound: as it was spoken, at 16 kHz; None: it was typed.
        confidence: chance that it was heard right; None: it was typed, or is not known.
        unheard: why there are no words; None: there are, or nobody spoke.
    """

    text: str
    language: str
    sound: Sound | None = None
    confidence: float | None = None
    unheard: str | None = None

    @property
    def asks(self) -> Asks:
        """What it wants."""
        return asks(self.text)


_RULES: Final[tuple[tuple[Asks, re.Pattern[str]], ...]] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (
            Asks.WHICH,
            r"^(?:in )?(?:which|what) (?:picture|photo|image|item|recording|video|moment|one)s?\b|"
            r"^(?:show|find)\b|^(?:do|have) (?:i|we)\b.*\b(?:picture|photo|image|recording)s?\b",
        ),
        (
            Asks.SPEECH,
            r"\b(?:said|say|says|saying|spoken|speak|speaks|talk|talks|mention|mentions|mentioned)\b"
            r".*\b(?:recording|clip|audio|voice|memo|message|call|he|she|they|i|we|somebody|someone)"
            r"\b|\b(?:did|does|do) (?:he|she|they|i|we|somebody|someone|anybody) (?:say|mention)\b|"
            r"\b(?:is|was|being|gets?) (?:said|mentioned|talked|spoken)\b|"
            r"\b(?:man|woman|boy|girl|person|speaker|narrator|voice)\b.*\b(?:say|says|mention)|"
            r"\b(?:hear|heard)\b",
        ),
        (
            Asks.TEXT,
            r"\b(?:written|writing|reads?|text|words?|sign says?|says?|letters?|label|printed|"
            r"spell(?:ed|s)?)\b",
        ),
        (Asks.COUNT, r"\b(?:how many|number of|count)\b"),
        (Asks.COLOUR, r"\bcolou?rs?\b"),
        (Asks.PLACE, r"^where\b|\bwhat is (?:above|below|beside|left|right|next)\b"),
        (
            Asks.YES_NO,
            r"^(?:is|are|was|were|does|do|did|has|have|can|could|will|am)\b",
        ),
    )
)
_ANY: Final = re.compile(r"^(?:is|are|was|were) there\b|^(?:do|have) (?:i|we)\b", re.IGNORECASE)
_ABOUT: Final = re.compile(
    r"^(?:(?:please|can you|could you|tell me)\b[ ,]*)*"
    r"(?:(?:in )?(?:which|what) (?:picture|photo|image|item|recording|one)s? (?:shows?|has|have|"
    r"contains?|is|are)?|(?:show|find)(?: me)?|(?:do|have) (?:i|we) (?:have |got )?(?:any |a )?"
    r"(?:picture|photo|image|recording)s? (?:of|with|showing)|how many(?: of)?|"
    r"what (?:colou?r|shape|kind|sort|time)s? (?:of|is|are|do|does)?|"
    r"where (?:is|are|was|were)|(?:is|are|was|were) (?:there )?|"
    r"what (?:is|are|was|were|does|do|did)|"
    r"(?:does|do|did|has|have) )",
    re.IGNORECASE,
)
_LEFT_OUT: Final = re.compile(
    r"\b(?:are|is|do|does|did|was|were) (?:there|shown|visible|written|you see)\b|"
    r"\b(?:in|on) (?:the|a|any|this|these|my) (?:picture|photo|image|collection)s?\b|"
    r"\b(?:there|please)\b|\b(?:say|says|mean|read|look like|called)\b\W*$|[?!.]+\s*$",
    re.IGNORECASE,
)


def asks(text: str) -> Asks:
    """What a question wants; OTHER where no rule says, as in any language but English."""
    words = " ".join(text.split())
    return next((kind for kind, rule in _RULES if rule.search(words)), Asks.OTHER)


def asks_whether_any(text: str) -> bool:
    """Whether a question asks if there is such a thing at all."""
    return _ANY.search(" ".join(text.split())) is not None


def asks_for_number_or_whether(text: str) -> bool:
    """Whether `none` and `no` are answers that say nothing against another place's."""
    return asks(text) in {Asks.COUNT, Asks.YES_NO}


def looked_for(text: str) -> str:
    """What a search should find for a question: what it is about, without what asks.

    `how many red cups are there?` is about `red cups`.
    """
    words = " ".join(text.split())
    about = " ".join(_LEFT_OUT.sub(" ", _ABOUT.sub("", words)).split()).strip(" ,;:")
    return about or words

"""Whether an answer is right, by four measures from strict to lenient."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from scrubjay.ask.comparing.questions import Posed
from scrubjay.ask.comparing.said import Said
from scrubjay.ask.optimise import is_right
from scrubjay.core.errors import BadConfig

AGREEING: Final = 3
"""Annotators who gave an answer for it to be wholly right (Antol et al. 2015, section 3)."""
MEASURES: Final = ("exact", "normalised", "consensus", "contained")

_NUMBERS: Final = {
    word: str(number)
    for number, word in enumerate(
        re.findall(r"\w+", "zero one two three four five six seven eight nine ten eleven twelve")
    )
} | {"none": "0"}
_ARTICLES: Final = frozenset({"a", "an", "the"})
_KEPT: Final = re.compile(
    r"(?<=\d)[.:](?=\d)|(?<![^\W_])-(?=\d)|[%$€£°]|(?<=\w)['\u2019](?=\w)|[^\W_]"
)


@dataclass(frozen=True, slots=True)
class Scored:
    """One answer held against what is right, each measure in [0, 1].

    Attributes:
        exact: it is a right answer to the letter.
        normalised: it is one after `normal`.
        consensus: the share of annotators it needs that agree with it.
        contained: it says one in its words, and does not deny it.
    """

    exact: float
    normalised: float
    consensus: float
    contained: float


def checked_measure(name: object) -> str:
    """The name of a measure itself.

    Raises:
        BadConfig: there is none of that name.
    """
    if name not in MEASURES:
        raise BadConfig(f"measure is one of {', '.join(MEASURES)}, not {name!r}")
    return str(name)


def scored(posed: Posed, said: Said) -> Scored:
    """How right an answer is. Where nobody could tell, saying so is; to fail never is.

    `consensus` is min(n / 3, 1) for n annotators who gave the answer (Antol et al., "VQA: Visual
    Question Answering", ICCV 2015, section 3). Of fewer than three annotators all must agree with
    it, and where a question has a list of answers that are all right, one of them is enough.
    """
    if not said.told or not posed.answers:
        refused = not said.told and said.error is None
        right = float(refused and posed.unanswerable is True)
        return Scored(right, right, right, right)
    text = normal(said.text)
    same = sum(normal(answer) == text for answer in posed.answers)
    needed = min(AGREEING, len(posed.answers)) if posed.annotated else 1
    return Scored(
        exact=float(said.text.strip() in posed.answers),
        normalised=float(same > 0),
        consensus=min(same / needed, 1.0),
        contained=float(is_right(said.text, posed.answers)),
    )


def normal(text: str) -> str:
    """An answer in its plainest form: what VQA's evaluation does to both sides before it compares.

    Small letters, numbers up to twelve as digits (`none` is 0), without articles and without marks
    but those that change a number: `A two-storey house.` is `2 storey house`, `1,000` is `1000`.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", folded)
    kept = "".join(one if _KEPT.match(folded, at) else " " for at, one in enumerate(folded))
    words = [_NUMBERS.get(word, word) for word in kept.split()]
    return " ".join([one for one in words if one not in _ARTICLES] or words)

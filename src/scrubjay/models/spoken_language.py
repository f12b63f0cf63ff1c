"""What may be asked of listeners and voices: languages, words, speeds, lengths of text."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

from scrubjay.core.errors import WrongUse

MAX_CHARACTERS: Final = 10_000
"""Of a text spoken at once: a quarter of an hour."""
SPEEDS: Final = (0.25, 4.0)
MAX_WORDS: Final = 1_000

_CODE = re.compile(r"[a-z]{2,3}")
_UNSPEAKABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")


def language_code(language: str) -> str:
    """`de` of `de`, `DE` or `de-AT`.

    Raises:
        WrongUse: it is no code of a language.
    """
    code = re.split("[-_]", language.strip().lower(), maxsplit=1)[0]
    if not _CODE.fullmatch(code):
        raise WrongUse(
            f"a language is given by its two-letter code, as 'en', not {language[:40]!r}"
        )
    return code


def checked_words(words: Sequence[str]) -> tuple[str, ...]:
    """The words that may be said, each once, without space around them.

    Raises:
        WrongUse: none, too many, or an empty one.
    """
    if isinstance(words, str):
        raise WrongUse("the words that may be said are a list, not one text")
    cleaned = tuple(dict.fromkeys(" ".join(word.split()) for word in words))
    if not 1 <= len(cleaned) <= MAX_WORDS:
        raise WrongUse(f"from 1 to {MAX_WORDS:,} words may be given, not {len(cleaned):,}")
    if not all(cleaned):
        raise WrongUse("one of the words that may be said is empty")
    return cleaned


def check_speed(speed: float) -> float:
    """The speed itself.

    Raises:
        WrongUse: nobody speaks so fast or so slowly.
    """
    slowest, fastest = SPEEDS
    if not (math.isfinite(speed) and slowest <= speed <= fastest):
        raise WrongUse(f"speed must be from {slowest:g} to {fastest:g}, not {speed!r}")
    return float(speed)


def check_length(text: str) -> str:
    """The text itself.

    Raises:
        WrongUse: it takes too long to say.
    """
    if len(text) > MAX_CHARACTERS:
        raise WrongUse(
            f"a text of {len(text):,} characters is too long to speak at once: give it in parts of "
            f"at most {MAX_CHARACTERS:,}"
        )
    return text


def speakable(text: str) -> str:
    """The text without control characters and half surrogates; line ends become spaces.

    Raises:
        WrongUse: it takes too long to say.
    """
    return " ".join(_UNSPEAKABLE.sub(" ", check_length(text)).split())

"""Words that stand for themselves: `seven`, `a handwritten 7`, `the number seven`, `dog`.

What a collection of digits or other classes is captioned with. A number counts nothing there, so it
becomes any other that the collection names so; a thing becomes another thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from scrubjay.evaluate.english import (
    ALIKE,
    ATTRIBUTE_OF,
    COLOURS,
    GENERAL,
    NUMBER_WORDS,
    each,
    singular,
)
from scrubjay.evaluate.minimal_changes import Change
from scrubjay.evaluate.words import Word, is_english, words_of

_LARGEST = 100
"""Longer digits are years or names of files."""
_ARTICLES = each("a an the this")
_NAMED = each("number digit numeral")
_WRITTEN = each("handwritten written spoken printed drawn painted")
_THINGS = frozenset(word for group in ALIKE for word in group.split()) - GENERAL
"""Nouns that need no article to be known for one."""


def numbers_of(captions: Sequence[str]) -> tuple[str, ...]:
    """The numbers that captions name for themselves, as they are written, each once, in order."""
    found: dict[str, None] = {}
    for caption in captions:
        word = number_alone(caption, words_of(caption)) if is_english(caption) else None
        if word is not None:
            found.setdefault(word.text)
    return tuple(found)


def number_changes(caption: str, words: list[Word], numbers: Sequence[str]) -> list[Change]:
    """A number that stands for itself turned into others, in figures or in letters as it is."""
    word = number_alone(caption, words)
    if word is None:
        return []
    return [
        Change(((word.start, word.end, other),), (word.text, other))
        for other in numbers
        if other.isdigit() == word.text.isdigit() and value_of(other) != value_of(word.text)
    ]


def number_alone(caption: str, words: list[Word]) -> Word | None:
    """The number that is all of a caption, but for words such as `a handwritten` before it.

    It counts nothing. `the red one` and `this one` are no numbers, nor is a number among other
    words, which may be of the picture and not in it.
    """
    if not words or not _apart(caption, words):
        return None
    word = words[-1]
    if value_of(word.text) is None or word.named or not all(map(_introduces, words[:-1])):
        return None
    pronoun = word.text == "one" and words[:-1] and words[-2].text not in _NAMED | _WRITTEN
    return None if pronoun else word


def value_of(word: str) -> int | None:
    """What a number in letters or figures is; None for other words, years and the like."""
    if word.isascii() and word.isdigit():
        return int(word) if str(int(word)) == word and int(word) <= _LARGEST else None
    return NUMBER_WORDS.get(word)


def thing_alone(caption: str, words: list[Word], vocabulary: Sequence[str] = ()) -> Word | None:
    """The noun that is all of a caption.

    Only where it is known for an English one, by our tables or by captions that name it with an
    article or a count: a word alone may be of any language, or no thing.
    """
    if len(words) != 1 or not _apart(caption, words):
        return None
    text = words[0].text
    known = singular(text) in _THINGS or text in vocabulary or singular(text) in vocabulary
    return words[0] if known and singular(text) not in GENERAL else None


def plain(caption: str) -> str:
    """A caption without what does not change what it says: case, spaces, a full stop.

    A number alone is in figures.
    """
    said = " ".join(caption.casefold().split()).rstrip(".! ")
    value = value_of(said)
    return said if value is None else str(value)


def _introduces(word: Word) -> bool:
    """Whether a word before a number only says which: `a`, `handwritten`, `red`, `number`."""
    text = word.text
    if word.named:
        return False
    return text in _ARTICLES | _NAMED | _WRITTEN or text in COLOURS or text in ATTRIBUTE_OF


def _apart(caption: str, words: list[Word]) -> bool:
    """Whether spaces alone join a caption's words, and nothing but a stop ends it.

    Neither `7:30` nor `IMG_7` is a seven.
    """
    joints = [caption[one.end : other.start] for one, other in pairwise(words)]
    outside = caption[: words[0].start] + caption[words[-1].end :].rstrip(".! ")
    return all(map(str.isspace, joints)) and not outside.strip()

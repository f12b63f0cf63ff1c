"""Where a caption names a thing: determiner or count, attributes, noun. By rules, in English."""

from __future__ import annotations

from dataclasses import dataclass

from scrubjay.evaluate.english import (
    ATTRIBUTE_OF,
    COLOURS,
    COUNTS,
    DETERMINERS,
    FUNCTION_WORDS,
    NUMBER_WORDS,
    is_adverb,
    is_plural,
    singular,
)
from scrubjay.evaluate.words import Word, is_action

LONGEST_NOUN = 3
"""Words of a noun such as `ice cream`."""
COMPOUNDS = frozenset(
    ("light bulb", "orange juice", "orange tree", "golden retriever", "stone age", "black board")
)
"""Things whose first word is none of their attributes."""
_ONE = frozenset({"a", "an", "this", "that", "each", "one"})
_SEVERAL = frozenset({"these", "those", "some"})


@dataclass(frozen=True, slots=True)
class NounPhrase:
    """A thing as it is named.

    Attributes:
        first: position of its first word among the caption's.
        last: position of its last word.
        start: its first character.
        end: one past its last character.
        determiner: position of its article or other determiner; None without one.
        count: position of its count; None without one.
        attributes: positions of the adjectives of our tables before its noun.
        noun: positions of its noun's words.
        name: the noun, in lower case.
        several: whether it is more than one.
    """

    first: int
    last: int
    start: int
    end: int
    determiner: int | None
    count: int | None
    attributes: tuple[int, ...]
    noun: tuple[int, ...]
    name: str
    several: bool

    @property
    def one(self) -> str:
        """The noun as it is called when there is one."""
        return singular(self.name)


def noun_phrases(caption: str, words: list[Word]) -> list[NounPhrase]:
    """The things a caption names with a determiner, a count or a known adjective, in order."""
    found: list[NounPhrase] = []
    at = 0
    while at < len(words):
        phrase = _phrase(caption, words, at)
        if phrase is None:
            at += 1
        else:
            found.append(phrase)
            at = phrase.last + 1
    return found


def number_of(word: str) -> int | None:
    """What a count counts; None for other words."""
    if word.isdigit():
        return int(word)
    return COUNTS.get(word)


def _phrase(caption: str, words: list[Word], first: int) -> NounPhrase | None:
    at = first
    determiner = at if words[at].text in DETERMINERS else None
    at += determiner is not None
    count = at if at < len(words) and number_of(words[at].text) is not None else None
    at += count is not None
    attributes: list[int] = []
    while at + 1 < len(words) and _joined(caption, words, at + 1) and _describes(words[at].text):
        following = words[at + 1].text
        if not (_may_be_noun(following) or _describes(following)):
            break
        if is_adverb(words[at].text) and not _describes(following):
            break
        if f"{words[at].text} {words[at + 1].text}" in COMPOUNDS:
            break
        attributes += [at] if _in_tables(words[at].text) else []
        at += 1
    if first == at or (determiner is None and count is None and not attributes):
        return None
    if at < len(words) and not all(
        _joined(caption, words, one) for one in range(first + 1, at + 1)
    ):
        return None
    start = words[determiner].text if determiner is not None else ""
    several = _several(start, number_of(words[count].text) if count is not None else None)
    noun = _noun(caption, words, at, several)
    if not noun or (len(noun) == 1 and _doing(words[noun[0]].text)):
        return None
    name = " ".join(words[one].text for one in noun)
    if several is None:
        several = is_plural(words[noun[-1]].text)
    end = words[noun[-1]].end
    return NounPhrase(
        first,
        noun[-1],
        words[first].start,
        end,
        determiner,
        count,
        tuple(attributes),
        tuple(noun),
        name,
        several,
    )


def _several(determiner: str, count: int | None) -> bool | None:
    if count is not None:
        return count > 1
    if determiner in _ONE:
        return False
    return True if determiner in _SEVERAL else None


def _noun(caption: str, words: list[Word], at: int, several: bool | None) -> list[int]:
    """The words of a noun that begins here; a plural ends it, and so does a verb."""
    noun: list[int] = []
    while at < len(words) and len(noun) < LONGEST_NOUN:
        word = words[at].text
        if (noun and not _joined(caption, words, at)) or not _may_be_noun(word):
            break
        if noun and (words[at].named or is_action(word) or word.endswith(("ed", "ing"))):
            break
        if noun and several is False and is_plural(word):
            break  # a verb: "a man waves"
        noun.append(at)
        at += 1
        if several is not False and is_plural(word):
            break
    return noun


def _in_tables(word: str) -> bool:
    return word in COLOURS or word in ATTRIBUTE_OF


def _describes(word: str) -> bool:
    """Whether a word before a noun says how the thing is."""
    return _in_tables(word) or word.endswith(("-haired", "ed", "-brimmed")) or is_adverb(word)


def _doing(word: str) -> bool:
    return word.endswith("ing") and is_action(word)


def _may_be_noun(word: str) -> bool:
    if not word.isalpha() or len(word) < 2 or is_adverb(word):
        return False
    return word not in FUNCTION_WORDS and word not in NUMBER_WORDS


def _joined(caption: str, words: list[Word], at: int) -> bool:
    """Whether nothing but a space parts a word from the one before it."""
    return caption[words[at - 1].end : words[at].start] == " "

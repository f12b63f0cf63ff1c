"""What the words of an English caption are about: objects, colours, counts, places, actions.

A heuristic of word tables and endings, not a parser: no model decides. What is in no table and does
not end like a verb or an adverb counts as an object. Words of other languages give no classes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from scrubjay.evaluate.english import (
    ACTIONS,
    ALSO_NOUNS,
    ATTRIBUTE_OF,
    COLOURS,
    COUNTS,
    DETERMINERS,
    FUNCTION_WORDS,
    ING_NOUNS,
    NUMBER_WORDS,
    RELATIONS,
    SYMMETRIC,
    each,
    is_adverb,
)

_WORD = re.compile(r"\d+|[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_FOREIGN = each(
    "el la los las un una unos unas del con y que por para una está hay debajo encima "
    "le les une des du et est avec dans sur sous qui il aux au de "
    "der das ein eine einen einem einer eines und ist mit von auf unter über dem den im zwei drei "
    "il lo gli uno di e che sono nel della"
)
_ENGLISH = FUNCTION_WORDS - _FOREIGN


class WordClass(StrEnum):
    """What a word says of a picture.

    Colours are apart from the other attributes: sizes, ages, materials and the like.
    """

    OBJECT = "object"
    COLOUR = "colour"
    ATTRIBUTE = "attribute"
    COUNT = "count"
    RELATION = "relation"
    ACTION = "action"


class Word(NamedTuple):
    """A word where it stands.

    Attributes:
        start: first character.
        end: one past the last.
        text: in lower case.
        named: whether it begins with a capital although it is not the caption's first word.
    """

    start: int
    end: int
    text: str
    named: bool


def words_of(caption: str) -> list[Word]:
    """Words and whole numbers in order; what a hyphen or an apostrophe joins is one word."""
    return [
        Word(found.start(), found.end(), found[0].lower(), number > 0 and found[0][0].isupper())
        for number, found in enumerate(_WORD.finditer(caption))
    ]


def is_english(caption: str) -> bool:
    """Whether English function words outnumber those of Spanish, French, German and Italian.

    A caption without any counts as English: its words are in the tables, or they are not.
    """
    words = [word.text for word in words_of(caption)]
    english = sum(word in _ENGLISH or word in COUNTS for word in words)
    foreign = sum(word in _FOREIGN for word in words)
    return not foreign or foreign < english


def classes_of(caption: str) -> Mapping[WordClass, tuple[str, ...]]:
    """The words of each class, in lower case and in order, each once.

    Returns:
        Only the classes that occur; nothing for a caption that is not English. Places may be
        several words: `to the left of`.
    """
    if not is_english(caption):
        return {}
    words = words_of(caption)
    found: dict[WordClass, list[str]] = {one: [] for one in WordClass}
    at = 0
    while at < len(words):
        place = place_at(words, at)
        if place:
            found[WordClass.RELATION].append(place)
            at += len(place.split())
            continue
        known = _class_of(words[at].text)
        if at and _before_nouns(words[at - 1].text) and _names(words, at):
            known = WordClass.OBJECT
        if known is not None:
            found[known].append(words[at].text)
        at += 1
    return {one: tuple(dict.fromkeys(texts)) for one, texts in found.items() if texts}


def place_at(words: list[Word], at: int) -> str | None:
    """The longest name of a place that begins with a word; None when none does."""
    for place in _PLACES:
        parts = place.split()
        if [word.text for word in words[at : at + len(parts)]] == parts:
            return place
    return None


_PLACES = sorted([*RELATIONS, *SYMMETRIC], key=lambda place: -len(place.split()))


def is_action(word: str) -> bool:
    """Whether a word says what is being done: in the table, with any ending, or an -ing form."""
    if word in ING_NOUNS:
        return False
    if word in ACTIONS or (word.endswith("ing") and len(word) > 4):
        return True
    stems = [word[: -len(ending)] for ending in ("es", "ed", "s", "d") if word.endswith(ending)]
    return any(stem in ACTIONS or stem in _Y_STEMS for stem in stems)


_BEFORE_NOUNS = (WordClass.COLOUR, WordClass.ATTRIBUTE, WordClass.COUNT)
_Y_STEMS = frozenset(verb[:-1] + "i" for verb in ACTIONS if verb.endswith("y"))


def _names(words: list[Word], at: int) -> bool:
    """Whether a word that could be another is a noun here: "a red cross", "a pink square"."""
    word = words[at].text
    if word in ALSO_NOUNS:
        last = at + 1 == len(words)
        return last or _class_of(words[at + 1].text) is not WordClass.OBJECT
    return _class_of(word) is WordClass.ACTION


def _before_nouns(word: str) -> bool:
    return word in DETERMINERS or _class_of(word) in _BEFORE_NOUNS


def _class_of(word: str) -> WordClass | None:
    if word in NUMBER_WORDS or (word.isdigit() and 0 < int(word) <= len(COUNTS)):
        return WordClass.COUNT
    if word in COLOURS:
        return WordClass.COLOUR
    if word in ATTRIBUTE_OF:
        return WordClass.ATTRIBUTE
    if word in FUNCTION_WORDS or word.isdigit() or len(word) < 3 or is_adverb(word):
        return None
    if is_action(word):
        return WordClass.ACTION
    return WordClass.OBJECT

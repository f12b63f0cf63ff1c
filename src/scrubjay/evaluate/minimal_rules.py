"""The rules behind minimal pairs: which words of a caption may become which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

from scrubjay.evaluate.english import (
    ALIKE,
    ALSO_NOUNS,
    ATTRIBUTE_OF,
    BASIC_COLOURS,
    COLOURS,
    DETERMINERS,
    GENERAL,
    NUMBERS,
    POSSESSIVES,
    RELATIONS,
    UNITS,
    each,
    is_plural,
    may_be_singular,
    plural,
    singular,
)
from scrubjay.evaluate.minimal_alone import thing_alone, value_of
from scrubjay.evaluate.minimal_changes import Change
from scrubjay.evaluate.noun_phrases import NounPhrase, noun_phrases, number_of
from scrubjay.evaluate.words import Word, is_action, is_english, place_at, words_of

ENOUGH = 10
"""Things named by several captions, from which on those named once are left out."""
MOST = 256
"""Things that one may become another of: those named most often."""
_VERBS = each("is are was were sits sit stands stand lies lie sitting standing lying")
_BEING = each("is are was were")
_PRONOUNS = each("him her it them")
_NOT_PLACES = each(
    "right left way other one verge point whole contrary basis move run hunt eve occasion subject "
    "name title eye eyes guidance influence direction supervision reign age course years weather "
    "circumstances demand date entry request condition pretext command spell impression time day "
    "night phone internet"
)
"""What `on`, `over` or `under` before it makes no place of."""
_LEAVE = each("left leave leaves leaving stay stays stayed")
_LOOSE = frozenset({"on", "over", "under"})
"""Places that often mean none."""
_PARTICLES = each(
    "pull pulls pulling put puts putting based depends depending work works working go goes going "
    "went carry carries "
    "look looks looking later early all left focus focuses focused comments commentary turn turns "
    "turned keep keeps leave leaves take takes taking try tries trying get gets bring brings come "
    "later so and further hand hands"
)
"""Words before such a place that make something else of it."""


def names_of(captions: Sequence[str]) -> tuple[str, ...]:
    """The things captions name with `a`, `an` or a count, or alone, each once, in order.

    Where enough are named by two captions and more, only those: what one caption alone names is
    often no thing.
    """
    found: Counter[str] = Counter()
    for caption in captions:
        if is_english(caption):
            words = words_of(caption)
            mine: dict[str, None] = {}
            for phrase in noun_phrases(caption, words):
                if _replaceable(caption, words, phrase):
                    mine.setdefault(phrase.name)
            alone = thing_alone(caption, words)
            if alone is not None:
                mine.setdefault(alone.text)
            found.update(mine.keys())
    often = tuple(name for name, captioned in found.items() if captioned > 1)
    names = often if len(often) >= ENOUGH else tuple(found)
    kept = {name for name, _ in Counter({one: found[one] for one in names}).most_common(MOST)}
    return tuple(name for name in names if name in kept)


def attribute_changes(caption: str, words: list[Word], phrases: list[NounPhrase]) -> list[Change]:
    """Two attributes of differently named things exchanged; without such, one colour another."""
    swaps = [
        Change(
            (
                (words[a].start, words[a].end, words[b].text),
                (words[b].start, words[b].end, words[a].text),
            ),
            (words[a].text, words[b].text),
        )
        for one, other in combinations(phrases, 2)
        if one.one != other.one
        for a, b in _exchangeable(words, one, other)
    ]
    return swaps or [
        Change(((word.start, word.end, colour),), (word.text, colour))
        for word in _colours(caption, words, phrases)
        for colour in BASIC_COLOURS
        if colour not in {COLOURS[one.text] for one in words if one.text in COLOURS}
    ]


def count_changes(caption: str, words: list[Word], phrases: list[NounPhrase]) -> list[Change]:
    """One more and one fewer; never fewer than two, but one becomes two."""
    found: list[Change] = []
    for phrase in phrases:
        at = phrase.count
        if at is None or words[at].named or set(phrase.name.split()) & UNITS:
            continue
        count = number_of(words[at].text) or 0
        beside = [words[one].text for one in (at - 1, at + 1) if 0 <= one < len(words)]
        if any(number_of(one) is not None or one in {"hundred", "thousand"} for one in beside):
            continue
        if not 1 <= count <= len(NUMBERS):
            continue
        last = words[phrase.noun[-1]]
        if count > 1 and is_plural(last.text):
            others = [one for one in (count - 1, count + 1) if 2 <= one <= len(NUMBERS)]
            found += [_counted(words[at], one) for one in others]
        elif count == 1 and _one_alone(words, phrase):
            more = _counted(words[at], 2)
            noun = (last.start, last.end, plural(last.text))
            found.append(Change((*more.edits, noun), more.swapped))
    return found


def relation_changes(caption: str, words: list[Word], phrases: list[NounPhrase]) -> list[Change]:
    """A place turned into an opposite; not between things of the same name."""
    return [
        Change(
            ((words[first].start, words[last].end, opposite),),
            (place, opposite),
        )
        for first, last, place in _places(words)
        if _is_place(caption, words, phrases, first, last, place)
        for opposite in RELATIONS[place]
        if not (_same_on_both_sides(words, phrases, first, last))
    ]


def order_changes(caption: str, words: list[Word], phrases: list[NounPhrase]) -> list[Change]:
    """The things on both sides of a place exchanged, where both are named in full."""
    found: list[Change] = []
    for first, last, place in _places(words):
        one, other = _before(words, phrases, first), _after(phrases, last)
        if (
            one is None
            or other is None
            or not _is_place(caption, words, phrases, first, last, place)
        ):
            continue
        if _same(words, one, other) or not (_whole(words, one) and _whole(words, other)):
            continue
        if set(caption[one.end : words[first].start]) & set(",.;:(") or _of(words, other):
            continue
        if {one.one, other.one} & GENERAL:
            continue
        verbs = {words[at].text for at in (one.first - 1, one.last + 1) if 0 <= at < len(words)}
        after = words[other.last + 1].text if other.last + 1 < len(words) else ""
        if after in _BEING or (one.several != other.several and verbs & _BEING):
            continue
        a, b = caption[one.start : one.end], caption[other.start : other.end]
        edits = (
            (one.start, one.end, _small(caption, b, other.start)),
            (other.start, other.end, _small(caption, a, one.start)),
        )
        found.append(Change(edits, (edits[1][2], edits[0][2])))
    return found


def object_changes(
    caption: str, words: list[Word], phrases: list[NounPhrase], vocabulary: Sequence[str]
) -> list[Change]:
    """A thing turned into another that the caption does not name, one for one, many for many."""
    named = {name for phrase in phrases for name in (phrase.name, phrase.one)}
    named |= {form for word in words for form in (word.text, singular(word.text))}
    things = [
        (words[phrase.noun[0]].start, words[phrase.noun[-1]].end, phrase.name, phrase.several)
        for phrase in phrases
        if _replaceable(caption, words, phrase)
    ]
    alone = thing_alone(caption, words, vocabulary)
    if alone is not None:
        things = [(alone.start, alone.end, alone.text, not may_be_singular(alone.text))]
    found: list[Change] = []
    for start, end, name, several in things:
        for noun in _nouns(vocabulary, several=several):
            one = singular(noun)
            if {noun, one, *noun.split(), *one.split()} & named or _alike(one, singular(name)):
                continue
            found.append(Change(((start, end, noun),), (name, noun)))
    return found


def _exchangeable(
    words: list[Word], one: NounPhrase, other: NounPhrase
) -> Iterator[tuple[int, int]]:
    """Attributes of two things that say the same of them, and not alike."""
    for a in one.attributes:
        for b in other.attributes:
            first, second = words[a].text, words[b].text
            if words[a].named or words[b].named:
                continue
            if first in COLOURS and second in COLOURS:
                if COLOURS[first] != COLOURS[second]:
                    yield a, b
            elif first in ATTRIBUTE_OF and second in ATTRIBUTE_OF and _differ(first, second):
                yield a, b


def _differ(one: str, other: str) -> bool:
    """Whether two adjectives say the same sort of thing, and not the same."""
    (sort, sense), (other_sort, other_sense) = ATTRIBUTE_OF[one], ATTRIBUTE_OF[other]
    return sort == other_sort and sense != other_sense


def _colours(caption: str, words: list[Word], phrases: list[NounPhrase]) -> Iterator[Word]:
    """Words that are colours here: before a noun, or any but the fruit; not black and white."""
    described = {at for phrase in phrases for at in phrase.attributes}
    nouns = {at for phrase in phrases for at in phrase.noun}
    for at, word in enumerate(words):
        if word.text not in COLOURS or word.named or at in nouns:
            continue
        near = " ".join(one.text for one in words[max(0, at - 2) : at + 3])
        if "black and white" in near or "white and black" in near:
            continue
        if at in described or word.text not in {"orange", "navy", "golden", "violet"}:
            yield word


def _counted(word: Word, count: int) -> Change:
    new = str(count) if word.text.isdigit() else NUMBERS[count - 1]
    return Change(((word.start, word.end, new),), (word.text, new))


def _one_alone(words: list[Word], phrase: NounPhrase) -> bool:
    """Whether `one dog` may become two: no article before it, no verb after it that agrees."""
    last = words[phrase.noun[-1]].text
    after = words[phrase.last + 1].text if phrase.last + 1 < len(words) else ""
    agrees = after in {"is", "was", "has", "does"} or (after.endswith("s") and is_plural(after))
    rest = {word.text for word in words[phrase.last + 1 : phrase.last + 13]}
    if "other" in rest:
        return False  # "in one hand ..., in the other"
    regular = singular(plural(last)) == last and may_be_singular(last)
    return phrase.determiner is None and regular and not agrees and last not in GENERAL


def _places(words: list[Word]) -> Iterator[tuple[int, int, str]]:
    """(first word, last word, place) of every place that has an opposite."""
    at = 0
    while at < len(words):
        place = place_at(words, at) or ""
        if place in RELATIONS:
            yield at, at + len(place.split()) - 1, place
        at += max(1, len(place.split()))


def _is_place(
    caption: str,
    words: list[Word],
    phrases: list[NounPhrase],
    first: int,
    last: int,
    place: str,
) -> bool:
    """Whether these words say where something is."""
    before = words[first - 1].text if first else ""
    if any(word.named for word in words[first : last + 1]) or before in DETERMINERS:
        return False
    if place == "behind" and before in _LEAVE:
        return False
    if len(place.split()) > 2 and place.startswith(("on the", "to the", "at the", "in the")):
        return True  # "on the left" needs nothing after it
    if last + 1 >= len(words) or caption[words[last].end : words[last + 1].start] != " ":
        return False
    following = _after(phrases, last)
    if place in _LOOSE and (
        before in _PARTICLES
        or following is None
        or (following.determiner is None and following.count is None)
        or set(following.name.split()) & (_NOT_PLACES | UNITS)
    ):
        return place != "on" and before not in _PARTICLES and words[last + 1].text in _PRONOUNS
    return following is not None or words[last + 1].text in _PRONOUNS or words[last + 1].named


def _before(words: list[Word], phrases: list[NounPhrase], first: int) -> NounPhrase | None:
    """The thing named just before a place; a verb of being somewhere may stand between."""
    while first > 0 and words[first - 1].text in _VERBS:
        first -= 1
    return next((phrase for phrase in phrases if phrase.last == first - 1), None)


def _after(phrases: list[NounPhrase], last: int) -> NounPhrase | None:
    return next((phrase for phrase in phrases if phrase.first == last + 1), None)


def _same_on_both_sides(
    words: list[Word], phrases: list[NounPhrase], first: int, last: int
) -> bool:
    one, other = _before(words, phrases, first), _after(phrases, last)
    return one is not None and other is not None and _same(words, one, other)


def _same(words: list[Word], one: NounPhrase, other: NounPhrase) -> bool:
    """Whether two phrases say the same of the same kind of thing."""
    return _said(words, one) == _said(words, other)


def _said(words: list[Word], phrase: NounPhrase) -> tuple[object, ...]:
    count = number_of(words[phrase.count].text) if phrase.count is not None else None
    start = phrase.first + (phrase.determiner is not None) + (phrase.count is not None)
    texts = tuple(words[at].text for at in range(start, phrase.noun[0]))
    return (count, phrase.several, frozenset(COLOURS.get(one, one) for one in texts), phrase.one)


def _whole(words: list[Word], phrase: NounPhrase) -> bool:
    """Whether a phrase can stand elsewhere: with an article or count that points at nothing."""
    if phrase.determiner is None:
        return phrase.count is not None
    return words[phrase.determiner].text not in POSSESSIVES


def _of(words: list[Word], phrase: NounPhrase) -> bool:
    """Whether a phrase is the first half of a thing: `a piece of paper`."""
    return phrase.last + 1 < len(words) and words[phrase.last + 1].text == "of"


def _replaceable(caption: str, words: list[Word], phrase: NounPhrase) -> bool:
    """Whether a thing may become another: `a`, `an` or a count says how many it is.

    `a pool of blood` may not: what of the other?
    """
    article = words[phrase.determiner].text if phrase.determiner is not None else ""
    if (article not in {"a", "an"} and phrase.count is None) or _of(words, phrase):
        return False
    nouns = [words[at] for at in phrase.noun]
    if any(word.named or word.text in GENERAL | UNITS for word in nouns):
        return False
    if phrase.last + 1 < len(words) and value_of(words[phrase.last + 1].text) is not None:
        return False  # "a handwritten seven"
    last = nouns[-1].text
    if singular(last) in GENERAL or _qualifies(last) or last.endswith("ed"):
        return False
    return not _goes_on(caption, words, phrase)


def _qualifies(word: str) -> bool:
    """Whether a word is an adjective where a noun was looked for."""
    return (word in ATTRIBUTE_OF and word not in ALSO_NOUNS) or (
        word.endswith("ing") and is_action(word)
    )


def _goes_on(caption: str, words: list[Word], phrase: NounPhrase) -> bool:
    """Whether the noun may be an adjective: "a faint and dreamy smile", "a mature, wise man"."""
    at = phrase.last + 1
    if at >= len(words):
        return False
    between = caption[phrase.end : words[at].start]
    joined = words[at].text in {"and", "or", "but"}
    at += joined
    if not (joined or between.startswith((",", "-"))) or at >= len(words):
        return False
    following = words[at].text
    return not (following in DETERMINERS or number_of(following) is not None)


def _nouns(vocabulary: Sequence[str], *, several: bool) -> Iterator[str]:
    """The vocabulary's nouns in one number, each once."""
    seen: set[str] = set()
    for entry in vocabulary:
        parts = entry.lower().split()
        if len(parts) > 1 and parts[0] in {"a", "an", "the"}:
            parts = parts[1:]
        if not parts:
            continue
        noun = " ".join(parts)
        one = noun if may_be_singular(parts[-1]) else singular(noun)
        form = plural(one) if several else one
        if form not in seen:
            seen.add(form)
            yield form


def _alike(one: str, other: str) -> bool:
    """Whether two nouns may be names of one thing."""
    a, b = (name.rpartition(" ")[2] for name in (one, other))
    if a == b or a in b or b in a:
        return True
    return any(a in group.split() and b in group.split() for group in ALIKE)


def _small(caption: str, phrase: str, start: int) -> str:
    """A phrase as it is written within a sentence."""
    return phrase[:1].lower() + phrase[1:] if not caption[:start].strip() else phrase

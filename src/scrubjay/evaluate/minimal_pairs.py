"""Captions changed in one place so that they are wrong: does an encoder notice?

Made by rules, as the hard negatives of NegCLIP and the probes of ARO (Yuksekgonul et al. 2023) and
SugarCrepe (Hsieh et al. 2023). English only; a caption of another language gives no pairs. What a
wrong caption says differs from what the right one says by construction: things that bear the same
name do not exchange attributes or places, and "A and B" is never turned.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from random import Random

from scrubjay.evaluate.minimal_alone import number_changes, numbers_of
from scrubjay.evaluate.minimal_changes import Change, applied
from scrubjay.evaluate.minimal_rules import (
    attribute_changes,
    count_changes,
    names_of,
    object_changes,
    order_changes,
    relation_changes,
)
from scrubjay.evaluate.noun_phrases import noun_phrases
from scrubjay.evaluate.words import is_english, words_of


class PairKind(StrEnum):
    """What a wrong caption has wrong.

    ATTRIBUTE: two attributes change places, or one colour becomes another. COUNT: one more or one
    fewer; a number that is all a caption says becomes another of the collection. RELATION: a place
    becomes its opposite. ORDER: the things on both sides of a place change theirs. OBJECT: a thing
    becomes another of the collection.
    """

    ATTRIBUTE = "attribute"
    COUNT = "count"
    RELATION = "relation"
    ORDER = "order"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class MinimalPair:
    """A caption and what it is not.

    Attributes:
        swapped: what was there, and what stands there instead.
    """

    caption: str
    wrong: str
    kind: PairKind
    swapped: tuple[str, str]


def minimal_pairs(
    captions: Sequence[str],
    *,
    kinds: Sequence[PairKind] = tuple(PairKind),
    per_caption: int = 1,
    seed: int = 0,
    vocabulary: Sequence[str] | None = None,
    numbers: Sequence[str] | None = None,
) -> list[list[MinimalPair]]:
    """Wrong captions for each caption, drawn from all that the rules give.

    Equal arguments give equal pairs, and a caption's pairs do not depend on the captions beside it
    (but for the vocabulary they make).

    Args:
        captions: right ones.
        kinds: what may be wrong.
        per_caption: pairs of each kind a caption gets, at most.
        seed: of the draw.
        vocabulary: nouns that things may become, in singular or plural, an article before them or
            not; None takes those the captions name with `a`, `an` or a count, or alone.
        numbers: what a number that is all a caption says may become; None takes those of the
            captions.

    Returns:
        One list a caption, in order of the kinds; empty where nothing can be changed.
    """
    nouns = names_of(captions) if vocabulary is None else tuple(dict.fromkeys(vocabulary))
    counts = numbers_of(captions) if numbers is None else tuple(dict.fromkeys(numbers))
    chosen = tuple(dict.fromkeys(PairKind(one) for one in kinds))
    made: list[list[MinimalPair]] = []
    for caption in captions:
        mine: list[MinimalPair] = []
        for kind in chosen:
            draw = Random(f"{seed} {kind.value} {caption}")  # noqa: S311 - no secret
            changes = _changes(caption, kind, nouns, counts)
            draw.shuffle(changes)
            mine += islice(_pairs(caption, kind, changes), per_caption)
        made.append(mine)
    return made


def every_pair(
    caption: str,
    kind: PairKind,
    *,
    vocabulary: Sequence[str] = (),
    numbers: Sequence[str] = (),
) -> list[MinimalPair]:
    """All that the rules of one kind give for a caption; each wrong caption once."""
    return list(_pairs(caption, kind, _changes(caption, kind, vocabulary, numbers)))


def _changes(
    caption: str, kind: PairKind, vocabulary: Sequence[str], numbers: Sequence[str]
) -> list[Change]:
    if not is_english(caption):
        return []
    words = words_of(caption)
    phrases = noun_phrases(caption, words)
    match kind:
        case PairKind.ATTRIBUTE:
            return attribute_changes(caption, words, phrases)
        case PairKind.COUNT:
            return number_changes(caption, words, numbers) or count_changes(caption, words, phrases)
        case PairKind.RELATION:
            return relation_changes(caption, words, phrases)
        case PairKind.ORDER:
            return order_changes(caption, words, phrases)
        case PairKind.OBJECT:
            return object_changes(caption, words, phrases, vocabulary)


def _pairs(caption: str, kind: PairKind, changes: Iterable[Change]) -> Iterator[MinimalPair]:
    """What the changes make, each wrong caption once."""
    seen = {" ".join(caption.lower().split())}
    for change in changes:
        wrong = applied(caption, change)
        said = " ".join(wrong.lower().split())
        if said not in seen:
            seen.add(said)
            yield MinimalPair(caption, wrong, kind, change.swapped)

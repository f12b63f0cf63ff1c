"""The question model's words, from the world it is taught."""

from __future__ import annotations

import re
from functools import lru_cache

from scrubjay.media.world.lexicon import PLACES, SIGN_WORDS
from scrubjay.media.world.phrasings import FILLERS, PHRASINGS
from scrubjay.media.world.questions import Answer
from scrubjay.media.world.scene import shape_of, word_concept
from scrubjay.media.world.shapes import COLOURS, SHAPES
from scrubjay.media.world.things import Language, familiar, things
from scrubjay.media.world.unanswerable import NOTHING_CAN_TELL
from scrubjay.models.builtin_vqa.lexicon import FORMS, Lexicon, Noun, words_of

_BLANK = re.compile(r"\{\w*\}")


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Familiar things, shapes, colours, words on signs, and the words questions are asked in."""
    return Lexicon(
        things=tuple(
            Noun(name.noun, name.plural, name.article)
            for name in (things()[at].names[Language.ENGLISH] for at in familiar())
        ),
        shapes=tuple(
            Noun(one, f"{one}es" if one.endswith("s") else f"{one}s", "a") for one in SHAPES
        ),
        colours=tuple(COLOURS),
        signs=SIGN_WORDS,
        vocabulary=_vocabulary(),
    )


def _vocabulary() -> tuple[str, ...]:
    """Words of the ways to ask that are taught; none of those kept for testing."""
    said = [*FILLERS, *NOTHING_CAN_TELL.taught, "a sign signs shape shapes objects things items an"]
    said += [text for ways in PHRASINGS.values() for text in ways.taught]
    said += [way for ways in PLACES[Language.ENGLISH].values() for way in ways]
    words = {word for text in said for word in words_of(_BLANK.sub(" ", text))}
    return tuple(sorted(words - set(FORMS)))


@lru_cache(maxsize=1)
def answer_places() -> dict[Answer, int]:
    """Answers to their places among the network's outputs."""
    return {Answer(*said): at for at, said in enumerate(lexicon().answers)}


def kind_of(concept: int) -> int:
    """What a concept is among the things, shapes and words on signs; -1 for what is not taught."""
    shape = shape_of(concept)
    if shape is not None:
        return len(familiar()) + shape[0]
    if concept >= word_concept(0):
        return len(familiar()) + len(SHAPES) + concept - word_concept(0)
    return concept if concept < len(familiar()) else -1

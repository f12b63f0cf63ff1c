"""Scenes with questions to learn from and to be tested by, and how people really ask and send."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Picture
from scrubjay.media.world.draw import SIDE, Drawn, draw
from scrubjay.media.world.questions import Kind, Question, question
from scrubjay.media.world.scene import Sampler, Scene, Template
from scrubjay.models.builtin_vqa.lexicon import LONGEST, SLOTS, UNKNOWN, Asked
from scrubjay.training.world.vqa_lexicon import lexicon

TEMPLATES = {
    Template.ONE: 0.12,
    Template.COUNT: 0.2,
    Template.PLACE: 0.24,
    Template.SOME: 0.22,
    Template.SIGN: 0.22,
}
KINDS = {
    Kind.COUNT: 0.14,
    Kind.PRESENCE: 0.12,
    Kind.COLOUR: 0.1,
    Kind.SHAPE: 0.1,
    Kind.WHERE: 0.12,
    Kind.BESIDE: 0.12,
    Kind.RELATION: 0.1,
    Kind.SIGN: 0.05,
    Kind.EVERYTHING: 0.03,
    Kind.OUTSIDE: 0.12,
}
SIGN_ASKED = 0.5
"""How often a scene with a sign is asked what it says."""
UNANSWERABLE = 0.45
"""Share of the questions without an answer that are kept."""
WORDS_LOST = 0.04
"""Chance that a word which names nothing is not known: people say more than was taught."""
WORD_ADDED = 0.2
"""Chance that a question has an unknown word which does not matter."""
SOFTENED = 0.35
"""Share of the pictures that went through JPEG or another size first."""
BEFORE = "the a an which what where"
"""Words before which one that is not known changes nothing."""
MINOR = (
    "tell me please can you do see in this picture image here does the show a an of be seen "
    "are is there find to have at look placed"
)
"""Words a question is understood without."""


class Example(NamedTuple):
    """A drawn scene and questions about it."""

    scene: Scene
    drawn: Drawn
    questions: tuple[Question, ...]


def example(
    random: np.random.Generator,
    *,
    questions: int,
    held_out: bool = False,
    kind: Kind | None = None,
    template: Template | None = None,
) -> Example:
    """A scene with questions about it.

    Args:
        random: where chance comes from.
        questions: at most; one at least.
        held_out: of scenes, ways to ask and unknown things kept for testing.
        kind: of every question; None draws.
        template: of the scene; None draws, among the held out ones too when it is one.
    """
    while True:
        scene = _scene(random, held_out, template)
        drawn = draw(scene, random)
        asked: list[Question] = []
        for _ in range(3 * questions):
            one = question(kind or _kind(scene, random), scene, drawn, random, held_out=held_out)
            if one is None or one.text in {other.text for other in asked}:
                continue
            if one.answer is None and random.random() > UNANSWERABLE:
                continue
            asked.append(one)
            if len(asked) == questions:
                break
        if asked:
            return Example(scene, drawn, tuple(asked))


def _scene(random: np.random.Generator, held_out: bool, template: Template | None) -> Scene:
    if template is None:
        names = list(TEMPLATES)
        template = names[int(random.choice(len(names), p=list(TEMPLATES.values())))]
        if held_out and random.random() < 0.2:
            template = Template.COUNT_AND
    pairs = held_out and template in {Template.PLACE, Template.SOME} and random.random() < 0.5
    sampler = Sampler(shapes=0.4, company=0.5, held_out_pairs=pairs)
    return sampler.scene(random, template)


def _kind(scene: Scene, random: np.random.Generator) -> Kind:
    if scene.word is not None and random.random() < SIGN_ASKED:
        return Kind.SIGN
    kinds = list(KINDS)
    return kinds[int(random.choice(len(kinds), p=list(KINDS.values())))]


def softened(picture: Picture, random: np.random.Generator) -> Picture:
    """A picture as files and screens hand it on: often as it is, else JPEG or another size."""
    if random.random() > SOFTENED:
        return picture
    from PIL import Image

    image = Image.fromarray(picture)
    if random.random() < 0.5:
        side = int(SIDE * random.uniform(1.2, 3.5))
        image = image.resize((side, side), Image.Resampling.BICUBIC)
    if random.random() < 0.7:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=int(random.integers(60, 96)))
        image = Image.open(file).convert("RGB")
    return np.asarray(image)


def read(
    questions: Sequence[str], random: np.random.Generator | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Questions as the network reads them, padded: (q, tokens) and (q, tokens, SLOTS).

    With `random`, some are said with words that are not known and do not matter.
    """
    texts = [lexicon().read(text) for text in questions]
    if random is not None:
        texts = [said_otherwise(one, random) for one in texts]
    longest = max((len(one.words) for one in texts), default=1)
    words = np.zeros((len(texts), longest), np.int64)
    slots = np.full((len(texts), longest, SLOTS), -1, np.int64)
    for row, one in enumerate(texts):
        words[row, : len(one.words)] = one.words
        slots[row, : len(one.words)] = one.slots
    return words, slots


def said_otherwise(asked: Asked, random: np.random.Generator) -> Asked:
    """The same question with small words lost and unknown ones where they change nothing."""
    words, slots = asked.words.copy(), asked.slots
    words[np.isin(words, _minor()) & (random.random(len(words)) < WORDS_LOST)] = UNKNOWN
    if random.random() < WORD_ADDED and len(words) < LONGEST:
        articles = [lexicon().known[one] for one in BEFORE.split()]
        # After a name, before one of these, at either end: never where a name could stand.
        spots = [0, len(words), *(1 + np.flatnonzero((slots >= 0).any(axis=1)))]
        spots += [int(at) for at in np.flatnonzero(np.isin(words, articles))]
        at = int(spots[int(random.integers(len(spots)))])
        words = np.insert(words, at, UNKNOWN)
        slots = np.insert(slots, at, -1, axis=0)
    return Asked(words, slots, asked.unknown)


@lru_cache(maxsize=1)
def _minor() -> tuple[int, ...]:
    """Their tokens."""
    return tuple(lexicon().known[one] for one in MINOR.split() if one in lexicon().known)

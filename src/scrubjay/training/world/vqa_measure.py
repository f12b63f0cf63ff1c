"""Figures of the question model, and the limits it keeps silent by.

Limits are set on scenes of its own world and on pictures made here, never on anybody's pictures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Picture
from scrubjay.media.world.captions import name_of
from scrubjay.media.world.lexicon import SIGN_WORDS
from scrubjay.media.world.outside import outside
from scrubjay.media.world.questions import Kind, Question
from scrubjay.media.world.scene import Scene, Template
from scrubjay.media.world.things import Language
from scrubjay.models.builtin_vqa.answering import QuestionModel, Sight, Verdict
from scrubjay.models.builtin_vqa.files import Limits
from scrubjay.models.builtin_vqa.sight import all_sure
from scrubjay.training.world.vqa_examples import example, softened

ROWS = 32
FAMILIAR_KEPT = 0.975
"""Share of its own world's pictures that are taken for such."""
CHANCE_TOLD = 0.5
"""What is likelier wrong than right is not told."""
BINS = 15
CALIBRATION, TESTING = 40_000_003, 50_000_017
"""Seeds of scenes that are neither trained on nor each other's."""


class Asked(NamedTuple):
    """A picture and a question about it."""

    scene: Scene
    picture: Picture
    question: Question


@dataclass(frozen=True, slots=True)
class Score:
    """How questions of one sort were answered.

    Attributes:
        answerable: questions with an answer.
        answered: of them, told.
        right: of those, right.
        unanswerable: questions without an answer.
        silent: of them, not answered.
    """

    answerable: int
    answered: int
    right: int
    unanswerable: int
    silent: int


def questions(
    n: int,
    *,
    seed: int,
    held_out: bool,
    kind: Kind | None = None,
    template: Template | None = None,
) -> list[Asked]:
    """Pictures, one question each; equal seeds give equal ones.

    Args:
        n: how many.
        seed: of everything.
        held_out: see `example`.
        kind: of every question; None draws.
        template: of every scene; None draws.
    """
    random = np.random.default_rng([seed, n, 0 if kind is None else 1 + list(Kind).index(kind)])
    made = []
    for _ in range(n):
        one = example(random, questions=1, held_out=held_out, kind=kind, template=template)
        picture = softened(one.drawn.picture, random)
        made.append(Asked(one.scene, picture, one.questions[0]))
    return made


def looked(model: QuestionModel, pictures: Sequence[Picture]) -> list[Sight]:
    """What it sees in many pictures."""
    starts = range(0, len(pictures), ROWS)
    return [one for at in starts for one in model.look(pictures[at : at + ROWS])]


def is_right(verdict: Verdict, sight: Sight, asked: Asked) -> bool:
    """Whether an answer is the one the plan gives; of everything, whether all is named."""
    if verdict.said is None or asked.question.answer is None:
        return False
    if asked.question.kind is Kind.EVERYTHING and verdict.said.sort == "everything":
        return listed(sight) == everything_in(asked.scene)
    return tuple(verdict.said) == tuple(asked.question.answer)


def listed(sight: Sight) -> Counter[str]:
    """Names of all that is seen, and of words on signs."""
    return Counter(one.noun.one for one in sight.objects)


def everything_in(scene: Scene) -> Counter[str]:
    """Names of all that is drawn, and the word on the sign."""
    names = Counter(name_of(one, Language.ENGLISH).noun for one in scene.drawn)
    if scene.word is not None:
        names[SIGN_WORDS[scene.word]] += 1
    return names


def score(model: QuestionModel, asked: Sequence[Asked]) -> tuple[Score, NDArray[np.float64]]:
    """Its score, and of every answer told its confidence and whether it was right, (n, 2)."""
    counts = Counter[str]()
    told = []
    for one, sight in zip(asked, looked(model, [one.picture for one in asked]), strict=True):
        verdict = model.answer(sight, one.question.text)
        answerable = one.question.answer is not None
        counts["answerable" if answerable else "unanswerable"] += 1
        if verdict.said is None:
            counts["silent"] += not answerable
            continue
        right = is_right(verdict, sight, one)
        told.append((verdict.chance, float(right)))
        counts["answered"] += answerable
        counts["right"] += right
    found = Score(
        **{
            name: counts[name]
            for name in ("answerable", "answered", "right", "unanswerable", "silent")
        }
    )
    return found, np.array(told, np.float64).reshape(-1, 2)


def silent_about(model: QuestionModel, pictures: Sequence[Picture]) -> list[bool]:
    """Of each picture, whether it is taken for one of another world or shows nothing known."""
    return [bool(model.stranger(sight)) for sight in looked(model, pictures)]


def strangers(n: int, *, seed: int, held_out: bool) -> list[Picture]:
    """Pictures made here that are not of this world."""
    random = np.random.default_rng([seed, n])
    return [outside(random, held_out=held_out) for _ in range(n)]


def limits_of(model: QuestionModel, *, n: int = 3000) -> Limits:
    """Limits for a model that has none yet, from scenes of its own world.

    Args:
        model: whatever its limits are.
        n: scenes with a question each.
    """
    asked = questions(n, seed=CALIBRATION, held_out=False)
    sights = looked(model, [one.picture for one in asked])
    familiar = float(np.quantile([one.familiar for one in sights], 1 - FAMILIAR_KEPT))
    complete = [
        (all_sure(sight.objects), float(listed(sight) == everything_in(one.scene)))
        for one, sight in zip(asked, sights, strict=True)
        if sight.objects
    ]
    told = []
    for one, sight in zip(asked, sights, strict=True):
        probabilities = model.probabilities(sight, model.lexicon.read(one.question.text))
        best = int(probabilities.argmax())
        if best == len(model.lexicon.answers):
            continue
        said = model.lexicon.answers[best]
        verdict = Verdict(said, "", float(probabilities[best]))
        # That it lists everything is what is judged here; whether the list is right is the eye's.
        right = one.question.answer is not None and tuple(said) == tuple(one.question.answer)
        told.append((verdict.chance, float(right)))
    sure, right_share = rising(np.array(told))
    all_of_it, whole = rising(np.array(complete))
    return replace(
        model.limits,
        familiar=familiar,
        chance=CHANCE_TOLD,
        sure=sure,
        right=right_share,
        listed=all_of_it,
        complete=whole,
    )


def rising(
    told: NDArray[np.float64], bins: int = BINS
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Probabilities and how often answers of each are right, both rising.

    Isotonic regression by pooling adjacent violators over bins of equal size (Zadrozny & Elkan
    2002).
    """
    order = told[told[:, 0].argsort()]
    pools: list[list[float]] = []
    for part in np.array_split(order, min(bins, len(order))):
        pools.append([float(part[:, 0].sum()), float(part[:, 1].sum()), float(len(part))])
        while len(pools) > 1 and pools[-2][1] / pools[-2][2] >= pools[-1][1] / pools[-1][2]:
            last = pools.pop()
            pools[-1] = [a + b for a, b in zip(pools[-1], last, strict=True)]
    sure = [0.0, *(total / n for total, _, n in pools), 1.0]
    # A bin without a mistake is not proof of there being none.
    right = [(right + 0.5) / (n + 1) for _, right, n in pools]
    right = [min(right[0], 0.5 * sure[1]), *right, right[-1]]
    kept = [at for at in range(len(sure)) if at == 0 or sure[at] > sure[at - 1] + 1e-6]
    return tuple(round(sure[at], 5) for at in kept), tuple(round(right[at], 4) for at in kept)

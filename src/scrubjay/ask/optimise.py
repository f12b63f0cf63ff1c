"""The template, and the examples, that answer somebody's own labelled questions best.

The questions are parted by picture into three: examples come from the first part, templates and
examples are chosen on the second by successive halving (Jamieson and Talwalkar 2016), and what was
chosen is measured on the third, which no choice has seen, beside the plain template.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final

from scrubjay.ask.answer import Asked, Example
from scrubjay.ask.labelled import Labelled
from scrubjay.ask.prompt import Prompts
from scrubjay.ask.template import PLAIN, KeptExample, Rule, Template, When
from scrubjay.core.errors import WrongUse
from scrubjay.core.protocols import Progress, silent

LEAST_QUESTIONS: Final = 12
SHARES: Final = (0.25, 0.35)
"""Of the pictures: for examples, and for choosing; the rest is held out."""
SIZES: Final = (1, 2, 4)
DRAWS: Final = 3
"""Ways to choose examples of each size."""
KEPT: Final = 4
"""Templates that are tried with examples."""
Z: Final = 1.959964
"""Of a 95% interval."""

LINES: Final = (
    "Answer with a single word or phrase.",
    "Answer in one short sentence.",
    "Look at the whole picture first, then answer with a few words.",
    "If it is a number that is asked for, answer with digits; if it is yes or no, with that word.",
)
"""What a template of ours may add to the plain one."""

_NUMBERS: Final = {
    word: str(n)
    for n, word in enumerate(
        re.findall(r"\w+", "zero one two three four five six seven eight nine ten eleven twelve")
    )
}

Ask = Callable[[Template, Asked], str]
"""The answer to a question that is put by a template; empty where it cannot be told."""


@dataclass(frozen=True, slots=True)
class Score:
    """How many of some questions were answered right.

    Attributes:
        right: for each question.
    """

    right: tuple[bool, ...]

    @property
    def share(self) -> float:
        """Of them all."""
        return sum(self.right) / len(self.right) if self.right else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """95%, by Wilson (1927)."""
        n = len(self.right)
        if not n:
            return 0.0, 1.0
        middle = (self.share + Z * Z / (2 * n)) / (1 + Z * Z / n)
        spread = math.sqrt(self.share * (1 - self.share) / n + Z * Z / (4 * n * n))
        spread *= Z / (1 + Z * Z / n)
        return max(0.0, middle - spread), min(1.0, middle + spread)

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        low, high = self.interval
        return {
            "questions": len(self.right),
            "right": sum(self.right),
            "accuracy": round(self.share, 4),
            "interval": [round(low, 4), round(high, 4)],
        }


@dataclass(frozen=True, slots=True)
class Optimised:
    """What was found.

    Attributes:
        tried: template and examples in words -> score on the part that chooses, best first.
        plain: the plain template on the held-out part.
        best: what was chosen, on the held-out part.
        chance: of a difference so large, or larger, if both were equally good (sign test, exact).
    """

    template: Template
    tried: tuple[tuple[str, Score], ...]
    plain: Score
    best: Score
    chance: float

    @property
    def shown_better(self) -> bool:
        """Whether the held-out part shows that it is better than plain."""
        return self.best.share > self.plain.share and self.chance < 0.05

    def to_json(self) -> dict[str, Any]:
        """The documented JSON object."""
        return {
            "name": self.template.name,
            "examples": len(self.template.examples),
            "plain": self.plain.to_json(),
            "best": self.best.to_json(),
            "chance": round(self.chance, 4),
            "shown_better": self.shown_better,
            "tried": [{"what": what, **score.to_json()} for what, score in self.tried],
        }


@dataclass(frozen=True, slots=True)
class _Candidate:
    template: Template
    examples: tuple[Labelled, ...] = ()

    @property
    def what(self) -> str:
        n = len(self.examples)
        return self.template.name + (f" with {n} example{'s' if n > 1 else ''}" if n else "")


@dataclass(slots=True)
class _Trial:
    """Candidates' answers, each asked once."""

    ask: Ask
    progress: Progress
    known: dict[tuple[int, int], bool] = field(default_factory=dict)

    def score(self, candidate: _Candidate, questions: Sequence[Labelled]) -> Score:
        right = []
        for one in questions:
            key = (id(candidate), id(one))
            if key not in self.known:
                examples = tuple(
                    Example(shown.shown, shown.answers[0], shown.question)
                    for shown in candidate.examples
                )
                asked = Asked(one.question, pictures=(one.shown,), examples=examples)
                self.known[key] = is_right(self.ask(candidate.template, asked), one.answers)
                self.progress("asking", len(self.known), None)
            right.append(self.known[key])
        return Score(tuple(right))

    def asked_all(self, candidate: _Candidate, questions: Sequence[Labelled]) -> bool:
        """Whether a candidate was asked all of some questions."""
        return all((id(candidate), id(one)) in self.known for one in questions)


def optimise(
    questions: Sequence[Labelled],
    *,
    ask: Ask,
    prompts: Prompts,
    name: str,
    seed: int = 0,
    progress: Progress = silent,
) -> Optimised:
    """Search the best template and examples.

    Args:
        questions: the owner's, with the right answers.
        ask: how a template is asked with.
        prompts: the templates there are.
        name: what the found one is called.
        seed: equal seeds part the questions and draw the examples equally.

    Raises:
        WrongUse: too few questions, or too few pictures to part them.
    """
    teach, choose, held_out = parted(questions, seed)
    trial = _Trial(ask, progress)
    plain = _Candidate(PLAIN)
    templates = [plain, *(_Candidate(one) for one in _templates(prompts, without=name))]
    ranked = _halved(trial, templates, choose, keep=KEPT)
    random = Random(seed)  # noqa: S311 - no secret hangs on it
    taught = [
        _Candidate(one.template, shown)
        for one in ranked[:2]
        for shown in _example_choices(teach, random)
    ]
    final = _halved(trial, [*ranked, *taught], choose, keep=1)
    best = final[0]
    plain_score, best_score = trial.score(plain, held_out), trial.score(best, held_out)
    whole = [one for one in (*templates, *taught) if trial.asked_all(one, choose)]
    tried = sorted(
        ((one.what, trial.score(one, choose)) for one in whole), key=lambda pair: -pair[1].share
    )
    return Optimised(
        _named(best, name),
        tuple(tried),
        plain_score,
        best_score,
        _sign_test(plain_score.right, best_score.right),
    )


def parted(
    questions: Sequence[Labelled], seed: int
) -> tuple[list[Labelled], list[Labelled], list[Labelled]]:
    """Parts for examples, for choosing, and held out; questions about one picture stay together.

    Raises:
        WrongUse: there are too few.
    """
    pictures = sorted({one.sha256 for one in questions})
    if len(questions) < LEAST_QUESTIONS or len(pictures) < 6:
        raise WrongUse(
            f"{len(questions)} questions about {len(pictures)} pictures are too few to choose a "
            f"prompt by; give at least {LEAST_QUESTIONS} questions about 6 pictures, better 100"
        )
    Random(seed).shuffle(pictures)  # noqa: S311 - no secret hangs on it
    first = max(1, round(SHARES[0] * len(pictures)))
    second = first + max(2, round(SHARES[1] * len(pictures)))
    groups = pictures[:first], pictures[first:second], pictures[second:]
    teach, choose, held_out = (
        [one for one in questions if one.sha256 in set(group)] for group in groups
    )
    return teach, choose, held_out


def is_right(said: str, answers: Sequence[str]) -> bool:
    """Whether an answer says one of the right ones: in its words, not denied before."""
    words = normal(said)
    for answer in answers:
        wanted = normal(answer)
        if words == wanted:
            return True
        if not wanted or wanted[0] in {"yes", "no"}:
            if wanted and words[:1] == wanted[:1] and len(wanted) == 1:
                return True
            continue
        for at in range(len(words) - len(wanted) + 1):
            denied = {"not", "no", "isn", "aren"} & set(words[max(0, at - 2) : at])
            if words[at : at + len(wanted)] == wanted and not denied:
                return True
    return False


def normal(text: str) -> list[str]:
    """The words of an answer: in small letters, numbers as digits, without articles."""
    words = re.findall(r"[^\W_]+", text.casefold())
    return [_NUMBERS.get(one, one) for one in words if one not in {"a", "an", "the"}]


def _templates(prompts: Prompts, *, without: str) -> list[Template]:
    packaged = [prompts.get(one) for one in prompts.names() if one not in {PLAIN.name, without}]
    ours = [
        replace(PLAIN, name=f"plain {n}", rules=(*PLAIN.rules, Rule(When(), add=line)))
        for n, line in enumerate(LINES, start=1)
    ]
    return [*(replace(one, examples=()) for one in packaged), *ours]


def _halved(
    trial: _Trial, candidates: Sequence[_Candidate], questions: Sequence[Labelled], *, keep: int
) -> list[_Candidate]:
    """The best, asked ever more questions while fewer are left; the simpler of equals."""
    left, n = list(candidates), min(len(questions), max(4, len(questions) // 4))
    while True:
        scores = {id(one): trial.score(one, questions[:n]).share for one in left}
        order = {id(one): at for at, one in enumerate(left)}
        left.sort(key=lambda one: (-scores[id(one)], len(one.examples), order[id(one)]))
        if n == len(questions):
            return left[:keep]
        left = left[: max(keep, math.ceil(len(left) / 2))]
        n = min(len(questions), 2 * n)


def _example_choices(teach: Sequence[Labelled], random: Random) -> list[tuple[Labelled, ...]]:
    """Several choices of each size; the answers of one choice differ as far as they can."""
    choices = []
    for size in SIZES:
        for _ in range(DRAWS):
            pool = list(teach)
            random.shuffle(pool)
            answers: set[str] = set()
            fresh: list[Labelled] = []
            again: list[Labelled] = []
            for one in pool:
                answer = " ".join(normal(one.answers[0]))
                (again if answer in answers else fresh).append(one)
                answers.add(answer)
            if len(pool) >= size:
                choices.append(tuple([*fresh, *again][:size]))
    return list(dict.fromkeys(choices))


def _named(candidate: _Candidate, name: str) -> Template:
    examples = tuple(
        KeptExample(str(one.path), one.sha256, one.question, one.answers[0])
        for one in candidate.examples
    )
    return replace(candidate.template, name=name, examples=examples)


def _sign_test(before: Sequence[bool], after: Sequence[bool]) -> float:
    """Two-sided chance of so uneven a split of the questions that only one of both answers."""
    won = sum(new and not old for old, new in zip(before, after, strict=True))
    lost = sum(old and not new for old, new in zip(before, after, strict=True))
    n = won + lost
    tail = sum(math.comb(n, k) for k in range(min(won, lost) + 1))
    return min(1.0, 2 * tail / (1 << n))

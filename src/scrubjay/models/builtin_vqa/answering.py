"""The question model as it is served: graphs, words and limits put together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from scrubjay.core.types import Picture
from scrubjay.models.builtin_vqa import sentences
from scrubjay.models.builtin_vqa.files import ANSWERER, EYE, Described, Limits, read_model
from scrubjay.models.builtin_vqa.graph import CompiledGraph
from scrubjay.models.builtin_vqa.layout import Layout
from scrubjay.models.builtin_vqa.lexicon import Asked, Said, words_of
from scrubjay.models.builtin_vqa.rewording import reworded
from scrubjay.models.builtin_vqa.sight import Object, all_sure, objects

SIGN = "sign"
FOREIGN = 0.5
"""Share of a question's words that are not known, from which it may be in another language."""
JOINING = frozenset({"and", "or", "not", "but", "except", "both", "neither", "nor", "than"})
"""Words that make one question of two, or turn it round; it was taught neither."""
_FOREIGN_WORDS = (
    "der die das ist sind wie viele welche welches wo was auf dem bild hat eine ein "
    "el la los las que qué cuántos cuántas hay dónde está es en una un letrero dice "
    "le les quel quelle combien où est sont couleur dans il y de du des sur"
)
_LETTERS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen in a picture.

    Attributes:
        told: (cells, width) as the answerer reads it.
        familiar: logit of its being of this world.
        objects: what is in it, the surest first.
    """

    told: NDArray[np.float32]
    familiar: float
    objects: tuple[Object, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one question, or why there is none.

    Attributes:
        said: the answer; None when it cannot tell.
        text: the reply in words, either way.
        chance: that `said` is right; of what cannot be told, that there is an answer all the same.
        why: strange_picture, nothing_seen, not_english, unknown_word, missing, strange_question
            or not_sure; empty with an answer.
    """

    said: Said | None
    text: str
    chance: float
    why: str = ""


class QuestionModel:
    """Answers questions about pictures of the built-in world; safe to call from several threads."""

    def __init__(self, described: Described, *, threads: int = 0) -> None:
        """Take what `read_model` read; the graphs are verified when they are first used."""
        self.described = described
        self.lexicon = described.lexicon
        self.limits = described.limits
        self.layout = Layout(described.features, described.lexicon)
        self._threads = threads
        self._loading = Lock()

    @classmethod
    def open(cls, folder: Path, *, threads: int = 0) -> QuestionModel:
        """The model in a folder.

        Raises:
            ModelNotFound: there is none.
            Damaged: it is not what was written.
        """
        return cls(read_model(folder), threads=threads)

    def look(self, pictures: Sequence[Picture]) -> list[Sight]:
        """What is in each picture.

        Raises:
            BadMedia: one is no picture.
            Damaged: the graph is not the one that was written.
        """
        if not pictures:
            return []
        told = self._eye(self.described.input(list(pictures)))
        return [
            Sight(
                told=one,
                familiar=float(one[0, self.layout.familiar][0]),
                objects=objects(
                    one,
                    self.layout,
                    self.lexicon,
                    across=self.described.across,
                    least=self.limits.object,
                ),
            )
            for one in told
        ]

    def stranger(self, sight: Sight) -> str:
        """Why nothing can be said of a picture; empty when something can."""
        if sight.familiar < self.limits.familiar:
            return "strange_picture"
        sure = any(one.confidence >= self.limits.object for one in sight.objects)
        return "" if sure else "nothing_seen"

    def complete(self, sight: Sight) -> float:
        """Chance that what it sees is everything there is, and nothing else."""
        sure = all_sure(sight.objects)
        return float(np.interp(sure, self.limits.listed, self.limits.complete))

    def answer(self, sight: Sight, question: str) -> Verdict:
        """One question about one picture."""
        instead = reworded(question)
        if instead is None:
            return self._answer(sight, question)
        verdict = self._answer(sight, instead.question)
        if verdict.why == "missing":
            return self._yes_or_no(False, 1 - verdict.chance)
        if verdict.said is None:
            return verdict
        if instead.number is None:
            # Beside one of the two it takes what is alike for the other.
            gone = self._not_there(sight, self.lexicon.read(instead.question))
            return self._yes_or_no(False, self.complete(sight)) if gone else verdict
        return self._yes_or_no(verdict.said.name == instead.number, verdict.chance)

    def _answer(self, sight: Sight, question: str) -> Verdict:
        why = self.stranger(sight)
        if why:
            return _silent(why, sentences.SILENCE[why])
        asked = self.lexicon.read(question)
        if _foreign(question, asked):
            return _silent("not_english", sentences.NOT_ENGLISH)
        if JOINING & set(words_of(question)):
            return _silent("strange_question", sentences.STRANGE_QUESTION)
        probabilities = self.probabilities(sight, asked)
        best = int(probabilities.argmax())
        chance = self._chance(float(probabilities[best]))
        if best == len(self.lexicon.answers):
            return self._why_not(sight, asked, 1 - chance)
        said = self.lexicon.answers[best]
        if said.sort == "everything":
            chance *= self.complete(sight)
        if chance < self.limits.chance:
            return _silent("not_sure", sentences.NOT_SURE, chance)
        if said.sort == "everything":
            return Verdict(said, sentences.caption_text(sight.objects), chance)
        return Verdict(said, sentences.answer_text(said, self.lexicon), chance)

    def probabilities(self, sight: Sight, asked: Asked) -> NDArray[np.float64]:
        """Of every answer, and last of there being none."""
        logits = self._answerer(
            {
                "seen": sight.told[None],
                "words": asked.words[None],
                "slots": asked.slots[None],
            }
        )[0, : len(self.lexicon.answers) + 1].astype(np.float64)
        shares = np.exp(logits - logits.max())
        out: NDArray[np.float64] = shares / shares.sum()
        return out

    def _chance(self, sure: float) -> float:
        limits: Limits = self.limits
        return float(np.interp(sure, limits.sure, limits.right))

    def _yes_or_no(self, yes: bool, chance: float) -> Verdict:
        if chance < self.limits.chance:
            return _silent("not_sure", sentences.NOT_SURE, chance)
        said = Said("verdict", "yes" if yes else "no")
        return Verdict(said, sentences.answer_text(said, self.lexicon), chance)

    def _why_not(self, sight: Sight, asked: Asked, chance: float) -> Verdict:
        if asked.unknown:
            return _silent("unknown_word", sentences.unknown(asked.unknown), chance)
        gone = self._not_there(sight, asked)
        if gone:
            return _silent("missing", sentences.missing(gone), chance)
        return _silent("strange_question", sentences.STRANGE_QUESTION, chance)

    def _not_there(self, sight: Sight, asked: Asked) -> list[str]:
        """Names in the question that fit nothing seen."""
        seen = {word for one in sight.objects for word in (one.noun.one, *one.noun.one.split())}
        tables = (self.lexicon.things, self.lexicon.shapes)
        named = [
            tables[slot][int(row[slot])].one
            for row in asked.slots
            for slot in range(len(tables))
            if row[slot] >= 0
        ]
        if self.lexicon.known.get(SIGN) in asked.words and not any(o.sign for o in sight.objects):
            named.append(SIGN)
        return [name for name in named if name not in seen]

    @cached_property
    def _graphs(self) -> dict[str, CompiledGraph]:
        return {}

    def _graph(self, name: str) -> CompiledGraph:
        with self._loading:
            if name not in self._graphs:
                path = self.described.verified(name)
                self._graphs[name] = CompiledGraph(path, threads=self._threads)
            return self._graphs[name]

    @property
    def _eye(self) -> CompiledGraph:
        return self._graph(EYE)

    @property
    def _answerer(self) -> CompiledGraph:
        return self._graph(ANSWERER)


def _silent(why: str, because: str, chance: float = 0.0) -> Verdict:
    return Verdict(None, sentences.cannot_tell(because), chance, why)


def _foreign(question: str, asked: Asked) -> bool:
    """Whether a question is likely in another language than English."""
    words = _LETTERS.findall(question.casefold())
    if not words or len(asked.unknown) < FOREIGN * len(words):
        return False
    strange = len(set(words) & set(_FOREIGN_WORDS.split()))
    return strange >= 1 or not question.isascii()

"""What a point does with a question, in the process it has to itself."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scrubjay.ask.answer import Asked
from scrubjay.ask.chain import Asking
from scrubjay.ask.comparing.points import By, Point
from scrubjay.ask.comparing.questions import Posed
from scrubjay.ask.comparing.said import Said
from scrubjay.ask.comparing.scores import normal
from scrubjay.ask.language import DEFAULT
from scrubjay.ask.models import Models
from scrubjay.ask.prompt import Prompts
from scrubjay.ask.question import Asks, Question
from scrubjay.ask.telling import CANNOT_TELL, is_told, too_unsure
from scrubjay.core.errors import WrongUse
from scrubjay.core.looking import Message, Role
from scrubjay.core.protocols import Encoder
from scrubjay.core.types import Modality
from scrubjay.models.family import Room
from scrubjay.models.load import load_encoder, load_ocr

TEMPERATURE: Final = 0.07
"""Of the softmax over candidates, where CLIP starts (Radford et al. 2021, section 2.5)."""


@dataclass(frozen=True, slots=True)
class AskTask:
    """All questions, for one point."""

    point: Point
    questions: tuple[Posed, ...]

    def open(self) -> Answerer:
        """Load its models."""
        return _OPEN[self.point.by](self.point, self.questions)


@dataclass(frozen=True, slots=True)
class Answerer:
    """A point whose models are loaded."""

    questions: tuple[Posed, ...]
    answer: Callable[[Posed], Said]
    about: Mapping[str, Any]

    def do(self, index: int) -> Mapping[str, Any]:
        """Ask one question; its pictures are decoded before time is taken."""
        posed = self.questions[index]
        _ = posed.shown
        began = time.perf_counter()
        said = self.answer(posed)
        told = said.to_json()
        told["seconds"] = round(time.perf_counter() - began, 6)
        return told


def _chain(point: Point, questions: tuple[Posed, ...]) -> Answerer:
    models = Models(point.settings)
    asking = Asking(models, settings=point.settings, prompts=Prompts(point.prompts))
    spec = models.vlm().spec
    if spec.instructed or any(one.asks is Asks.TEXT for one in questions):
        models.ocr()

    def answer(posed: Posed) -> Said:
        asked = Asked(posed.question, pictures=posed.shown, language=posed.language)
        given = asking.ask(asked)
        took = [step.seconds for step in given.steps if step.name == "answer"]
        return Said(
            given.text,
            given.told,
            model_s=sum(took) if took else None,
            confidence=given.confidence,
            tokens_in=given.tokens_in,
            tokens_out=given.tokens_out,
        )

    reads = models.ocr().spec.to_json() if models.loaded(Room.OCR) else None
    about = {**spec.to_json(), "instructed": spec.instructed, "reads": reads}
    return Answerer(questions, answer, about)


def _model(point: Point, questions: tuple[Posed, ...]) -> Answerer:
    settings = point.settings
    vlm = Models(settings).vlm()
    template = Prompts(point.prompts).get(settings.prompt)

    def answer(posed: Posed) -> Said:
        question = Question(posed.question, posed.language or DEFAULT)
        put = template.put(question, pictures=len(posed.pictures))
        instructed = vlm.spec.instructed
        system = [Message(Role.SYSTEM, (put.system,))] if instructed and put.system else []
        pictures = [one.picture for one in posed.shown]
        text = put.text if instructed else posed.question
        asked = [*system, Message(Role.USER, (*pictures, text))]
        began = time.perf_counter()
        reply = vlm.reply(asked, settings.sampling)
        return Said(
            reply.text,
            is_told(reply) and not too_unsure(reply, settings.least_confidence),
            model_s=time.perf_counter() - began,
            confidence=reply.confidence,
            tokens_in=reply.tokens_in,
            tokens_out=reply.tokens_out,
        )

    about = {**vlm.spec.to_json(), "instructed": vlm.spec.instructed}
    return Answerer(questions, answer, about)


def _ocr(point: Point, questions: tuple[Posed, ...]) -> Answerer:
    choice = point.settings.ocr
    reader = load_ocr(choice.family, **choice.options)

    def answer(posed: Posed) -> Said:
        lines = [line for one in posed.shown for line in reader.read(one.picture).lines]
        sure = [line.confidence for line in lines if line.confidence is not None]
        text = " ".join(line.text for line in lines).strip()
        return Said(
            text or CANNOT_TELL,
            told=bool(text),
            confidence=min(sure) if text and len(sure) == len(lines) else None,
        )

    return Answerer(questions, answer, reader.spec.to_json())


def _nearest(point: Point, questions: tuple[Posed, ...]) -> Answerer:
    if point.encoder is None:
        raise WrongUse(f"{point.name} names no encoder; give encoder=FAMILY")
    encoder = load_encoder(point.encoder.family, **point.encoder.options)
    likened = _Likened(encoder, questions)
    spec = encoder.spec
    about = {"family": point.encoder.family, "name": spec.name, "fingerprint": spec.fingerprint}
    return Answerer(questions, likened.answer, about)


class _Likened:
    """Questions answered by whichever candidate is nearest to the picture."""

    def __init__(self, encoder: Encoder, questions: Sequence[Posed]) -> None:
        self._encoder = encoder
        self._pools = {kind: _pool(questions, kind) for kind in Asks}

    def answer(self, posed: Posed) -> Said:
        candidates = list(posed.choices or self._pools[posed.asks])
        if not candidates:
            return Said(CANNOT_TELL, told=False)
        texts = [f"{posed.question} {candidate}" for candidate in candidates]
        pictures = [one.picture for one in posed.shown]
        seen = self._encoder.encode(Modality.IMAGE, pictures).mean(axis=0)
        near = self._encoder.encode(Modality.TEXT, texts) @ seen
        chances = softmax(near / TEMPERATURE)
        best = int(chances.argmax())
        return Said(candidates[best], told=True, confidence=float(chances[best]))


def softmax(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n,) chances that add up to 1."""
    grown = np.exp(values.astype(np.float64) - values.max())
    chances: NDArray[np.float64] = grown / grown.sum()
    return chances


def _pool(questions: Sequence[Posed], kind: Asks) -> tuple[str, ...]:
    """Different answers of questions of a kind, in order."""
    found: dict[str, str] = {}
    for one in questions:
        if one.asks is kind:
            for answer in one.answers:
                found.setdefault(normal(answer), answer)
    return tuple(found.values())


def _commonest(point: Point, questions: tuple[Posed, ...]) -> Answerer:
    def answer(posed: Posed) -> Said:
        others = [
            one
            for one in questions
            if one.asks is posed.asks and one.answers and not set(one.sha256s) & set(posed.sha256s)
        ]
        counted = Counter(normal(one.answers[0]) for one in others)
        if not counted:
            return Said(CANNOT_TELL, told=False)
        text, times = counted.most_common(1)[0]
        return Said(text, told=True, confidence=times / len(others))

    about = {"family": "", "name": "the commonest answer", "fingerprint": point.key(questions)}
    return Answerer(questions, answer, about)


_OPEN: Final[Mapping[By, Callable[[Point, tuple[Posed, ...]], Answerer]]] = {
    By.CHAIN: _chain,
    By.MODEL: _model,
    By.OCR: _ocr,
    By.ENCODER: _nearest,
    By.COMMONEST: _commonest,
}

"""The steps of every chain, each timed: listen, find, look, read, answer, speak."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Final

from scrubjay.ask.answer import Asked, Clue, Step
from scrubjay.ask.evidence import Looked, heard_clues, one_line, read_clues, without_control_tokens
from scrubjay.ask.finding import Finder, Found
from scrubjay.ask.gleaned import Gleaned
from scrubjay.ask.language import DEFAULT, cannot, language_code, unsure_of
from scrubjay.ask.models import Models
from scrubjay.ask.question import Question
from scrubjay.core.errors import MissingExtra, ModelNotFound, WrongUse
from scrubjay.core.hearing import Spoken, Transcript
from scrubjay.core.looking import Message, Reply, ReplyStream, Sampling
from scrubjay.core.protocols import Locates
from scrubjay.core.types import SAMPLE_RATE, Item, Kind, Sound
from scrubjay.models.family import Room

LONGEST_HEARD_S: Final = 180
"""Seconds of one recording that are heard for a question, around what was found in it."""

OnStep = Callable[[Step], None]
OnText = Callable[[str], None]


@dataclass(slots=True)
class Walk:
    """One chain on its way: what it may use, and what it has done so far."""

    models: Models
    gleaned: Gleaned
    on_step: OnStep | None = None
    steps: list[Step] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    @property
    def tokens_in(self) -> int | None:
        """That models read for it; None: none says how many."""
        return _sum(reply.tokens_in for reply in self.replies)

    @property
    def tokens_out(self) -> int | None:
        """That models wrote for it; None: none says how many."""
        return _sum(reply.tokens_out for reply in self.replies)

    @contextmanager
    def step(self, name: str, by: Callable[[], str]) -> Iterator[None]:
        """Take the time of a step; it counts when it ends well."""
        began = time.perf_counter()
        yield
        step = Step(name, time.perf_counter() - began, by())
        self.steps.append(step)
        if self.on_step is not None:
            self.on_step(step)

    def note(self, text: str) -> None:
        """Somebody should know this; said once."""
        if text not in self.notes:
            self.notes.append(text)


def listen(walk: Walk, asked: Asked) -> Question:
    """The question in words, in the language the answer is to be in; no words where none was heard.

    Raises:
        WrongUse: nothing was asked, or a language that is none.
        MissingExtra, ModelNotFound: what hears cannot be loaded.
    """
    given = None if asked.language is None else language_code(asked.language)
    if asked.question is not None:
        text = without_control_tokens(asked.question)
        if not text:
            raise WrongUse("the question is empty; ask something")
        return Question(text, given or DEFAULT)
    if asked.sound is None:
        raise WrongUse("nothing is asked; type a question or speak one")
    spec = walk.models.asr().spec
    problem = None if given is None else cannot(spec, Room.ASR, given)
    if problem is not None:
        return Question("", given or DEFAULT, asked.sound, unheard=problem)
    transcript = hear(walk, asked.sound, language=given)
    text = without_control_tokens(transcript.text)
    if text and given is None and transcript.language is None:
        walk.note(unsure_of(spec))
    language = given or transcript.language or DEFAULT
    return Question(text, language, asked.sound, transcript.confidence)


def hear(
    walk: Walk,
    sound: Sound,
    *,
    language: str | None = None,
    words: Sequence[str] | None = None,
) -> Transcript:
    """What is said in a sound; raises as `SpeechToText.transcribe`."""
    with walk.step("listen", lambda: walk.models.asr().spec.family):
        asr = walk.models.asr()
        with walk.models.turn(Room.ASR):
            return asr.transcribe(sound, language=language, words=words)


def speak(walk: Walk, text: str, *, language: str | None, speed: float) -> Spoken:
    """A text as a sound.

    Raises:
        WrongUse: a language the voice does not speak; the message says which to bring.
    """
    code = None if language is None else language_code(language)
    with walk.step("speak", lambda: walk.models.tts().spec.family):
        tts = walk.models.tts()
        problem = None if code is None else cannot(tts.spec, Room.TTS, code)
        if problem is not None:
            raise WrongUse(problem)
        with walk.models.turn(Room.TTS):
            return tts.speak(text, language=code, speed=speed)


def find(
    walk: Walk, finder: Finder, question: Question, asked: Asked, k: int, *, cutoff: bool = True
) -> Found:
    """The items of the collection a question may be about; raises as `Finder.find`."""
    by: list[str] = []
    with walk.step("find", lambda: by[0]):
        found = finder.find(question, k=k, where=asked.where, kinds=asked.kinds, cutoff=cutoff)
        by.append(found.by)
    return found


def read(walk: Walk, looked: Sequence[Looked], *, needed: bool) -> list[Looked]:
    """Each with the text that stands in its picture.

    Args:
        needed: whether the question is about text; else a missing reader is only noted.

    Raises:
        MissingExtra, ModelNotFound: what reads cannot be loaded, and is needed.
    """
    if not any(one.picture is not None for one in looked):
        return list(looked)
    try:
        with walk.step("read", lambda: walk.models.ocr().spec.family):
            return [_read(walk, one) for one in looked]
    except (MissingExtra, ModelNotFound) as error:
        if needed:
            raise
        walk.note(f"text in pictures was not read: {error}")
        return list(looked)


def listen_to(walk: Walk, finder: Finder, looked: Sequence[Looked]) -> list[Looked]:
    """Each recording with what is said in it; a missing listener is noted."""
    if not any(one.source.kind is Kind.SPEECH for one in looked):
        return list(looked)
    try:
        with walk.step("listen", lambda: walk.models.asr().spec.family):
            return [_heard(walk, finder, one) for one in looked]
    except (MissingExtra, ModelNotFound) as error:
        walk.note(f"recordings were not heard: {error}")
        return list(looked)


def caption(walk: Walk, looked: Looked, sampling: Sampling) -> Reply:
    """What a picture shows, in a sentence."""
    picture = looked.picture
    if picture is None:
        raise WrongUse(f"{looked.source.name} is no picture")
    with walk.step("look", lambda: walk.models.vlm().spec.family):
        vlm = walk.models.vlm()
        with walk.models.turn(Room.VLM):
            return walk.gleaned.caption(
                looked.item, vlm.spec, sampling, lambda: vlm.caption(picture, sampling)
            )


def locate(walk: Walk, looked: Looked) -> Looked:
    """With what the model sees and where, when it can say that."""
    vlm = walk.models.vlm()
    if not isinstance(vlm, Locates) or looked.picture is None:
        return looked
    number = looked.source.number
    with walk.step("look", lambda: vlm.spec.family), walk.models.turn(Room.VLM):
        seen = vlm.locate(looked.picture)
    return looked.having(
        [Clue(number, "seen", one_line(one.text), one.confidence, one.box) for one in seen]
    )


def answer(
    walk: Walk, messages: Sequence[Message], sampling: Sampling, on_piece: OnText | None = None
) -> Reply:
    """What the model says; piece by piece where somebody listens to the pieces."""
    with walk.step("answer", lambda: walk.models.vlm().spec.family):
        vlm = walk.models.vlm()
        with walk.models.turn(Room.VLM):
            if on_piece is None:
                reply = vlm.reply(messages, sampling)
            else:
                reply = _streamed(vlm.stream(messages, sampling), on_piece)
        walk.replies.append(reply)
        return reply


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [one for one in counts if one is not None]
    return sum(known) if known else None


def _streamed(pieces: ReplyStream, on_piece: OnText) -> Reply:
    """The reply a stream ends with, once all its pieces were told."""
    with closing(pieces):
        while True:
            try:
                piece = next(pieces)
            except StopIteration as ended:
                reply: Reply = ended.value
                return reply
            on_piece(piece)


def _read(walk: Walk, looked: Looked) -> Looked:
    picture = looked.picture
    if picture is None:
        return looked
    ocr = walk.models.ocr()
    with walk.models.turn(Room.OCR):
        reading = walk.gleaned.reading(looked.item, picture, ocr.spec, lambda: ocr.read(picture))
    return looked.having(read_clues(looked.source.number, reading))


def _heard(walk: Walk, finder: Finder, looked: Looked) -> Looked:
    item = looked.item
    if looked.source.kind is not Kind.SPEECH or item is None:
        return looked
    asr = walk.models.asr()
    language = item.language if item.language in asr.spec.languages else None
    if item.language is not None and (why := cannot(asr.spec, Room.ASR, item.language)):
        walk.note(f"{looked.source.name} was not heard: {why}")
        return looked

    part = _part(looked, item)
    if part is not None:
        walk.note(f"of {looked.source.name} only {part[0]} to {part[1]} s were heard")

    def transcribe() -> Transcript:
        sound = finder.sound(item)
        if part is not None:
            sound = sound[part[0] * SAMPLE_RATE : part[1] * SAMPLE_RATE]
        with walk.models.turn(Room.ASR):
            return asr.transcribe(sound, language=language)

    transcript = walk.gleaned.transcript(item, language, asr.spec, transcribe, part=part)
    return looked.having(heard_clues(looked.source.number, transcript, part[0] if part else 0))


def _part(looked: Looked, item: Item) -> tuple[int, int] | None:
    """The seconds of a long recording that are heard, around what was found; None: all."""
    if item.duration_s is None or item.duration_s <= LONGEST_HEARD_S:
        return None
    middle = 0.0 if looked.span is None else sum(looked.span) / 2
    last = int(item.duration_s) - LONGEST_HEARD_S
    start = min(max(0, int(middle) - LONGEST_HEARD_S // 2), last)
    return start, start + LONGEST_HEARD_S

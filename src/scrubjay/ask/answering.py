"""From what was looked at, read and heard to an answer that says what it rests on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from scrubjay.ask.answer import Answer, Asked, Clue
from scrubjay.ask.combining import Said, combined, is_part, quoted, says_none
from scrubjay.ask.conversation import Talk, conversation, without_pictures
from scrubjay.ask.evidence import Looked, named_in, seen_clue
from scrubjay.ask.examples import Taught, kept_examples, taught
from scrubjay.ask.frame_by_frame import reply_of_frames
from scrubjay.ask.language import DEFAULT, cannot
from scrubjay.ask.prompt import Prompts
from scrubjay.ask.question import Asks, Question, asks_whether_any, looked_for
from scrubjay.ask.settings import AskSettings
from scrubjay.ask.steps import OnText, Walk, answer, locate
from scrubjay.ask.telling import CANNOT_TELL, cannot_tell, is_told, too_unsure, unsure
from scrubjay.ask.writing import CITATION, Writing, cited, written
from scrubjay.core.looking import Message, ModelSpec, Reply, Role, Sampling
from scrubjay.media.video import Frame
from scrubjay.models.family import Room

NOTHING_SAYS: Final = "nothing that was looked at answers the question"
UNCITED: Final = "the answer does not say which shots it rests on: all that were shown are named"
NONE_SHOWS: Final = "none of the nearest items shows it"

_NUMBER: Final = re.compile(r"\d[\d.,:/-]*\d")
_QUOTES: Final = {Asks.TEXT: ("text",), Asks.SPEECH: ("speech",)}


class Drawn(Enum):
    """Where what is looked at comes from.

    Moments of one video are `WATCHED` in order of time, or `CHOSEN`, the likeliest first.
    """

    HANDED_OVER = "handed over"
    FOUND = "found"
    WATCHED = "watched"
    CHOSEN = "chosen"


OF_A_VIDEO: Final = frozenset({Drawn.WATCHED, Drawn.CHOSEN})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer is made of."""

    text: str
    told: bool
    confidence: float | None = None
    clues: tuple[Clue, ...] = ()
    reply: Reply | None = None


class Answering:
    """One question on its way to an answer."""

    def __init__(
        self,
        walk: Walk,
        settings: AskSettings,
        prompts: Prompts,
        asked: Asked,
        on_text: OnText | None,
    ) -> None:
        """Nothing is asked of a model yet.

        Raises:
            UnknownName, BadConfig: the prompt that is wanted cannot be used.
        """
        self.walk = walk
        self._least = settings.least_confidence
        self._template = prompts.get(asked.prompt or settings.prompt)
        self._asked = asked
        self._on_text = on_text
        self._sampling: Sampling = asked.sampling or settings.sampling
        self._streamed = False

    @property
    def spec(self) -> ModelSpec:
        """Of the model that looks."""
        return self.walk.models.vlm().spec

    def cannot_speak(self, question: Question) -> str | None:
        """Why the model cannot answer in the question's language, and which would."""
        return cannot(self.spec, Room.VLM, question.language)

    def answer(self, question: Question, looked: Sequence[Looked], drawn: Drawn) -> Answer:
        """Ask the model about all at once where it can, else source by source."""
        examples = [*kept_examples(self.walk, self._template), *self._asked.examples]
        pictures = _shown(looked)
        learnt = taught(self.walk, examples, question, self._sampling, asked=pictures)
        outcome = None
        if not self.spec.instructed and self._template.name not in {"plain", "rules"}:
            self.walk.note(f"{self.spec.family} takes questions as they are: no prompt was used")
        if self.spec.instructed and pictures <= (self.spec.max_pictures or pictures):
            outcome = self._at_once(question, looked, learnt, drawn)
            if outcome is not None and not outcome.told and drawn in OF_A_VIDEO:
                outcome = self._cited(question, looked) or outcome
        if outcome is None:
            outcome = self._one_by_one(question, looked, learnt, drawn)
        return self._made(question, looked, outcome)

    def untold(self, question: Question, why: str, looked: Sequence[Looked] = ()) -> Answer:
        """That it cannot be told, and why."""
        return self._made(question, looked, Outcome(cannot_tell(why), told=False))

    def _at_once(
        self, question: Question, looked: Sequence[Looked], learnt: Taught, drawn: Drawn
    ) -> Outcome | None:
        """One conversation over all; None: it names none of the items its answer rests on."""
        found = drawn is not Drawn.HANDED_OVER
        live = not found and self._least == 0 and self._on_text is not None
        numbers = [one.source.number for one in looked]
        writing = Writing(numbers, self._on_text if live else None)
        self._streamed = live
        messages = self._messages(question, looked, learnt, cite=found)
        reply = answer(self.walk, messages, self._sampling, writing.add if live else None)
        if not live:
            writing.add(reply.text)
        text = writing.end()
        if not is_told(reply) or not text:
            return Outcome(_untold_text(text), told=False, reply=reply)
        if too_unsure(reply, self._least):
            return Outcome(self._unsure(reply), told=False, reply=reply)
        rests_on = cited(text) or _all_of(numbers, drawn)
        if drawn is Drawn.FOUND and not rests_on:
            return None
        if drawn in OF_A_VIDEO and len(rests_on) > 1 and not cited(text):
            self.walk.note(UNCITED)
        self._check_numbers(text, question, looked)
        sources = {one.source.number: one for one in looked}
        clues = tuple(seen_clue(sources[one], text, reply.confidence) for one in rests_on)
        return Outcome(text, told=True, confidence=reply.confidence, clues=clues, reply=reply)

    def _one_by_one(
        self, question: Question, looked: Sequence[Looked], learnt: Taught, drawn: Drawn
    ) -> Outcome:
        """Every source by itself; what they say is put together, never added up."""
        said, unsure_reply, silence = self._quoted(question, looked), None, ""
        silent = 0
        clues: list[Clue] = []
        if not said:
            for one in looked:
                reply = self._of_one(question, one, learnt)
                if reply is None or not is_told(reply):
                    silence = reply.text if reply is not None else silence
                    silent += 1
                    continue
                if too_unsure(reply, self._least):
                    unsure_reply = reply
                    continue
                text = learnt.told(written(reply.text, ()))
                clues.append(seen_clue(one, text, reply.confidence))
                clues += self._pointed_at(one, f"{question.text} {text}")
                said.append(Said(one.source.number, _named(question, one, text), reply.confidence))
        if not said and drawn is not Drawn.HANDED_OVER:
            said = quoted(looked, question.text, "speech", "text", strictly=True)
        if drawn in OF_A_VIDEO and silent and says_none(said):
            why = f"{silent} of {len(looked)} shots could not be made out, and no other shows it"
            return Outcome(cannot_tell(why), told=False, clues=tuple(clues))
        ranked, parts = drawn in {Drawn.FOUND, Drawn.CHOSEN}, drawn in OF_A_VIDEO
        found = drawn is Drawn.FOUND
        wants = Asks.WHICH if found and asks_whether_any(question.text) else question.asks
        together = combined(said, wants, ranked=ranked, parts=parts)
        if together is None:
            text = cannot_tell(NONE_SHOWS if said else NOTHING_SAYS)
            if unsure_reply is not None:
                text = self._unsure(unsure_reply)
            elif len(looked) == 1 and silence:
                text = _untold_text(written(silence, ()))
            return Outcome(text, told=False, clues=tuple(clues))
        text = said[0].text if len(looked) == 1 and drawn is Drawn.HANDED_OVER else together.text
        return Outcome(text, told=True, confidence=together.confidence, clues=tuple(clues))

    def _pointed_at(self, looked: Looked, said: str) -> tuple[Clue, ...]:
        """Where a source shows what was asked or answered, of a model that can point at it."""
        seen = locate(self.walk, looked).of("seen")
        return tuple(clue for clue in seen if clue.box and named_in(clue.text, said))

    def _quoted(self, question: Question, looked: Sequence[Looked]) -> list[Said]:
        """What is written or said, of a model that only looks."""
        kinds = _QUOTES.get(question.asks, ())
        if self.spec.instructed or not kinds:
            return []
        sources = {one.source.number: one for one in looked}
        read = quoted(looked, question.text, *kinds)
        return [self._agreed(question, sources[one.number], one) for one in read]

    def _cited(self, question: Question, looked: Sequence[Looked]) -> Outcome | None:
        """Lines that are about what a question asks, where no model makes an answer of them."""
        said = quoted(looked, question.text, *_QUOTES.get(question.asks, ()), strictly=True)
        together = combined(said, question.asks, ranked=False)
        if together is None:
            return None
        return Outcome(together.text, told=True, confidence=together.confidence)

    def _agreed(self, question: Question, looked: Looked, said: Said) -> Said:
        """What the reader read and the model sees, too, or is surer of; else all that was read.

        A reader takes shapes in a drawing for letters, and misreads what is drawn small.
        """
        if not looked.pictures:
            return said
        frames = looked.frames or tuple(Frame(0.0, one) for one in looked.pictures)
        reply = reply_of_frames(self.walk, frames, question.text, self._sampling)
        surer = (reply.confidence or 0.0) > (said.confidence or 0.0)
        if is_told(reply) and (surer or is_part(reply.text, said.text)):
            return Said(said.number, f"“{written(reply.text, ())}”", reply.confidence)
        return said

    def _of_one(self, question: Question, looked: Looked, learnt: Taught) -> Reply | None:
        if not self.spec.instructed:
            text = question.text
            if question.asks is Asks.WHICH:
                text = f"is there {looked_for(question.text)}?"
            if looked.frames:
                return reply_of_frames(self.walk, looked.frames, text, self._sampling)
            if looked.picture is None:
                return None
            return answer(self.walk, [Message(Role.USER, (looked.picture, text))], self._sampling)
        messages = self._messages(question, [looked], learnt, cite=False)
        return answer(self.walk, messages, self._sampling)

    def _messages(
        self, question: Question, looked: Sequence[Looked], learnt: Taught, *, cite: bool
    ) -> tuple[Message, ...]:
        shown_before = not self._asked.pictures and not cite and _in_history(self._asked, looked)
        messages = conversation(
            self._template.put(question, pictures=max(len(looked), _shown(looked))),
            looked,
            Talk(self._asked.history, learnt.turns, learnt.lines),
            cite=cite,
            shown_before=shown_before,
        )
        most = self.spec.max_pictures
        return messages if most is None else without_pictures(messages, most)

    def _unsure(self, reply: Reply) -> str:
        return unsure(self.spec.family, reply.confidence or 0.0, self._least)

    def _check_numbers(self, text: str, question: Question, looked: Sequence[Looked]) -> None:
        """Note numbers of an answer that nothing that was read or heard says."""
        clues = [clue.text for one in looked for clue in one.of("text", "speech", "caption")]
        if not any(one.of("text", "speech") for one in looked):
            return
        known = {_digits(one) for said in (*clues, question.text) for one in _NUMBER.findall(said)}
        for one in dict.fromkeys(_NUMBER.findall(CITATION.sub("", text))):
            if _digits(one) not in known:
                self.walk.note(f"{one} stands in nothing that was read or heard: check it")

    def _made(self, question: Question, looked: Sequence[Looked], outcome: Outcome) -> Answer:
        if self._on_text is not None and not self._streamed:
            self._on_text(outcome.text)
        reply = outcome.reply
        return Answer(
            question=question.text,
            text=outcome.text,
            told=outcome.told,
            confidence=outcome.confidence,
            language=question.language if outcome.told else DEFAULT,
            sources=tuple(one.source for one in looked),
            clues=(*(clue for one in looked for clue in one.clues), *outcome.clues),
            steps=tuple(self.walk.steps),
            notes=tuple(self.walk.notes),
            tokens_in=self.walk.tokens_in,
            tokens_out=self.walk.tokens_out,
            finished=reply.finished if reply else True,
        )


def _all_of(numbers: Sequence[int], drawn: Drawn) -> tuple[int, ...]:
    """What an answer rests on that cites nothing: everything that was watched, else what is one."""
    if drawn in OF_A_VIDEO or (drawn is Drawn.HANDED_OVER and len(numbers) == 1):
        return tuple(numbers)
    return ()


def _shown(looked: Sequence[Looked]) -> int:
    return sum(len(one.pictures) for one in looked)


def _untold_text(text: str) -> str:
    return text if text.startswith(CANNOT_TELL) else cannot_tell(text)


def _named(question: Question, looked: Looked, text: str) -> str:
    """A picture's own name where a question asks which one; its `no` stays."""
    if question.asks is not Asks.WHICH or not text.casefold().startswith("yes"):
        return text
    return looked.source.name


def _in_history(asked: Asked, looked: Sequence[Looked]) -> bool:
    before = [id(picture) for message in asked.history for picture in message.pictures]
    return any(id(one.picture) in before for one in looked)


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)

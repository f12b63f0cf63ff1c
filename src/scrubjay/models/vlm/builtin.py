"""The question model in the box: asked about pictures of the built-in world, silent about others.

It looks, counts, names, places and reads signs, in English, without torch; `models/builtin_vqa`
holds its parts and `models/builtin_vqa/shipped/card.md` says what it can do and what it cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scrubjay.core.looking import Message, ModelSpec, Reply, ReplyStream, Sampling, Seen
from scrubjay.core.types import Picture
from scrubjay.models.builtin_vqa import sentences
from scrubjay.models.builtin_vqa.answering import QuestionModel, Verdict
from scrubjay.models.builtin_vqa.files import read_model
from scrubjay.models.builtin_vqa.shipped import FOLDER
from scrubjay.models.conversation import checked, cut_short, word_by_word

FAMILY = "builtin"
LEAST = 0.5
"""Least chance that everything a caption says is so, and of one object that is pointed at."""


def load(*, source: str | Path | None = None, threads: int = 0) -> BuiltinVisionLanguage:
    """The question model that comes with Scrubjay, or one in a folder.

    Args:
        source: folder with model.json and its graphs; None is what was shipped.
        threads: inference threads; 0 means one per available core.

    Raises:
        ModelNotFound: the folder holds none.
        Damaged: its model.json cannot be believed.
    """
    folder = FOLDER if source is None else Path(source)
    model = QuestionModel(read_model(folder), threads=threads)
    return BuiltinVisionLanguage(model, name="shipped" if source is None else folder.name)


class BuiltinVisionLanguage:
    """A VisionLanguage, and one that Locates; safe to call from several threads."""

    def __init__(self, model: QuestionModel, *, name: str) -> None:
        """Take the model."""
        self._model = model
        self._spec = ModelSpec(
            family=FAMILY,
            name=name,
            fingerprint=model.described.digest,
            max_pictures=None,
            instructed=False,
            languages=("en",),
        )

    @property
    def spec(self) -> ModelSpec:
        """Any number of pictures, each looked at alone; short English questions."""
        return self._spec

    def reply(self, messages: Sequence[Message], sampling: Sampling) -> Reply:
        """Answer the last question about its own pictures, or else about those shown last.

        Several pictures are answered one by one, by their numbers. Earlier questions and answers
        are not read. Of sampling only the length and where to stop count: an answer is always the
        likeliest.

        Raises:
            WrongUse: there is no question.
            BadMedia: one of the pictures is none.
        """
        asked = checked(messages, self._spec)
        shown = [message.pictures for message in asked if message.pictures]
        question = asked[-1].text
        words = len(question.split())
        if not shown:
            return _silent(sentences.NO_PICTURE, sampling, words)
        verdicts = [self._model.answer(one, question) for one in self._model.look(shown[-1])]
        if len(verdicts) == 1:
            return _told(verdicts[0], sampling, words + 1)
        return _together(verdicts, sampling, words + len(verdicts))

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> ReplyStream:
        """The text of `reply`, a word at a time; raises as it does, before the first word."""
        return word_by_word(self.reply(messages, sampling))

    def caption(self, picture: Picture, sampling: Sampling) -> Reply:
        """Everything it sees, counted and, of two things, placed.

        Raises:
            BadMedia: it is no picture.
        """
        (sight,) = self._model.look([picture])
        why = self._model.stranger(sight)
        if why:
            return _silent(sentences.SILENCE[why], sampling, 1)
        sure = self._model.complete(sight)
        if sure < LEAST:
            return _silent(sentences.NOT_SURE, sampling, 1)
        return _reply(True, sentences.caption_text(sight.objects), sure, sampling, 1)

    def locate(self, picture: Picture) -> Sequence[Seen]:
        """Every object and sign it sees, the surest first; nothing outside its world.

        Raises:
            BadMedia: it is no picture.
        """
        (sight,) = self._model.look([picture])
        if self._model.stranger(sight):
            return ()
        return tuple(
            Seen(
                f"a sign that says {one.noun.one}" if one.sign else one.noun.one,
                one.box,
                one.confidence,
            )
            for one in sight.objects
            if one.confidence >= LEAST
        )


def _silent(why: str, sampling: Sampling, read: int) -> Reply:
    return _reply(False, sentences.cannot_tell(why), None, sampling, read)


def _told(verdict: Verdict, sampling: Sampling, read: int) -> Reply:
    told = verdict.said is not None
    return _reply(told, verdict.text, verdict.chance if told else None, sampling, read)


def _together(verdicts: Sequence[Verdict], sampling: Sampling, read: int) -> Reply:
    """Answers to several pictures, numbered; told when any is."""
    lines = [f"picture {at}: {one.text.rstrip('.')}" for at, one in enumerate(verdicts, start=1)]
    told = [one.chance for one in verdicts if one.said is not None]
    text, chance = "; ".join(lines), min(told) if told else None
    return _reply(bool(told), text, chance, sampling, read)


def _reply(told: bool, text: str, confidence: float | None, sampling: Sampling, read: int) -> Reply:
    return cut_short(Reply(text=text, told=told, confidence=confidence, tokens_in=read), sampling)

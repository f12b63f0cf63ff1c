"""A model that looks without weights: it knows the main colour of each picture.

`what colour ...` is answered with the colour of the picture shown last, `how many pictures` with
their number, `repeat: ...` with what follows, and a picture like an example's with the example's
answer. For tests, and for developers of other rooms.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from itertools import pairwise

from scrubjay.core.looking import Message, ModelSpec, Reply, ReplyStream, Role, Sampling
from scrubjay.core.types import Picture
from scrubjay.models.colours import main_colour
from scrubjay.models.conversation import checked, cut_short, pictures_of, word_by_word

SURE = 0.9
CANNOT_TELL = "I can't tell"

COLOUR = re.compile(r"\bwhat colou?r", re.IGNORECASE)
HOW_MANY = re.compile(r"\bhow many pictures\b", re.IGNORECASE)
REPEAT = re.compile(r"\brepeat:[ \t]*(\S.*)", re.IGNORECASE)


def load() -> FakeVisionLanguage:
    """A fake model that looks."""
    return FakeVisionLanguage()


class FakeVisionLanguage:
    """A VisionLanguage whose answers follow from a few lines of arithmetic."""

    def __init__(self) -> None:
        self._spec = ModelSpec(
            family="fake",
            name="fake",
            fingerprint=hashlib.sha256(b"fake vlm 1").hexdigest(),
            languages=("en",),
        )

    @property
    def spec(self) -> ModelSpec:
        """Family `fake`; any number of pictures, in English."""
        return self._spec

    def reply(self, messages: Sequence[Message], sampling: Sampling) -> Reply:
        """Answer the last message.

        Raises:
            WrongUse: there is no question.
            BadMedia: one of the pictures is none.
        """
        asked = checked(messages, self._spec)
        answer = _answer(asked)
        words_in = sum(len(message.text.split()) for message in asked)
        return _said(answer, sampling, tokens_in=words_in + len(pictures_of(asked)))

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> ReplyStream:
        """The text of `reply`, a word at a time; raises as it does, before the first word."""
        return word_by_word(self.reply(messages, sampling))

    def caption(self, picture: Picture, sampling: Sampling) -> Reply:
        """`a <colour> picture`.

        Raises:
            BadMedia: it is no picture.
        """
        return _said(f"a {main_colour(picture)} picture", sampling, tokens_in=1)


def _answer(messages: Sequence[Message]) -> str | None:
    question = messages[-1]
    shown = pictures_of(messages)
    if found := REPEAT.search(question.text):
        return found.group(1).strip()
    if HOW_MANY.search(question.text):
        return str(len(shown))
    if question.pictures and (taught := _taught(messages)) is not None:
        return taught
    if shown and COLOUR.search(question.text):
        return main_colour(shown[-1])
    return None


def _taught(messages: Sequence[Message]) -> str | None:
    """The answer that an example of the last picture's colour was given."""
    colour = main_colour(messages[-1].pictures[-1])
    for example, answer in pairwise(messages):
        if (
            answer.role is Role.ASSISTANT
            and example.pictures
            and main_colour(example.pictures[-1]) == colour
        ):
            return answer.text
    return None


def _said(answer: str | None, sampling: Sampling, *, tokens_in: int) -> Reply:
    told = answer is not None
    reply = Reply(
        text=CANNOT_TELL if answer is None else answer,
        told=told,
        confidence=SURE if told else None,
        tokens_in=tokens_in,
    )
    return cut_short(reply, sampling)

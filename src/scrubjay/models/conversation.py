"""What every model that looks at pictures may take for granted of a conversation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from scrubjay.core.errors import WrongUse
from scrubjay.core.looking import Message, ModelSpec, Reply, ReplyStream, Role, Sampling
from scrubjay.core.types import Picture
from scrubjay.models.image_input import as_picture


def checked(messages: Sequence[Message], spec: ModelSpec) -> tuple[Message, ...]:
    """The same conversation, its pictures known to be pictures.

    Args:
        messages: oldest first; the last one asks.
        spec: of the model that is to answer.

    Raises:
        WrongUse: there is no question, a role is where it cannot be, or there are more pictures
            than the model can be shown.
        BadMedia: one of the pictures is none.
    """
    if not messages or messages[-1].role is not Role.USER or not messages[-1].text.strip():
        raise WrongUse("there is no question: the last message must be the user's, with a text")
    made = []
    for place, message in enumerate(messages):
        if message.role is Role.SYSTEM and place:
            raise WrongUse("a system message must be the first of a conversation")
        if message.role is not Role.USER and message.pictures:
            raise WrongUse(f"only the user shows pictures; a message of the {message.role} has one")
        parts = (one if isinstance(one, str) else as_picture(one) for one in message.parts)
        made.append(replace(message, parts=tuple(parts)))
    shown = len(pictures_of(made))
    if spec.max_pictures is not None and shown > spec.max_pictures:
        raise WrongUse(
            f"{spec.family} {spec.name} can be shown {spec.max_pictures} picture"
            f"{'' if spec.max_pictures == 1 else 's'} at once, not {shown}; show fewer, or choose "
            f"another vlm"
        )
    return tuple(made)


def pictures_of(messages: Sequence[Message]) -> tuple[Picture, ...]:
    """Every picture of a conversation, in order."""
    return tuple(picture for message in messages for picture in message.pictures)


def cut_short(reply: Reply, sampling: Sampling) -> Reply:
    """The same no longer than was asked for; a word counts as a token."""
    text = reply.text
    for stop in sampling.stop:
        text = text.split(stop, 1)[0]
    words = re.findall(r"\s*\S+", text)
    kept = words[: sampling.max_new_tokens]
    return replace(
        reply, text="".join(kept), tokens_out=len(kept), finished=len(kept) == len(words)
    )


def word_by_word(reply: Reply) -> ReplyStream:
    """A reply that was made at once, as a stream."""
    yield from re.findall(r"\s*\S+", reply.text)
    return reply

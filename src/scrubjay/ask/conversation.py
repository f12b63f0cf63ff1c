"""What a model is told: examples, what was said before, pictures, evidence, and the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from scrubjay.ask.evidence import GUARD, Looked, block, harmless, without_control_tokens
from scrubjay.ask.template import Prompt
from scrubjay.core.looking import Message, Part, Role
from scrubjay.media.video import Frame

CITE: Final = (
    "After all that you say, cite the number of the source it rests on, such as [1]. Say nothing "
    "that no source shows."
)
SHOWN_BEFORE: Final = "(a picture that was shown before)"


@dataclass(frozen=True, slots=True)
class Talk:
    """What goes before a question.

    Attributes:
        history: what was said, oldest first; it may hold the pictures that are asked about.
        examples: turns that show how to answer.
        lines: examples in words.
    """

    history: tuple[Message, ...] = ()
    examples: tuple[Message, ...] = ()
    lines: tuple[str, ...] = ()


def conversation(
    prompt: Prompt, looked: Sequence[Looked], talk: Talk, *, cite: bool, shown_before: bool
) -> tuple[Message, ...]:
    """A question as messages.

    Args:
        prompt: the question as it is put.
        looked: what it is about.
        talk: what goes before.
        cite: whether the answer must name its sources.
        shown_before: whether the pictures stand in the history already.
    """
    before = [message for message in talk.history if message.role is not Role.SYSTEM]
    told = [message.text for message in talk.history if message.role is Role.SYSTEM]
    evidence = block([one for one in looked if _tells(one, cite=cite)])
    system = " ".join(
        part
        for part in (prompt.system, *told, GUARD if evidence else "", CITE if cite else "")
        if part
    )
    parts: list[Part] = []
    if not shown_before:
        parts += _pictures(looked, numbered=cite or len(looked) > 1)
    parts += [evidence] if evidence else []
    parts.append("\n".join([*talk.lines, prompt.text]))
    return (
        *([Message(Role.SYSTEM, (system,))] if system else []),
        *talk.examples,
        *map(_safe, before),
        Message(Role.USER, tuple(parts)),
    )


def without_pictures(messages: Sequence[Message], most: int) -> tuple[Message, ...]:
    """Messages with no more than the last `most` pictures; words stand for the others."""
    left = most
    kept: list[Message] = []
    for message in reversed(messages):
        parts: list[Part] = []
        for part in reversed(message.parts):
            if isinstance(part, str):
                parts.append(part)
            elif left > 0:
                left -= 1
                parts.append(part)
            else:
                parts.append(SHOWN_BEFORE)
        kept.append(replace(message, parts=tuple(reversed(parts))))
    return tuple(reversed(kept))


def _pictures(looked: Sequence[Looked], *, numbered: bool) -> list[Part]:
    parts: list[Part] = []
    for one in looked:
        if numbered:
            kind = "" if one.picture is not None else f" ({one.source.kind.value})"
            parts.append(f"[{one.source.number}] {harmless(one.source.name)}{kind}:")
        if one.picture is not None:
            parts.append(one.picture)
        parts += in_order(one.frames)
    return parts


def in_order(frames: Sequence[Frame]) -> list[Part]:
    """Frames of a video, each after the time it is shown at."""
    parts: list[Part] = []
    for frame in frames:
        parts += [f"at {frame.at_s:.1f} s:", frame.picture]
    return parts


def _tells(looked: Looked, *, cite: bool) -> bool:
    return bool(looked.clues) and (cite or bool(looked.of("text", "speech")))


def _safe(message: Message) -> Message:
    parts = (
        without_control_tokens(part) if isinstance(part, str) else part for part in message.parts
    )
    return replace(message, parts=tuple(parts))

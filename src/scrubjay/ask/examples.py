"""Examples before a question: shown, told in words, or used to put answers into their words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scrubjay.ask.answer import Example, Shown
from scrubjay.ask.conversation import in_order
from scrubjay.ask.evidence import harmless, without_control_tokens
from scrubjay.ask.frame_by_frame import reply_of_frames
from scrubjay.ask.question import Question
from scrubjay.ask.steps import Walk
from scrubjay.ask.telling import is_told
from scrubjay.ask.template import Template
from scrubjay.core.errors import BadMedia
from scrubjay.core.looking import Message, Role, Sampling
from scrubjay.media.video import Frame
from scrubjay.models.family import Room


@dataclass(frozen=True, slots=True)
class Taught:
    """What examples came to.

    Attributes:
        turns: messages that show them.
        lines: those told in words.
        words: an answer of the model -> what the examples call it.
    """

    turns: tuple[Message, ...] = ()
    lines: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)

    def told(self, text: str) -> str:
        """An answer in the examples' words."""
        return self.words.get(_same(text), text)


def taught(
    walk: Walk, examples: Sequence[Example], question: Question, sampling: Sampling, *, asked: int
) -> Taught:
    """Use examples as far as the model lets them be used; the walk's notes say how far.

    Args:
        asked: pictures the question itself shows.
    """
    if not examples:
        return Taught()
    spec = walk.models.vlm().spec
    if not spec.instructed:
        return _words(walk, examples, question, sampling)
    shown, rest = _as_many_as_fit(examples, spec.max_pictures, asked)
    if rest:
        walk.note(
            f"{spec.family} can be shown {spec.max_pictures} pictures at once: {len(rest)} of "
            f"{len(examples)} examples were told in words"
        )
    return Taught(
        tuple(turn for one in shown for turn in _turns(one, question)),
        tuple(_line(walk, one, question, sampling) for one in rest),
    )


def kept_examples(walk: Walk, template: Template) -> list[Example]:
    """A template's own examples; a picture that is gone or changed is noted and left out."""
    from scrubjay.media.image import decode_picture

    found = []
    for one in template.examples:
        path = Path(one.image)
        try:
            data = path.read_bytes()
            shown = Shown(path.name, decode_picture(data))
        except (OSError, BadMedia) as error:
            walk.note(f"an example of the prompt {template.name!r} was left out: {error}")
            continue
        if hashlib.sha256(data).hexdigest() == one.sha256:
            found.append(Example(shown, one.answer, one.question))
        else:
            walk.note(f"an example of the prompt {template.name!r} was left out: {path} changed")
    return found


def _turns(example: Example, question: Question) -> tuple[Message, Message]:
    text = _question(example, question)
    if example.wrong:
        text += f"\n(It would be wrong to answer: {without_control_tokens(example.wrong)})"
    answer = without_control_tokens(example.answer)
    shown = example.shown
    parts = in_order(shown.frames) if shown.frames else [shown.picture]
    return (Message(Role.USER, (*parts, text)), Message(Role.ASSISTANT, (answer,)))


def _as_many_as_fit(
    examples: Sequence[Example], most: int | None, asked: int
) -> tuple[list[Example], list[Example]]:
    """Those whose pictures can be shown beside the question's, and the others."""
    shown: list[Example] = []
    left = None if most is None else most - asked
    for one in examples:
        needs = max(1, len(one.shown.frames))
        if left is not None and needs > left:
            break
        shown.append(one)
        left = None if left is None else left - needs
    return shown, list(examples[len(shown) :])


def _line(walk: Walk, example: Example, question: Question, sampling: Sampling) -> str:
    with walk.step("look", lambda: walk.models.vlm().spec.family), walk.models.turn(Room.VLM):
        seen = walk.models.vlm().caption(example.shown.picture, sampling)
    shows = harmless(seen.text) if is_told(seen) else "something else"
    wrong = f" It would be wrong to answer: {harmless(example.wrong)}." if example.wrong else ""
    what = "video" if example.shown.frames else "picture"
    return (
        f"Of another {what}, which shows {shows}, to the question "
        f"“{_question(example, question)}” the right answer is: {harmless(example.answer)}.{wrong}"
    )


def _words(
    walk: Walk, examples: Sequence[Example], question: Question, sampling: Sampling
) -> Taught:
    """What the model says of each example, against what the example says."""
    vlm = walk.models.vlm()
    said: dict[str, set[str]] = {}
    right = 0
    with walk.step("look", lambda: vlm.spec.family):
        for one in examples:
            frames = one.shown.frames or (Frame(0.0, one.shown.picture),)
            reply = reply_of_frames(walk, frames, _question(one, question), sampling)
            if is_told(reply):
                said.setdefault(_same(reply.text), set()).add(one.answer)
                right += _same(reply.text) == _same(one.answer)
    words = {
        mine: next(iter(theirs))
        for mine, theirs in said.items()
        if len(theirs) == 1 and _same(next(iter(theirs))) != mine
    }
    renamed = ", ".join(f"“{mine}” is told as “{theirs}”" for mine, theirs in words.items())
    walk.note(
        f"{vlm.spec.family} cannot learn from examples: by itself it answers {right} of "
        f"{len(examples)} as they say" + (f"; {renamed}" if renamed else "")
    )
    return Taught(words=words)


def _question(example: Example, question: Question) -> str:
    return without_control_tokens(example.question or question.text)


def _same(text: str) -> str:
    return " ".join(text.casefold().split()).strip(" .!")

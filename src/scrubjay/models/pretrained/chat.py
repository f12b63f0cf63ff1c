"""A conversation as the text a model was trained to continue, with its pictures.

In order: the template that was asked for, the processor's own, the tokenizer's, and the wording of
models that never had one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from scrubjay.core.errors import ScrubjayError, WrongUse
from scrubjay.core.looking import Message, Part, Role
from scrubjay.core.types import Picture
from scrubjay.models.conversation import pictures_of
from scrubjay.models.pretrained.failing import failing
from scrubjay.models.pretrained.generation import Inputs
from scrubjay.models.pretrained.wording import wording

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

CAPTION = "Describe this picture in one sentence."
SMALLEST = 8
"""Pixels a side below which a picture is enlarged: processors mistake such for colour channels."""

UNWANTED = ("labels", "token_type_ids_labels")
"""What processors make for training alone."""


class Chat:
    """Conversations to the inputs of one model."""

    def __init__(
        self,
        processor: Any,  # noqa: ANN401 - transformers has no types
        *,
        kind: str,
        name: str,
        template: str | None = None,
    ) -> None:
        """How a model is talked to.

        Args:
            processor: of the model.
            kind: its `model_type`.
            name: of the model, for messages.
            template: in Jinja, instead of the processor's own.
        """
        self._processor = processor
        self._name = name
        self._wording = wording(kind)
        self._listed = template or _default(getattr(processor, "chat_template", None))
        self._plain = _default(getattr(processor.tokenizer, "chat_template", None))
        self._image_token = _image_token(processor)
        self._control = _control_tokens(processor, self._listed or self._plain or "")

    @property
    def instructed(self) -> bool:
        """Whether it was trained to follow what is asked in a conversation."""
        return bool(self._listed or self._plain) or self._wording.instructed

    def inputs(self, messages: Sequence[Message]) -> Inputs:
        """What the model reads.

        Raises:
            WrongUse: the model needs a picture and there is none.
            ScrubjayError: its template or processor cannot hold the conversation.
        """
        with failing(self._name):
            turns = _turns(messages, self._harmless)
            if not (self._listed or self._plain):
                turns = self._wording.turns(turns)
                prompt = self._wording.text(turns, self._image_token, self._end)
            else:
                prompt = self._prompt(turns)
            return self._processed(prompt, pictures_of(turns))

    def caption(self, picture: Picture) -> Inputs:
        """What the model reads to say in a sentence what a picture shows."""
        asked = self._wording.caption if not (self._listed or self._plain) else CAPTION
        return self.inputs([Message(Role.USER, (picture, asked))])

    @property
    def _end(self) -> str:
        return self._processor.tokenizer.eos_token or ""

    def _harmless(self, text: str) -> str:
        """The text with every control token spelled apart: it is data, never an instruction."""
        if self._control is None:
            return text
        return self._control.sub(lambda found: f"{found.group()[0]} {found.group()[1:]}", text)

    def _prompt(self, turns: Sequence[Message]) -> str:
        from jinja2 import TemplateError

        try:
            return self._filled(turns)
        except TemplateError:
            # Many templates know no system's message, or none beside pictures.
            if turns[0].role is not Role.SYSTEM or len(turns) < 2:
                raise
            system, first, *rest = turns
            merged = Message(Role.USER, (*first.parts[:-1], system.text, first.parts[-1]))
            return self._filled([merged, *rest])

    def _filled(self, turns: Sequence[Message]) -> str:
        if self._listed:
            conversation = [_listed(turn) for turn in turns]
            made: str = self._processor.apply_chat_template(
                conversation, chat_template=self._listed, add_generation_prompt=True
            )
            if _holds(made, turns):
                return made
        conversation = [
            {"role": turn.role.value, "content": _inline(turn.parts, self._image_token)}
            for turn in turns
        ]
        made = self._processor.tokenizer.apply_chat_template(
            conversation,
            chat_template=self._plain or self._listed,
            add_generation_prompt=True,
            tokenize=False,
        )
        if not _holds(made, turns):
            raise ScrubjayError(
                f"the chat template of {self._name} drops part of the conversation; give another "
                f"by vlm.chat_template=FILE"
            )
        return made

    def _processed(self, prompt: str, pictures: Sequence[Picture]) -> Inputs:
        if not pictures and self._wording.needs_picture:
            raise WrongUse(f"{self._name} only talks about pictures; show it one")
        start = self._processor.tokenizer.bos_token
        options = {"add_special_tokens": False} if start and prompt.startswith(start) else {}
        made = self._processor(
            text=prompt,
            images=[[as_image(one) for one in pictures]] if pictures else None,
            return_tensors="pt",
            **options,
        )
        return {name: value for name, value in made.items() if name not in UNWANTED}


def as_image(picture: Picture) -> PillowImage:
    """A picture as processors take it; a very small one is enlarged."""
    from PIL import Image

    made = Image.fromarray(picture)
    if min(made.size) < SMALLEST:
        width, height = (max(side, SMALLEST) for side in made.size)
        made = made.resize((width, height), Image.Resampling.NEAREST)
    return made


def _turns(messages: Sequence[Message], harmless: Callable[[str], str]) -> list[Message]:
    """The same conversation with one message a turn, its texts harmless."""
    turns = []
    for role, said in groupby(messages, key=lambda one: one.role):
        parts: list[Part] = []
        for message in said:
            parts += (
                harmless(part) if isinstance(part, str) else part
                for part in message.parts
                if not isinstance(part, str) or part.strip()
            )
        turns.append(Message(role, tuple(parts)))
    return turns


def _listed(turn: Message) -> dict[str, Any]:
    content = [
        {"type": "text", "text": part} if isinstance(part, str) else {"type": "image"}
        for part in turn.parts
    ]
    return {"role": turn.role.value, "content": content}


def _inline(parts: Sequence[Part], image_token: str) -> str:
    return "\n".join(part if isinstance(part, str) else image_token for part in parts)


def _holds(prompt: str, turns: Sequence[Message]) -> bool:
    """Whether a template let through all that was said, and as text."""
    said = [part.strip() for turn in turns for part in turn.parts if isinstance(part, str)]
    return all(text in prompt for text in said) and "'type': 'text'" not in prompt


def _default(template: str | dict[str, str] | None) -> str | None:
    return template.get("default") if isinstance(template, dict) else template


def _image_token(processor: Any) -> str:  # noqa: ANN401
    token = getattr(processor, "image_token", None)
    return str(getattr(token, "content", token) or "")


def _control_tokens(processor: Any, template: str) -> re.Pattern[str] | None:  # noqa: ANN401
    """Matches what a tokenizer or processor would not read as text."""
    added = processor.tokenizer.added_tokens_decoder.values()
    control = {one.content for one in added if one.special or one.content in template}
    for name in ("image_token", "video_token", "audio_token"):
        token = getattr(processor, name, None)
        control.add(str(getattr(token, "content", token) or ""))
    marks = sorted((one for one in control if len(one) > 1 and not one.isspace()), key=len)
    if not marks:
        return None
    return re.compile("|".join(re.escape(one) for one in reversed(marks)), re.IGNORECASE)

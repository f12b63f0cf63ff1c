"""A conversation as the text a model was trained to continue, with its pictures.

By the template that was asked for, else the processor's own, else the tokenizer's, else by the
wording of models that never had one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias

from scrubjay.core.errors import ScrubjayError, WrongUse
from scrubjay.core.looking import Message, Part, Role
from scrubjay.core.types import Picture
from scrubjay.models.conversation import pictures_of
from scrubjay.models.pretrained.control import ControlTokens, placeholder
from scrubjay.models.pretrained.failing import failing
from scrubjay.models.pretrained.generation import Inputs
from scrubjay.models.pretrained.wording import wording

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

Fill: TypeAlias = Callable[..., str]
"""Turns, and whether the model is to go on, to the text of a template."""

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
        self._template = (
            template
            or _default(getattr(processor, "chat_template", None))
            or _default(getattr(processor.tokenizer, "chat_template", None))
        )
        self._image_token = placeholder(processor)
        self._control = ControlTokens(processor, self._template or "")

    @property
    def instructed(self) -> bool:
        """Whether it was trained to follow what is asked in a conversation."""
        return bool(self._template) or self._wording.instructed

    def inputs(self, messages: Sequence[Message]) -> Inputs:
        """What the model reads.

        Raises:
            WrongUse: the model needs a picture and there is none.
            ScrubjayError: its template or processor cannot hold the conversation.
        """
        with failing(self._name):
            turns = _turns(messages, self._control)
            if self._template:
                prompt, _, _ = self._prompt(turns)
            else:
                turns = self._wording.turns(turns)
                prompt = self._worded(turns)
            return self._processed(prompt, pictures_of(turns))

    def answered(self, messages: Sequence[Message], answer: str) -> tuple[str, str]:
        """What the model reads, and the same with the answer it should go on with.

        Of a model that is told the answer apart (`answers_apart`), the second is the answer alone.

        Raises:
            ScrubjayError: its template cannot hold the conversation.
        """
        with failing(self._name):
            turns = _turns(messages, self._control)
            said = Message(Role.ASSISTANT, (self._control.apart(answer),))
            if self._template:
                prompt, fill, told = self._prompt(turns)
                return prompt, fill([*told, said], go_on=False)
            turns = self._wording.turns(turns)
            prompt = self._worded(turns)
            return prompt, said.text if self.answers_apart else self._worded([*turns, said])

    @property
    def answers_apart(self) -> bool:
        """Whether what it reads and what it writes are marked apart (PaliGemma)."""
        return not self._template and self._wording.answers_apart

    @property
    def template(self) -> str | None:
        """In Jinja; None: it is talked to in the wording of its kind."""
        return self._template

    @property
    def processor(self) -> Any:  # noqa: ANN401 - transformers has no types
        """The model's own."""
        return self._processor

    def begun(self, prompt: str) -> bool:
        """Whether a prompt begins with the token that begins texts: it is not to be added then."""
        start = self._processor.tokenizer.bos_token
        return bool(start) and prompt.startswith(start)

    def _worded(self, turns: Sequence[Message]) -> str:
        end = self._processor.tokenizer.eos_token or ""
        return self._wording.text(turns, self._image_token, end)

    def caption(self, picture: Picture) -> Inputs:
        """What the model reads to say in a sentence what a picture shows."""
        asked = CAPTION if self._template else self._wording.caption
        return self.inputs([Message(Role.USER, (picture, asked))])

    def _prompt(self, turns: Sequence[Message]) -> tuple[str, Fill, Sequence[Message]]:
        """The template, filled: with lists of parts as newer ones have it, or with plain texts.

        Returns:
            The text, how it was filled, and with which turns.
        """
        from jinja2 import TemplateError

        failure: Exception | None = None
        for filled in (self._of_parts, self._of_texts):
            for told in (turns, *_without_system(turns)):
                try:
                    made = filled(told)
                except (TemplateError, TypeError) as error:
                    failure = failure or error
                    continue
                if _holds(made, told):
                    return made, filled, told
        if failure is not None:
            raise failure
        raise ScrubjayError(
            f"the chat template of {self._name} drops part of the conversation; give another by "
            f"vlm.chat_template=FILE"
        )

    def _of_parts(self, turns: Sequence[Message], *, go_on: bool = True) -> str:
        made: str = self._processor.apply_chat_template(
            [_parts(turn) for turn in turns],
            chat_template=self._template,
            add_generation_prompt=go_on,
        )
        return made

    def _of_texts(self, turns: Sequence[Message], *, go_on: bool = True) -> str:
        made: str = self._processor.tokenizer.apply_chat_template(
            [_text(turn, self._image_token) for turn in turns],
            chat_template=self._template,
            add_generation_prompt=go_on,
            tokenize=False,
        )
        return made

    def _processed(self, prompt: str, pictures: Sequence[Picture]) -> Inputs:
        if not pictures and self._wording.needs_picture:
            raise WrongUse(f"{self._name} only talks about pictures; show it one")
        options = {"add_special_tokens": False} if self.begun(prompt) else {}
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


def _turns(messages: Sequence[Message], control: ControlTokens) -> list[Message]:
    """The same conversation with one message a turn, without control tokens."""
    turns = []
    for role, said in groupby(messages, key=lambda one: one.role):
        parts: list[Part] = []
        for message in said:
            parts += (
                control.apart(part) if isinstance(part, str) else part
                for part in message.parts
                if not isinstance(part, str) or part.strip()
            )
        turns.append(Message(role, tuple(parts)))
    return turns


def _without_system(turns: Sequence[Message]) -> list[list[Message]]:
    """What the system says said by the user: many templates know no system, or none with pictures.

    Nothing where it is not needed.
    """
    if turns[0].role is not Role.SYSTEM or len(turns) < 2:
        return []
    system, first, *rest = turns
    *before, question = first.parts
    return [[Message(Role.USER, (*before, system.text, question)), *rest]]


def _parts(turn: Message) -> dict[str, Any]:
    content = [
        {"type": "text", "text": part} if isinstance(part, str) else {"type": "image"}
        for part in turn.parts
    ]
    return {"role": turn.role.value, "content": content}


def _text(turn: Message, image_token: str) -> dict[str, Any]:
    parts = (part if isinstance(part, str) else image_token for part in turn.parts)
    return {"role": turn.role.value, "content": "\n".join(parts)}


def _holds(prompt: str, turns: Sequence[Message]) -> bool:
    """Whether a template let through all that was said, and as text."""
    said = [part.strip() for turn in turns for part in turn.parts if isinstance(part, str)]
    return all(text in prompt for text in said) and "'type': 'text'" not in prompt


def _default(template: str | dict[str, str] | None) -> str | None:
    return template.get("default") if isinstance(template, dict) else template

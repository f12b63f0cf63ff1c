"""A conversation by the model's own template or wording: LLaVA, Qwen-VL, PaliGemma and so on."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from scrubjay.core.protocols import VisionLanguage
from scrubjay.models.pretrained.chat import Chat
from scrubjay.models.pretrained.completion import Completions
from scrubjay.models.pretrained.image_text import FAMILY, classes
from scrubjay.models.pretrained.lesson import ends_of
from scrubjay.models.pretrained.looker import Looker, describe
from scrubjay.models.pretrained.opening import Opened
from scrubjay.models.pretrained.ways.way import Lessons, Way
from scrubjay.models.pretrained.ways.written import Apart, has_two_networks


@dataclass(frozen=True, slots=True)
class Conversation(Way):
    """How a model is talked to that takes part in a conversation.

    Attributes:
        kind: its `model_type`.
        name: for messages.
        template: in Jinja; None: in the wording of its kind.
        ends: tokens that end what it writes.
    """

    family: ClassVar[str] = FAMILY
    kind: str
    name: str
    template: str | None
    ends: tuple[int, ...]

    @classmethod
    def of(cls, opened: Opened, template: str | None) -> Conversation:
        """That of a model, by a template or its own."""
        chat = Chat(opened.processor, kind=opened.kind, name=opened.name, template=template)
        ends = ends_of(opened.model, opened.processor.tokenizer)
        made_by = ConversationApart if has_two_networks(opened.model) else Conversation
        return made_by(opened.kind, opened.name, chat.template, ends)

    @classmethod
    def classes(cls) -> Mapping[str, str]:
        """All that no other family asks."""
        return classes()

    def asks(self, processor: Any) -> Chat:  # noqa: ANN401 - transformers has no types
        """By the template."""
        return Chat(processor, kind=self.kind, name=self.name, template=self.template)

    def lessons(self, processor: Any) -> Lessons:  # noqa: ANN401
        """The conversation with the answer in it."""
        return Completions(self.asks(processor), ends=self.ends, name=self.name)

    def looker(self, opened: Opened) -> VisionLanguage:
        """As `vlm=transformers`."""
        chat = self.asks(opened.processor)
        return Looker(opened, chat, describe(opened, FAMILY, instructed=chat.instructed))

    def command(self, instruction: str) -> str:
        """With nothing added: it was taught on questions alone."""
        return f"scrubjay ask {shlex.quote(instruction)} --image X prompt=bare vlm={FAMILY}"


class ConversationApart(Apart, Conversation):
    """The same with a model that reads with one network and writes with another."""

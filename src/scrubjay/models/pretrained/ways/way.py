"""What every way of talking to a model that looks can say of itself."""

from __future__ import annotations

import shlex
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from scrubjay.core.errors import BadConfig
from scrubjay.core.looking import Reply, Sampling
from scrubjay.core.protocols import VisionLanguage
from scrubjay.models.pretrained.lesson import Lesson, Taught
from scrubjay.models.pretrained.looker import Asks
from scrubjay.models.pretrained.opening import Opened
from scrubjay.models.pretrained.ways.losses import next_token_losses

if TYPE_CHECKING:
    from torch import Tensor, nn


class Lessons(Protocol):
    """Lessons to what one model learns from."""

    def taught(self, lessons: Sequence[Lesson]) -> Taught:
        """A batch of lessons."""
        ...


def without_template(opened: Opened, template: str | None) -> None:
    """Refuse a template for a model that holds no conversation.

    Raises:
        BadConfig: there is one.
    """
    if template is not None:
        raise BadConfig(
            f"{opened.name} holds a {opened.kind} model, which holds no conversation; leave "
            f"vlm.chat_template out"
        )


class Way(ABC):
    """How one model is asked and what it learns from; crosses to another process.

    Here it is a model that goes on after what it reads.
    """

    family: ClassVar[str]
    """Of `vlm`, that asks such models."""
    reads_instructions: ClassVar[bool] = True

    @classmethod
    @abstractmethod
    def of(cls, opened: Opened, template: str | None) -> Way:
        """That of a model.

        Args:
            opened: the model.
            template: of conversations, in Jinja; None: its own.

        Raises:
            BadConfig: a template for a model that holds no conversation.
        """

    @abstractmethod
    def asks(self, processor: Any) -> Asks:  # noqa: ANN401 - transformers has no types
        """What it reads, by the model's processor."""

    @abstractmethod
    def lessons(self, processor: Any) -> Lessons:  # noqa: ANN401
        """What it learns from, by the model's processor."""

    @abstractmethod
    def looker(self, opened: Opened) -> VisionLanguage:
        """The model, as its family asks it."""

    @classmethod
    @abstractmethod
    def classes(cls) -> Mapping[str, str]:
        """`model_type` to the class in transformers, of the kinds that are asked so."""

    def answer(self, looker: VisionLanguage, lesson: Lesson, sampling: Sampling) -> Reply:
        """What the model says of a lesson."""
        return looker.reply(lesson.messages, sampling)

    def losses(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """What right answers cost: sums of rows, (n,) float32, and their tokens, (n,) int64."""
        return next_token_losses(logits, labels)

    def writer(self, model: Any) -> nn.Module:  # noqa: ANN401 - of transformers
        """The part that an adapter is for: what writes."""
        part: nn.Module = model.get_decoder()
        return part

    def unanswerable(self, answer: str) -> str | None:
        """Why the model can never give an answer; None where it can."""
        return None

    def command(self, instruction: str) -> str:
        """How it is asked in a shell, up to which model it is."""
        return f"scrubjay ask {shlex.quote(instruction)} --image X vlm={self.family}"

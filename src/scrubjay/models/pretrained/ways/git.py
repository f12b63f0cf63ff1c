"""A picture alone, as GIT (Wang et al. 2022) was trained to describe; it is asked nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from scrubjay.core.looking import Message, ModelSpec, Reply, ReplyStream, Sampling
from scrubjay.core.protocols import VisionLanguage
from scrubjay.core.types import Picture
from scrubjay.models.conversation import checked, word_by_word
from scrubjay.models.pretrained.chat import as_image
from scrubjay.models.pretrained.lesson import Lesson, ends_of
from scrubjay.models.pretrained.looker import Looker, OneKind
from scrubjay.models.pretrained.opening import Opened
from scrubjay.models.pretrained.ways.way import Way, without_template
from scrubjay.models.pretrained.ways.written import Written

if TYPE_CHECKING:
    from torch import nn

    from scrubjay.models.pretrained.generation import Inputs

KIND = OneKind("git", kind="git", made_by="GitForCausalLM")
ONLY_CAPTIONS = "I can't tell: this model (GIT) only describes pictures, it answers no questions"


class GitCaptioner:
    """A VisionLanguage that captions, and says of every question that it cannot tell."""

    def __init__(self, captioner: VisionLanguage) -> None:
        self._captioner = captioner

    @property
    def spec(self) -> ModelSpec:
        """Family `git`; one picture, no instructions."""
        return self._captioner.spec

    def reply(self, messages: Sequence[Message], sampling: Sampling) -> Reply:
        """That it cannot tell.

        Raises:
            WrongUse: there is no question.
        """
        checked(messages, self.spec)
        return Reply(text=ONLY_CAPTIONS, told=False)

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> ReplyStream:
        """The text of `reply`, a word at a time; raises as it does, before the first word."""
        return word_by_word(self.reply(messages, sampling))

    def caption(self, picture: Picture, sampling: Sampling) -> Reply:
        """Say in a sentence what a picture shows."""
        return self._captioner.caption(picture, sampling)


class PictureAlone:
    """A GIT begins its caption after the picture and the tokenizer's first token."""

    def __init__(self, processor: Any) -> None:  # noqa: ANN401 - transformers has no types
        self._processor = processor

    def inputs(self, messages: Sequence[Message]) -> Inputs:
        """The picture shown last."""
        return self.caption(messages[-1].pictures[-1])

    def caption(self, picture: Picture) -> Inputs:
        """The picture, and the token a text begins with."""
        import torch

        made = dict(self._processor(images=as_image(picture), return_tensors="pt"))
        made["input_ids"] = torch.tensor([[self._processor.tokenizer.cls_token_id]])
        return made


@dataclass(frozen=True, slots=True)
class Git(Way):
    """A description that is asked for by the picture alone: instructions are not read.

    Attributes:
        name: of the model, for messages.
        ends: tokens that end what it writes.
    """

    family: ClassVar[str] = KIND.family
    reads_instructions: ClassVar[bool] = False
    name: str
    ends: tuple[int, ...]

    @classmethod
    def of(cls, opened: Opened, template: str | None) -> Git:
        """That of a model; raises as `Way.of`."""
        without_template(opened, template)
        return cls(opened.name, ends_of(opened.model, opened.processor.tokenizer))

    @classmethod
    def classes(cls) -> Mapping[str, str]:
        """GIT alone."""
        return KIND.classes

    def asks(self, processor: Any) -> PictureAlone:  # noqa: ANN401 - transformers has no types
        """The picture."""
        return PictureAlone(processor)

    def lessons(self, processor: Any) -> Written:  # noqa: ANN401
        """The answer after the picture."""
        return Written(self.asks(processor), processor, ends=self.ends, name=self.name)

    def looker(self, opened: Opened) -> VisionLanguage:
        """As `vlm=git`."""
        return GitCaptioner(Looker(opened, self.asks(opened.processor), KIND.spec(opened)))

    def answer(self, looker: VisionLanguage, lesson: Lesson, sampling: Sampling) -> Reply:
        """Its caption."""
        return looker.caption(lesson.picture, sampling)

    def writer(self, model: Any) -> nn.Module:  # noqa: ANN401 - of transformers
        """What reads the picture's marks and writes; the part that sees is beside it."""
        part: nn.Module = model.git.encoder
        return part

    def command(self, instruction: str) -> str:
        """It is asked to describe."""
        return f"scrubjay describe X vlm={self.family}"

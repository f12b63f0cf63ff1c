"""`Question: ... Answer:` after a picture, as BLIP-2 (Li et al. 2023) was trained to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from scrubjay.core.errors import WrongUse
from scrubjay.core.looking import Message
from scrubjay.core.protocols import VisionLanguage
from scrubjay.core.types import Picture
from scrubjay.models.conversation import pictures_of
from scrubjay.models.pretrained.chat import as_image
from scrubjay.models.pretrained.control import ControlTokens
from scrubjay.models.pretrained.lesson import ends_of
from scrubjay.models.pretrained.looker import Looker, OneKind
from scrubjay.models.pretrained.opening import Opened
from scrubjay.models.pretrained.ways.way import Lessons, Way, without_template
from scrubjay.models.pretrained.ways.written import Apart, Written, has_two_networks

if TYPE_CHECKING:
    from scrubjay.models.pretrained.generation import Inputs

KIND = OneKind("blip2", kind="blip-2", made_by="Blip2ForConditionalGeneration")


class Blip2Questions:
    """`Question: ... Answer:` after the picture, and nothing but the picture for a caption.

    What was said before is left out: BLIP-2 knows no conversation.
    """

    def __init__(self, processor: Any) -> None:  # noqa: ANN401 - transformers has no types
        self._processor = processor
        self._control = ControlTokens(processor)

    def inputs(self, messages: Sequence[Message]) -> Inputs:
        """Picture and question.

        Raises:
            WrongUse: no picture was shown.
        """
        shown = pictures_of(messages)
        if not shown:
            raise WrongUse("a BLIP-2 only talks about a picture; show it one")
        question = self._control.apart(" ".join(messages[-1].text.split()))
        return self._processed(shown[-1], f"Question: {question} Answer:")

    def caption(self, picture: Picture) -> Inputs:
        """The picture alone."""
        return self._processed(picture, "")

    def _processed(self, picture: Picture, text: str) -> Inputs:
        made: Inputs = self._processor(images=as_image(picture), text=text, return_tensors="pt")
        return made


@dataclass(frozen=True, slots=True)
class Blip2(Way):
    """With an OPT, which goes on after the question.

    Attributes:
        name: of the model, for messages.
        ends: tokens that end what it writes.
    """

    family: ClassVar[str] = KIND.family
    name: str
    ends: tuple[int, ...]

    @classmethod
    def of(cls, opened: Opened, template: str | None) -> Blip2:
        """That of a model; raises as `Way.of`."""
        without_template(opened, template)
        made_by = Blip2Apart if has_two_networks(opened.model) else Blip2
        return made_by(opened.name, ends_of(opened.model, opened.processor.tokenizer))

    @classmethod
    def classes(cls) -> Mapping[str, str]:
        """BLIP-2 alone."""
        return KIND.classes

    def asks(self, processor: Any) -> Blip2Questions:  # noqa: ANN401 - transformers has no types
        """A question and the word after which the answer comes."""
        return Blip2Questions(processor)

    def lessons(self, processor: Any) -> Lessons:  # noqa: ANN401
        """The answer after a space, as words come after a colon."""
        return Written(self.asks(processor), processor, ends=self.ends, name=self.name, lead=" ")

    def looker(self, opened: Opened) -> VisionLanguage:
        """As `vlm=blip2`."""
        return Looker(opened, self.asks(opened.processor), KIND.spec(opened))


class Blip2Apart(Apart, Blip2):
    """With a T5, which reads the question and writes the answer."""

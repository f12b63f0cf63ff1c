"""BLIP-2 (Li et al. 2023): captions, and short answers to questions about one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.core.errors import WrongUse
from scrubjay.core.looking import Message
from scrubjay.core.protocols import VisionLanguage
from scrubjay.core.types import Picture
from scrubjay.models.conversation import pictures_of
from scrubjay.models.pretrained.looker import Looker, OneKind

if TYPE_CHECKING:
    from scrubjay.models.pretrained.generation import Inputs

KIND = OneKind("blip2", kind="blip-2", made_by="Blip2ForConditionalGeneration")


def load(
    *,
    source: str | Path,
    quantize: str = "none",
    dtype: str = "auto",
    device: str = "auto",
    threads: int = 0,
) -> VisionLanguage:
    """A BLIP-2; its options are those of the `transformers` family, and so are the errors."""
    opened, spec = KIND.open(source, quantize=quantize, dtype=dtype, device=device, threads=threads)
    return Looker(opened, Blip2Questions(opened.processor), spec)


class Blip2Questions:
    """`Question: ... Answer:` after the picture, and nothing but the picture for a caption.

    What was said before is left out: BLIP-2 knows no conversation.
    """

    def __init__(self, processor: Any) -> None:  # noqa: ANN401 - transformers has no types
        from scrubjay.models.pretrained.control import ControlTokens

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
        from scrubjay.models.pretrained.chat import as_image

        made: Inputs = self._processor(images=as_image(picture), text=text, return_tensors="pt")
        return made

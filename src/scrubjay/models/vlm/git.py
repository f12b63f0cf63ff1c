"""GIT (Wang et al. 2022): captions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrubjay.core.looking import Message, ModelSpec, Reply, ReplyStream, Sampling
from scrubjay.core.protocols import VisionLanguage
from scrubjay.core.types import Picture
from scrubjay.models.conversation import checked, word_by_word
from scrubjay.models.pretrained.looker import Looker, OneKind

if TYPE_CHECKING:
    from scrubjay.models.pretrained.generation import Inputs

KIND = OneKind("git", kind="git", made_by="GitForCausalLM")
ONLY_CAPTIONS = "I can't tell: this model (GIT) only describes pictures, it answers no questions"


def load(
    *,
    source: str | Path,
    quantize: str = "none",
    dtype: str = "auto",
    device: str = "auto",
    threads: int = 0,
) -> VisionLanguage:
    """A GIT; its options are those of the `transformers` family, and so are the errors."""
    opened, spec = KIND.open(source, quantize=quantize, dtype=dtype, device=device, threads=threads)
    return GitCaptioner(Looker(opened, PictureAlone(opened.processor), spec))


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

        from scrubjay.models.pretrained.chat import as_image

        made = dict(self._processor(images=as_image(picture), return_tensors="pt"))
        made["input_ids"] = torch.tensor([[self._processor.tokenizer.cls_token_id]])
        return made
